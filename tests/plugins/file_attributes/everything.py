"""All analysers of the package together, and all file objects among the recorded answers."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import virustotal.plugins.file_attributes as package
from tests.conftest import load, report_files
from tests.plugins.file_attributes.look import SETTINGS, analyzers_of
from virustotal.core import Evidence, Object, Ref, Verdict
from virustotal.core.models import Report
from virustotal.plugins.file_attributes import unknown_attributes

FOLDERS = ("file", "feed_file", "rel_file", "rel_domain", "rel_url", "rel_ip_address", "intelligence_search")
NAMES = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))
MODULES = [importlib.import_module(f"{package.__name__}.{name}") for name in NAMES]
SHOWN = unknown_attributes.shown_by_siblings(SETTINGS) - unknown_attributes.ELSEWHERE
ANALYZERS = [analyzer for module in MODULES for analyzer in analyzers_of(module)]


def all_found(attributes: Mapping[str, Any]) -> list[Any]:
    """Return what all analysers yield for the attributes of a file; without the kit's own checks, which cost more."""
    evidence = Evidence(Report(Object(Ref("file", "0" * 64), attributes)), None, SETTINGS, lambda _: Verdict())
    return [finding for analyzer in ANALYZERS for finding in analyzer.analyze(evidence)]


def file_objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the attributes of every file object inside an answer."""
    if isinstance(value, dict):
        if value.get("type") == "file" and isinstance(value.get("attributes"), dict):
            yield value["attributes"]
        for entry in value.values():
            yield from file_objects(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from file_objects(entry)


def recorded() -> list[tuple[str, Mapping[str, Any]]]:
    """Return a name and the attributes of each recorded file object; empty where there are no recorded answers."""
    return [(name(path), attributes) for path in report_files(*FOLDERS) for attributes in file_objects(load(path))]


def name(path: Path) -> str:
    """Return the last two parts of a path."""
    return "/".join(path.parts[-2:])
