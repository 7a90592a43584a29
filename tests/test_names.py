"""Manifest, README (English and French) and settings hold the same names and the same defaults."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import pytest
import yaml
from assemblyline.odm.models.heuristic import Heuristic
from assemblyline.odm.models.service import Service

from tests.conftest import ROOT
from virustotal import __version__, testing
from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import Settings
from virustotal.core.settings.service_config import CONFIG_KEYS, SECRETS, service_settings
from virustotal.core.settings.submission_params import PARAMETERS, task_settings

MANIFEST: Mapping[str, Any] = yaml.safe_load((ROOT / "service_manifest.yml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| `(?P<default>[^`]*)` \| (?P<meaning>.+) \|$")


def rows(name: str) -> dict[str, re.Match[str]]:
    """Return the rows of the README's table with this mark, by name."""
    lines = README.split(f"<!-- table: {name} -->\n", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    matches = [ROW.match(line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches, strict=True) if not match]
    by_name = {match["name"]: match for match in matches if match}
    assert len(by_name) == len(matches), "a name stands there twice"
    return by_name


def table(name: str) -> dict[str, Any]:
    """Return name -> default of the README's table with this mark."""
    return {name: yaml.safe_load(row["default"]) for name, row in rows(name).items()}


def facts(meaning: str) -> list[str]:
    """Return the numbers and names of a meaning; what stands in capitals is a placeholder in each language."""
    return sorted(re.findall(r"\d+|`[^`]*`", re.sub(r"[A-Z]{3,}", "", meaning)))


def flat(config: Mapping[str, Any], *, keys: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """Yield `a.b` -> value of nested settings; `keys` are the names that nest."""
    for name, value in config.items():
        if name in keys:
            yield from ((f"{name}.{below}", entry) for below, entry in value.items())
        else:
            yield name, value


def plain(value: Any) -> Any:
    """Return a setting as YAML would write it."""
    if attrs.has(type(value)):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, tuple):
        return [plain(entry) for entry in value]
    return dict(value) if isinstance(value, Mapping) else value


NESTING = frozenset(field.name for field in attrs.fields(Settings) if attrs.has(type(field.default)))
OF_CODE = {name: "" if name in SECRETS else plain(getattr(Settings(), name)) for name in CONFIG_KEYS}
PARAMETERS_OF_MANIFEST = {param["name"]: param["default"] for param in MANIFEST["submission_params"]}


def test_config_of_manifest_and_code_agree() -> None:
    assert dict(flat(MANIFEST["config"], keys=NESTING)) == dict(flat(OF_CODE, keys=NESTING))
    assert service_settings(MANIFEST["config"]) == Settings()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_config_of_readme_and_manifest_agree(language: str) -> None:
    assert table(f"config {language}") == dict(flat(MANIFEST["config"], keys=NESTING))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_parameters_of_readme_and_manifest_agree(language: str) -> None:
    assert table(f"parameters {language}") == PARAMETERS_OF_MANIFEST


@pytest.mark.parametrize("kind", ["config", "parameters"])
def test_both_languages_name_the_same_numbers_and_values(kind: str) -> None:
    french = rows(f"{kind} fr")
    for name, row in rows(f"{kind} en").items():
        assert facts(row["meaning"]) == facts(french[name]["meaning"]), name


def test_ranges_of_the_readme_are_those_of_the_code() -> None:
    ranges = {}
    for name, row in rows("config en").items():
        if (bounds := re.search(r"(?:(\d+) to|up to) (\d+)", row["meaning"])) and row["default"] != "{}":
            ranges[name] = int(bounds[1] or 0), int(bounds[2])
    assert len(ranges) >= 6
    for name, (least, most) in ranges.items():
        group, _, key = name.rpartition(".")
        configs = [{group: {key: value}} if group else {key: value} for value in (least, most, least - 1, most + 1)]
        for config in configs[:2]:
            service_settings(config)
        for config in configs[2:]:
            with pytest.raises(ConfigurationError, match=re.escape(name)):
                service_settings(config)


def test_parameters_of_manifest_and_code_agree() -> None:
    assert set(PARAMETERS_OF_MANIFEST) == set(PARAMETERS)
    settings, notes = task_settings(Settings(), PARAMETERS_OF_MANIFEST)
    assert settings == Settings()
    assert not notes


def test_parameters_have_the_type_and_value_of_their_default() -> None:
    types = {"bool": bool, "int": int, "str": str}
    for param in MANIFEST["submission_params"]:
        assert param["value"] == param["default"], param["name"]
        assert type(param["default"]) is types[param["type"]], param["name"]
    assert [each["name"] for each in MANIFEST["submission_params"] if each.get("hide")] == ["api_key"]


def test_switches_are_off() -> None:
    config = dict(flat(MANIFEST["config"], keys=NESTING))
    switches = {name for name, value in {**config, **PARAMETERS_OF_MANIFEST}.items() if value is True}
    # None of them lets anything leave; the last one only bounds what a private scan may look up.
    assert switches <= {"inline", "plugins.external", "private.look_up_files"}


def test_the_manifest_is_valid_for_assemblyline() -> None:
    manifest = {**MANIFEST, "version": __version__}
    heuristics = manifest.pop("heuristics")
    assert manifest.pop("file_required") is True
    service = Service(manifest)
    assert (service.name, service.category, service.stage) == ("VirusTotal", "External", "SECONDARY")
    assert service.is_external
    assert service.uses_metadata
    assert service.uses_tags
    assert service.docker_config.allow_internet_access
    identifiers = [Heuristic({**heuristic, "attack_id": []}).heur_id for heuristic in heuristics]
    assert len(set(identifiers)) == len(identifiers)


def test_the_dependency_that_is_ready_is_valid_for_assemblyline() -> None:
    lines = (ROOT / "service_manifest.yml").read_text(encoding="utf-8").splitlines()
    ready = "\n".join(line.removeprefix("# ") for line in lines[lines.index("# dependencies:") :])
    manifest = {**MANIFEST, "version": __version__, **yaml.safe_load(ready)}
    del manifest["heuristics"], manifest["file_required"]
    redis = Service(manifest).dependencies["redis"]
    assert redis.container.command[0] == "redis-server"
    assert redis.container.ports == ["6379"]
    assert [volume.mount_path for volume in redis.volumes.values()] == ["/data"]


@pytest.mark.parametrize("fact", ["licence_count: 1", "SERVICE_API_HOST", "--network=host", "4.5.1.dev3", "--dry-run"])
def test_both_languages_say_it(fact: str) -> None:
    english, french = README.split("# Service VirusTotal pour Assemblyline 4\n")
    assert fact in english
    assert fact in french


def test_the_readmes_plugin_works() -> None:
    code = README.split("<!-- test: plugin -->\n```python\n")[1].split("```")[0]
    assert len([line for line in code.splitlines() if line]) <= 12
    namespace: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), namespace)
    (analyzer,) = namespace["virustotal_analyzers"](Settings())
    said = testing.obj("comment", "c-1", text="A first sample.")
    (section,) = testing.run(analyzer, testing.evidence("file", "comments", related=[said]))
    assert section.body == "A first sample."
