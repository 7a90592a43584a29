"""The import contract of the design: who may import what. Read from the syntax tree, so that lazy imports count too."""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "virustotal"

#: What plugins may import of this package, beside `virustotal.core` and their own family.
PUBLIC = (
    "virustotal.core.assemblyline",
    "virustotal.core.certificates",
    "virustotal.core.noise",
    "virustotal.core.readers",
    "virustotal.core.relationships",
    "virustotal.core.tables",
    "virustotal.core.threats",
    "virustotal.core.verdicts",
    "virustotal.core.whois",
)
#: The floors, from the ground up. A room is a module or a package with all below it; the longest name wins.
#: A room imports itself and lower floors; rooms that share a floor do not import each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("virustotal.util",),
    ("virustotal.core.models",),
    ("virustotal.core.errors",),
    ("virustotal.api", "virustotal.al_types"),
    ("virustotal.core.settings", "virustotal.core.findings"),
    ("virustotal.core",),
    ("virustotal.core.plugin_host",),
    ("virustotal.core.scoring",),
    ("virustotal.core.lookup",),
    ("virustotal.core.submission",),
    PUBLIC,
    ("virustotal.result", "virustotal.platform", "virustotal.storage"),
    ("virustotal.client", "virustotal.plugins"),
    ("virustotal.mirror",),
    ("virustotal.sources",),
    ("virustotal.pipeline",),
    ("virustotal.indicator_search",),
    ("virustotal.service",),
    ("virustotal.emulator", "virustotal.template"),
    ("virustotal.local",),
    ("virustotal.rendering",),
    ("virustotal.testing",),
    ("virustotal.cli", "virustotal.pytest_plugin"),
)
#: Rooms that stand alone: what they import of this package, whatever the floors would allow.
ALONE: dict[str, tuple[str, ...]] = {
    "virustotal.emulator": ("virustotal.emulator",),
    "virustotal.platform.manifest": ("virustotal",),
}
#: What stands outside -> the only rooms that may import it.
OUTSIDE: dict[str, tuple[str, ...]] = {
    "requests": ("virustotal.client", "virustotal.mirror"),
    "urllib3": ("virustotal.client", "virustotal.mirror"),
    "redis": ("virustotal.storage",),
    "pluggy": ("virustotal.core.plugin_host", "virustotal.core.hookspecs"),
    "click": ("virustotal.cli",),
    "rich": ("virustotal.cli",),
    "jinja2": ("virustotal.rendering",),
    "aiohttp": ("virustotal.emulator",),
    "pytest": ("virustotal.testing", "virustotal.pytest_plugin"),
    "dataclasses": (),
    "pydantic": (),
}
#: All that plugins may import beside the standard library and the public surface.
FOR_PLUGINS = ("attrs", "assemblyline_v4_service.common.result", "assemblyline.odm.models.ontology")
#: Names that several modules have, since they mean the same in each place.
SHARED_NAMES: dict[str, str] = {
    "cache": "answers that are kept",
    "doctor": "the checks of a deployment",
    "downloads": "artefacts of VirusTotal",
    "models": "values without behaviour",
    "plan": "the requests of a task, before they are made",
    "plugins": "distributions that add analysers or hooks",
    "quota": "the windows of an API key",
    "readers": "lenient readers of attributes",
    "relationships": "the catalogue of relationships",
    "source": "what answers requests",
    "threats": "actors, families, campaigns, vulnerabilities",
    "verdicts": "what engines say, and what it weighs",
}
#: Modules that are named by configuration, and that no other imports.
ENTRY_POINTS = ("virustotal.cli", "virustotal.pytest_plugin", "virustotal.service", "virustotal.emulator.__main__")
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def inside(name: str, rooms: Iterable[str]) -> bool:
    """True if `name` is one of the rooms or below one of them."""
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, module: str) -> Iterator[str]:
    """Yield the absolute name of each import; `from a import b` is `a.b` where that is a module of this package."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, node.module] if node.module else above)
            for alias in node.names:
                below = ROOT.joinpath(*base.split("."), alias.name)
                yield f"{base}.{alias.name}" if below.is_dir() or below.with_suffix(".py").is_file() else base


def room_of(module: str) -> str:
    """Return the room of a module; empty for the package itself."""
    return max((room for room in FLOOR_OF if inside(module, [room])), key=len, default="")


def breaches(module: str, imported: Iterable[str]) -> Iterator[str]:
    """Yield a line for each import that the contract does not allow."""
    room = room_of(module)
    alone = next((rooms for name, rooms in ALONE.items() if inside(module, [name])), None)
    plugin = module.startswith("virustotal.plugins.")
    for name in imported:
        top = name.split(".")[0]
        allowed = OUTSIDE.get(top)
        line = f"{module} imports {name}"
        if top == "virustotal":
            if name == "virustotal":
                continue
            below = FLOOR_OF.get(room_of(name), len(FLOORS)) < FLOOR_OF.get(room, len(FLOORS))
            same = room_of(name) == room
            family = ".".join(module.split(".")[:3])
            if alone or plugin:
                permitted = inside(name, alone or [family]) or (plugin and name in ("virustotal.core", *PUBLIC))
            else:
                permitted = below or same
            if not permitted:
                yield line
        elif allowed is not None:
            if not inside(module, allowed):
                yield line
        elif plugin and top not in sys.stdlib_module_names and not inside(name, FOR_PLUGINS):
            yield line


def test_imports_keep_the_contract() -> None:
    modules = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
    found = [line for module, path in modules.items() for line in breaches(module, imports(path, module))]
    assert not sorted(set(found))


def test_modules_import_each_other_in_no_circle() -> None:
    modules = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    arrows = {
        module: {n for n in imports(path, module) if n in modules and n != module} for module, path in modules.items()
    }
    arrows = {module: names for module, names in arrows.items() if not module.startswith("virustotal.emulator")}
    while leaves := {module for module, names in arrows.items() if not names & arrows.keys()}:
        arrows = {module: names for module, names in arrows.items() if module not in leaves}
    assert not sorted(arrows)


def test_modules_of_one_name_mean_the_same() -> None:
    names = [path.stem for path in PACKAGE.rglob("*.py") if "emulator" not in path.parts]
    assert {name for name in names if names.count(name) > 1} - {"__init__"} == SHARED_NAMES.keys()


def test_each_module_is_imported() -> None:
    modules = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    used = {name for module, path in modules.items() for name in imports(path, module)}
    idle = {module for module in modules if module not in used and modules[module].name != "__init__.py"}
    assert not {module for module in idle if not inside(module, ("virustotal.plugins", *ENTRY_POINTS))}
    # The families of built-in plugins are discovered; within one, modules import each other.
    plugins = {module for module in idle if inside(module, ("virustotal.plugins",))}
    assert not {module for module in plugins if "def virustotal_" not in modules[module].read_text("utf-8")}


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("virustotal.core.models", "virustotal.client.http_client"),
        ("virustotal.core.lookup.fetch", "virustotal.plugins"),
        ("virustotal.core.lookup.fetch", "requests"),
        ("virustotal.core.plugin_host.registry", "virustotal.core.lookup.fetch"),
        ("virustotal.core.scoring.judge", "pluggy"),
        ("virustotal.client.http_client", "virustotal.service"),
        ("virustotal.plugins.detections", "virustotal.client"),
        ("virustotal.plugins.detections", "virustotal.plugins.av_remap"),
        ("virustotal.plugins.detections", "virustotal.core.models"),
        ("virustotal.plugins.detections", "virustotal.util.readers"),
        ("virustotal.plugins.relationships.objects", "virustotal.plugins.file_attributes.pe"),
        ("virustotal.plugins.detections", "assemblyline.common.forge"),
        ("virustotal.plugins.detections", "pluggy"),
        ("virustotal.emulator.store", "virustotal.core.models"),
        ("virustotal.service", "virustotal.cli"),
        ("virustotal.service", "virustotal.local.run_task"),
        ("virustotal.service", "requests.exceptions"),
    ],
)
def test_a_breach_is_found(module: str, imported: str) -> None:
    assert list(breaches(module, [imported])) == [f"{module} imports {imported}"]


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("virustotal.core.plugin_host.manager", "pluggy"),
        ("virustotal.plugins.relationships.objects", "virustotal.plugins.relationships.columns"),
        ("virustotal.plugins.detections", "virustotal.core"),
        ("virustotal.plugins.detections", "virustotal.core.tables"),
        ("virustotal.plugins.detections", "assemblyline_v4_service.common.result"),
        ("virustotal.client.http_client", "requests.adapters"),
        ("virustotal.service", "virustotal.client"),
    ],
)
def test_what_is_allowed_is_no_breach(module: str, imported: str) -> None:
    assert not list(breaches(module, [imported]))
