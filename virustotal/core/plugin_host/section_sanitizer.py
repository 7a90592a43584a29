"""Turns a plugin's ResultSection into a plain value, field by field: no plugin's object enters the result."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from assemblyline.common import forge
from assemblyline_v4_service.common.result import ResultSection
from attrs import define, field

from virustotal.al_types import section_bodies, tags
from virustotal.core.plugin_host.field_checks import expect
from virustotal.core.plugin_host.limits import LONGEST_TITLE, Usage
from virustotal.core.plugin_host.output import Section
from virustotal.util.readers import EMPTY, clean

#: The formats that each promotion is drawn from (assemblyline.odm.models.result.PROMOTE_TO).
PROMOTIONS: Mapping[str, frozenset[str]] = {
    "ENTROPY": frozenset({"GRAPH_DATA"}),
    "URI_PARAMS": frozenset({"KEY_VALUE", "ORDERED_KEY_VALUE"}),
}


@cache
def _classifications() -> Any:
    return forge.get_classification()


@define
class SectionSanitizer:
    """Rebuilds the sections of one analyser, within the limits of its plugin."""

    usage: Usage = field(factory=Usage)
    #: By identity, every section seen, kept alive so that no other object gets its identity, and what became of it.
    _seen: dict[int, tuple[ResultSection, Section | None]] = field(factory=dict)

    def value_of(self, section: ResultSection) -> Section | None:
        """Return the value that a plugin's section became, or None where it never came or was left out."""
        return self._seen.get(id(section), (section, None))[1]

    def rebuild(self, section: ResultSection, level: int = 1) -> Section | None:
        """Return the section as a value, with its subsections; None where a limit leaves nothing of it.

        Args:
            section: The plugin's.
            level: 1 for a section that is inside no other one.

        Raises:
            BodyError: The platform or its interface cannot take the body, such as a NaN in it.
            TypeError: A field has another type.
        """
        expect("a subsection", section, ResultSection)
        title = self._title(section)
        if id(section) in self._seen:
            self.usage.note(f"The section {title!r} was given more than once, and is shown once.")
            return None
        if level > self.usage.limits.depth:
            self.usage.count(f"Sections deeper than {self.usage.limits.depth} levels, left out: {{}}.")
            return None
        if not self.usage.take("sections"):
            return None
        self._seen[id(section)] = section, None
        body, body_format, config = self._body(section, title)
        value = Section(
            title=title,
            body=body,
            body_format=body_format,
            body_config=config,
            tags=self._tags(section.tags),
            classification=self._classification(section, title),
            auto_collapse=bool(section.auto_collapse),
            promote_to=self._promotion(section, body_format, title),
            zeroize_on_tag_safe=bool(section.zeroize_on_tag_safe),
            subsections=tuple(filter(None, [self.rebuild(below, level + 1) for below in list(section.subsections)])),
        )
        if section.heuristic is not None:
            self.usage.note(f"The heuristic of the section {title!r} was left out; scores are given by Points.")
        self._seen[id(section)] = section, value
        return value

    def _title(self, section: ResultSection) -> str:
        expect("the title of a section", section.title_text, str)
        return " ".join(clean(section.title_text, LONGEST_TITLE).split()) or "Untitled"

    # --- body ---

    def _body(self, section: ResultSection, title: str) -> tuple[str | None, str, Mapping[str, Any]]:
        body_format = section.body_format
        if body_format == "IMAGE":
            raise TypeError("image sections are built by the service: yield an Attachment of the role image")
        is_plain = body_format in section_bodies.PLAIN
        shown: str | None
        try:
            body = section.body  # read once: it is made anew each time, and may be another one then
            if not body and body != 0:
                return None, body_format if is_plain else "TEXT", EMPTY
            if is_plain:
                shown, cut = section_bodies.plain(body, self._left())
            else:
                value = section_bodies.shaped(body_format, section_bodies.parsed(body))
                shown, cut = section_bodies.written(value, self._left())
        except (ValueError, TypeError, RecursionError) as error:
            raise section_bodies.BodyError(f"the body of the section {title!r}: {error}") from None
        if shown is None:
            self.usage.note(f"The body of the section {title!r} is too large, and is not shown.")
            return "This body is too large, and is not shown.", "TEXT", EMPTY
        if cut:
            unit = "characters" if is_plain else "rows"
            self.usage.note(f"The body of the section {title!r} was cut: {cut} {unit} are not shown.")
        self.usage.counts["bodies"] += len(shown)
        return shown, body_format, section_bodies.config_of(body_format, section.body_config)

    def _left(self) -> int:
        # Never nothing: the notice of a cut needs a place.
        limits = self.usage.limits
        return max(200, min(limits.body, limits.bodies - self.usage.counts["bodies"]))

    # --- tags and flags ---

    def _tags(self, values_by_type: Any) -> Mapping[str, tuple[str, ...]]:
        if not values_by_type:
            return EMPTY
        expect("the tags of a section", values_by_type, Mapping)
        kept = {}
        for tag_type, values in list(values_by_type.items()):
            if not tags.known(tag_type):
                self.usage.note(f"Assemblyline has no tag type {tag_type!r}; its values were left out.")
            elif valid := tags.distinct(tag_type, self._bounded(tag_type, tags.values_of(values))):
                kept[tag_type] = valid
        return kept

    def _bounded(self, tag_type: str, values: Iterable[str | None]) -> Iterable[str]:
        for value in values:
            kept = tags.normal(tag_type, value) if value else None
            if kept is None:
                if value != "":
                    self.usage.count(f"Not valid as tags of the type {tag_type}, and left out: {{}}.")
            elif self.usage.take("tags"):
                yield kept

    def _classification(self, section: ResultSection, title: str) -> str:
        classification = section.classification
        if isinstance(classification, str) and classification and _classifications().is_valid(classification):
            return classification
        if classification:
            self.usage.note(f"The classification of the section {title!r} is not valid; the default was used.")
        return ""

    def _promotion(self, section: ResultSection, body_format: str, title: str) -> str | None:
        wanted = section.promote_to
        if wanted is None or body_format in PROMOTIONS.get(str(wanted), ()):
            return None if wanted is None else str(wanted)
        self.usage.note(f"The section {title!r} cannot be promoted to {wanted}.")
        return None
