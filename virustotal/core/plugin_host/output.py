"""The sanitized output of one analyser: plain values; plugins hold no reference to them."""

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from virustotal.core.findings import Attachment, Download, OntologyPart, Points
from virustotal.util.readers import EMPTY


@frozen(eq=False)
class Section:
    """A result section rebuilt field by field (assemblyline_v4_service.common.result.ResultSection).

    body: as the framework serialises it: JSON or plain text, or None.
    tags: tag type to values, every one of them valid for Assemblyline's Tagging model.
    """

    title: str
    body: str | None = None
    body_format: str = "TEXT"
    body_config: Mapping[str, Any] = EMPTY
    tags: Mapping[str, tuple[str, ...]] = EMPTY
    classification: str = ""
    auto_collapse: bool = False
    promote_to: str | None = None
    zeroize_on_tag_safe: bool = False
    subsections: tuple["Section", ...] = ()

    def walk(self) -> Iterator["Section"]:
        """Yield the section and all below it."""
        yield self
        for section in self.subsections:
            yield from section.walk()


@frozen
class AnalyzerOutput:
    """Everything that one analyser added to the result.

    provider: the plugin and its version. scored: points, and the rebuilt section that each of them colours.
    notes: what was cut, in plain sentences. error: why it failed, as one line, or empty; what came before is kept.
    """

    analyzer: str
    provider: str
    external: bool = False
    sections: tuple[Section, ...] = ()
    scored: tuple[tuple[Points, Section | None], ...] = ()
    downloads: tuple[Download, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    ontology: tuple[OntologyPart, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""

    def walk(self) -> Iterator[Section]:
        """Yield all sections, those below others too."""
        for section in self.sections:
            yield from section.walk()
