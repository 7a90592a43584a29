"""What an analyser of a relationship says that it reads is all that it reads."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve

from tests.plugins.relationships.kit import without_further
from virustotal.api.relationships import CATALOGUE
from virustotal.core import ANY, Analyzer, Evidence, Object, Ref, Related
from virustotal.core.lookup.inline_attributes import attributes_read
from virustotal.core.models import Report
from virustotal.core.plugin_host.manager import load
from virustotal.core.settings import PluginConfig, Settings
from virustotal.plugins import BUILTIN
from virustotal.testing import as_text, examples, found, run

SETTINGS = Settings(plugins=PluginConfig(external=False), analyze_relationship=True, download_dropped_files=True)
REGISTRY = load(BUILTIN, SETTINGS).registry

#: Large ones that are never asked for, and read where whole objects came.
NEVER_ASKED = {"aggregations"}


def analysers() -> list[Analyzer]:
    return [analyzer for analyzer in REGISTRY.analyzers if analyzer.relationship and analyzer.needs.attributes]


def different() -> list[Analyzer]:
    """One analyser of each relationship's name: those of other kinds of subjects read the same."""
    return list({(analyser.relationship, analyser.needs): analyser for analyser in analysers()}.values())


def test_all_say_what_they_read_but_those_that_show_everything() -> None:
    silent = {each.relationship for key in CATALOGUE for each in REGISTRY.find(*key) if not each.needs.attributes}

    assert silent == {"behaviours", ANY}
    assert len({analyser.relationship for analyser in analysers()}) > 60


@cache
def known(kind: str) -> tuple[Object, ...]:
    """Every object of a kind in the emulator's world, whole."""
    objects: dict[Ref, Object] = {}
    for report in examples():
        for obj in (report.subject, *(item for each in report.related.values() for item in each.items)):
            if obj.ref.kind == kind and obj.attributes:
                objects[obj.ref] = obj
    return tuple(objects.values())[:6]


def given(analyzer: Analyzer) -> Iterator[Object]:
    """Objects of the kinds that the relationship yields, with context, one unknown to VirusTotal among them."""
    entry = CATALOGUE[analyzer.kind, analyzer.relationship]
    for kind in entry.yields:
        yield from known(kind)
        yield Object(Ref(kind, "f" * 64), error="NotFoundError")


class Watched(dict[str, Any]):
    """Attributes that remember what was read of them."""

    def __init__(self, values: Mapping[str, Any], read: set[str]) -> None:
        super().__init__(values)
        self.read = read

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)


@cache
def subject_of(kind: str) -> Object:
    """A subject of the emulator's world."""
    return next(report.subject for report in examples((kind,)))


def evidence(analyzer: Analyzer, items: tuple[Object, ...]) -> Evidence:
    subject = subject_of(analyzer.kind)
    related = Related(analyzer.relationship, items, total=len(items))
    return found(Report(subject, MappingProxyType({analyzer.relationship: related})), analyzer.relationship, SETTINGS)


@pytest.mark.parametrize("analyzer", different(), ids=lambda each: each.name)
def test_less_than_it_needs_is_not_read_and_more_changes_nothing(analyzer: Analyzer) -> None:
    wanted = attributes_read(analyzer.kind, analyzer.relationship, REGISTRY)
    whole = tuple(given(analyzer))
    reduced = tuple(
        evolve(obj, attributes={name: obj.attributes[name] for name in wanted if name in obj.attributes}, whole=False)
        if obj.attributes
        else obj
        for obj in whole
    )
    read: set[str] = set()
    watched = tuple(evolve(obj, attributes=Watched(obj.attributes, read)) for obj in whole)

    for items in ((reduced, whole), *zip(((each,) for each in reduced), ((each,) for each in whole), strict=True)):
        assert said(analyzer, items[0]) == said(analyzer, items[1])
    said(analyzer, watched)
    assert read <= set(wanted) | NEVER_ASKED


def said(analyzer: Analyzer, items: tuple[Object, ...]) -> str:
    return as_text(without_further(run(analyzer, evidence(analyzer, items), check=False)))


@pytest.mark.parametrize("analyzer", analysers(), ids=lambda each: each.name)
def test_no_need_is_there_for_nothing(analyzer: Analyzer) -> None:
    read: set[str] = set()
    kinds = CATALOGUE[analyzer.kind, analyzer.relationship].yields
    items = tuple(
        Object(Ref(kind, "a" * 64 if kind == "file" else "192.0.2.1"), Watched({"last_analysis_date": 1}, read))
        for kind in kinds
    )

    for item in items:
        said(analyzer, (item,))
    said(analyzer, items)
    assert set(analyzer.needs.attributes) <= read
