"""The import contract of the design: who may import what. Read from the syntax tree, so that lazy imports count too."""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "virustotal"

#: Room -> what of this package it may import. A room is a module or a package with all below it; the longest name wins.
ROOMS: dict[str, tuple[str, ...]] = {
    "virustotal": ("virustotal",),
    "virustotal.platform.manifest": ("virustotal",),
    "virustotal.core": ("virustotal.core",),
    "virustotal.client": ("virustotal.core", "virustotal.client"),
    "virustotal.plugins": ("virustotal.core",),
    "virustotal.emulator": ("virustotal.emulator",),
}
#: What stands outside -> the only rooms that may import it.
OUTSIDE: dict[str, tuple[str, ...]] = {
    "requests": ("virustotal.client",),
    "urllib3": ("virustotal.client",),
    "redis": ("virustotal.storage.redis_store",),
    "pluggy": ("virustotal.core.plugin_host.manager", "virustotal.core.hookspecs"),
    "click": ("virustotal.cli",),
    "rich": ("virustotal.cli",),
    "aiohttp": ("virustotal.emulator",),
    "pytest": ("virustotal.testing", "virustotal.pytest_plugin"),
    "dataclasses": (),
    "pydantic": (),
}
#: All that plugins may import beside the standard library and `virustotal.core`.
FOR_PLUGINS = ("attrs", "assemblyline_v4_service.common.result", "assemblyline.odm.models.ontology")
#: What the service must not import: the shells beside it, and all that names another manifest than the platform's own.
NOT_FOR_SERVICE = (
    "virustotal.cli",
    "virustotal.testing",
    "virustotal.emulator",
    "virustotal.platform.manifest",
    "virustotal.local.run_task",
    "virustotal.local.targets",
)


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


def breaches(module: str, imported: Iterable[str]) -> Iterator[str]:
    """Yield a line for each import that the contract does not allow."""
    room = max((room for room in ROOMS if room != "virustotal" and inside(module, [room])), key=len, default="")
    plugin = module.startswith("virustotal.plugins.")
    own = (".".join(module.split(".")[:3]),) if plugin else ()
    for name in imported:
        top = name.split(".")[0]
        allowed = OUTSIDE.get(top)
        if top == "virustotal":
            if room and not (name == "virustotal" or inside(name, (*ROOMS[room], *own))):
                yield f"{module} imports {name}"
            if not room and inside(module, ["virustotal.service"]) and inside(name, NOT_FOR_SERVICE):
                yield f"{module} imports {name}"
        elif allowed is not None:
            if not inside(module, allowed):
                yield f"{module} imports {name}"
        elif plugin and top not in sys.stdlib_module_names and not inside(name, FOR_PLUGINS):
            yield f"{module} imports {name}"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_keep_the_contract(path: Path) -> None:
    module = module_name(path)
    assert not list(breaches(module, imports(path, module)))


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("virustotal.core.models", "virustotal.client.http_client"),
        ("virustotal.core.lookup", "virustotal.plugins"),
        ("virustotal.core.lookup", "requests"),
        ("virustotal.core.plugin_host.registry", "pluggy"),
        ("virustotal.client.http_client", "virustotal.service"),
        ("virustotal.plugins.detections", "virustotal.client"),
        ("virustotal.plugins.detections", "virustotal.plugins.av_remap"),
        ("virustotal.plugins.relationships.network", "virustotal.plugins.file_attributes.pe"),
        ("virustotal.plugins.detections", "assemblyline.common.forge"),
        ("virustotal.plugins.detections", "pluggy"),
        ("virustotal.emulator.store", "virustotal.core.models"),
        ("virustotal.service", "virustotal.cli"),
        ("virustotal.service", "virustotal.platform.manifest"),
        ("virustotal.service", "requests.exceptions"),
    ],
)
def test_a_breach_is_found(module: str, imported: str) -> None:
    assert list(breaches(module, [imported])) == [f"{module} imports {imported}"]


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("virustotal.core.plugin_host.manager", "pluggy"),
        ("virustotal.plugins.relationships.network", "virustotal.plugins.relationships.shared"),
        ("virustotal.plugins.detections", "virustotal.result.tables"),
        ("virustotal.plugins.detections", "assemblyline_v4_service.common.result"),
        ("virustotal.client.http_client", "requests.adapters"),
        ("virustotal.service", "virustotal.client"),
    ],
)
def test_what_is_allowed_is_no_breach(module: str, imported: str) -> None:
    assert not list(breaches(module, [imported]))
