"""Looking at findings: sections flattened, their cells and tags."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from assemblyline.odm.models.tagging import Tagging
from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Evidence, Points
from virustotal.core.findings import Finding
from virustotal.core.settings.service_config import service_settings
from virustotal.testing import evidence, run

SETTINGS = service_settings({})
MODELS = Tagging.flat_fields()


def analyzers_of(module: Any) -> tuple[Analyzer, ...]:
    """Return the analysers of a plugin module."""
    return tuple(module.virustotal_analyzers(SETTINGS))


def found(module: Any, given: Evidence | None = None, **attributes: Any) -> list[Finding]:
    """Return all that the analysers of a module yield for a file with the attributes."""
    given = given or evidence("file", settings=SETTINGS, **attributes)
    return [finding for analyzer in analyzers_of(module) for finding in run(analyzer, given)]


def sections(findings: Iterable[Any]) -> Iterator[ResultSection]:
    """Yield every section, subsections included."""
    for finding in findings:
        if isinstance(finding, ResultSection):
            yield finding
            yield from sections(finding.subsections)


def points(findings: Iterable[Any]) -> list[Points]:
    """Return the points among the findings."""
    return [finding for finding in findings if isinstance(finding, Points)]


def tags(findings: Iterable[Any]) -> dict[str, list[str]]:
    """Return all tags of all sections."""
    everything: dict[str, list[str]] = {}
    for section in sections(findings):
        for kind, values in section.tags.items():
            everything.setdefault(kind, []).extend(value for value in values if value not in everything.get(kind, []))
    return everything


def words(findings: Iterable[Any]) -> str:
    """Return all that is written in the sections."""
    return "\n".join(f"{section.title_text}\n{body(section)}" for section in sections(findings))


def body(section: ResultSection) -> Any:
    """Return the body as the framework serialises it."""
    raw = section.body
    return raw if isinstance(raw, str) or raw is None else json.dumps(raw, allow_nan=False, ensure_ascii=False)


def titles(findings: Iterable[Any]) -> list[str]:
    """Return the titles of all sections."""
    return [str(section.title_text) for section in sections(findings)]


def assert_sound(findings: Iterable[Any]) -> None:
    """Fail if a section could not be serialised, is titled or bounded wrongly, or has a tag that is none."""
    for section in sections(findings):
        written = body(section) or ""
        assert section.title_text
        assert isinstance(section.title_text, str)
        assert "\x00" not in written
        assert "\x00" not in section.title_text
        assert len(written) < 1_500_000
        for kind, values in section.tags.items():
            assert kind in MODELS or kind.startswith("file.rule."), kind
            assert all(isinstance(value, str) and value.strip() and len(value) <= 1_000 for value in values)
            model = MODELS.get(kind)
            for value in values if model is not None else ():
                assert model.check(value)
