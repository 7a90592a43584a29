"""A plugin's ResultSection to a value of our own, field by field: no plugin's object enters the result."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from assemblyline.common import forge
from assemblyline_v4_service.common.result import ResultSection
from attrs import define, field

from virustotal.al_types import section_bodies, tags
from virustotal.core.plugin_host.limits import BUILT_IN, LONGEST_TITLE, MOST_NOTES, PluginLimits
from virustotal.core.plugin_host.output import Section
from virustotal.util.readers import EMPTY, clean

#: The formats that each promotion is drawn from (assemblyline.odm.models.result.PROMOTE_TO).
PROMOTIONS: Mapping[str, frozenset[str]] = {
    "ENTROPY": frozenset({"GRAPH_DATA"}),
    "URI_PARAMS": frozenset({"KEY_VALUE", "ORDERED_KEY_VALUE"}),
}


@define
class UsedLimits:
    """What all analysers of one plugin used up for one subject."""

    sections: int = 0
    bodies: int = 0
    tags: int = 0
    downloads: int = 0
    attachments: int = 0
    ontology: int = 0


@define
class Notes:
    """Sentences about what was cut: each once, counted ones at the end."""

    _sentences: dict[str, None] = field(factory=dict)
    _counts: Counter[str] = field(factory=Counter)
    _more: int = 0

    def say(self, sentence: str) -> None:
        """Keep a sentence; of more than MOST_NOTES only the number."""
        plain = clean(sentence, 500)
        if plain in self._sentences or len(self._sentences) < MOST_NOTES:
            self._sentences[plain] = None
        else:
            self._more += 1

    def count(self, sentence: str) -> None:
        """Keep a sentence that holds `{}` for how often it was said."""
        self._counts[sentence] += 1

    def __iter__(self) -> Iterator[str]:
        yield from list(self._sentences)
        yield from [sentence.format(number) for sentence, number in self._counts.copy().items()]
        if self._more:
            yield f"And {self._more} more notes of this kind."


@cache
def _classifications() -> Any:
    return forge.get_classification()


@define
class SectionSanitizer:
    """Rebuilds the sections of one analyser, within bounds that all analysers of its plugin share."""

    limits: PluginLimits = BUILT_IN
    used: UsedLimits = field(factory=UsedLimits)
    notes: Notes = field(factory=Notes)
    #: Every section seen, by identity, kept alive so that no other object gets its identity.
    _seen: dict[int, ResultSection] = field(factory=dict)
    _made: dict[int, Section] = field(factory=dict)

    def value_of(self, section: Any) -> Section | None:
        """Return the value that a plugin's section became, or None where it never came or was left out."""
        return self._made.get(id(section))

    def rebuild(self, section: ResultSection, level: int = 1) -> Section | None:
        """Return the section as a value, with its subsections; None where a bound leaves nothing of it.

        Raises BodyError or TypeError for what the platform could not take, such as a NaN in a body.
        """
        title = self._title(section)
        if id(section) in self._seen:
            self.notes.say(f"The section {title!r} was given more than once, and is shown once.")
            return None
        if not self._room(level):
            return None
        self._seen[id(section)] = section
        self.used.sections += 1
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
            subsections=self._below(section, level),
        )
        if section.heuristic is not None:
            self.notes.say(f"The heuristic of the section {title!r} was left out; scores are given by Points.")
        self._made[id(section)] = value
        return value

    def _room(self, level: int) -> bool:
        if level > self.limits.depth:
            self.notes.count(f"Sections deeper than {self.limits.depth} levels, left out: {{}}.")
        elif self.used.sections >= self.limits.sections:
            self.notes.count(f"Left out: {{}} sections beyond the {self.limits.sections} that one plugin may add.")
        else:
            return True
        return False

    def _title(self, section: ResultSection) -> str:
        title = section.title_text
        if not isinstance(title, str):
            raise TypeError(f"the title of a section is a text, not {type(title).__name__}")
        return " ".join(clean(title, LONGEST_TITLE).split()) or "Untitled"

    def _below(self, section: ResultSection, level: int) -> tuple[Section, ...]:
        subsections = list(section.subsections)
        for subsection in subsections:
            if not isinstance(subsection, ResultSection):
                raise TypeError(f"a subsection is a ResultSection, not {type(subsection).__name__}")
        values = (self.rebuild(subsection, level + 1) for subsection in subsections)
        return tuple(subsection for subsection in values if subsection is not None)

    # --- body ---

    def _body(self, section: ResultSection, title: str) -> tuple[str | None, str, Mapping[str, Any]]:
        body_format = section.body_format
        if body_format == "IMAGE":
            raise TypeError("image sections are built by the service: yield an Attachment of the role image")
        try:
            body = section.body  # read once: it is made anew each time, and may be another one then
            if not body and body != 0:
                return None, body_format if body_format in section_bodies.PLAIN else "TEXT", EMPTY
            if body_format in section_bodies.PLAIN:
                return self._plain(body, title), body_format, EMPTY
            value = section_bodies.shaped(body_format, section_bodies.parsed(body))
        except (ValueError, TypeError, RecursionError) as error:
            raise section_bodies.BodyError(f"the body of the section {title!r}: {error}") from None
        return self._written(value, body_format, section.body_config, title)

    def _plain(self, body: Any, title: str) -> str:
        shown, cut = section_bodies.plain(body, self._left())
        if cut:
            self.notes.say(f"The body of the section {title!r} was cut: {cut} characters are not shown.")
        self.used.bodies += len(shown)
        return shown

    def _written(self, value: Any, body_format: str, config: Any, title: str) -> tuple[str, str, Mapping[str, Any]]:
        shown, cut = section_bodies.written(value, self._left())
        if shown is None:
            self.notes.say(f"The body of the section {title!r} is too large, and is not shown.")
            return "This body is too large, and is not shown.", "TEXT", EMPTY
        if cut:
            self.notes.say(f"The body of the section {title!r} was cut: {cut} rows are not shown.")
        self.used.bodies += len(shown)
        return shown, body_format, section_bodies.config_of(body_format, config)

    def _left(self) -> int:
        # Never nothing: the notice of a cut needs a place.
        return max(200, min(self.limits.body, self.limits.bodies - self.used.bodies))

    # --- tags and flags ---

    def _tags(self, values_by_type: Any) -> Mapping[str, tuple[str, ...]]:
        if not values_by_type:
            return EMPTY
        if not isinstance(values_by_type, Mapping):
            raise TypeError(f"the tags of a section are a mapping, not {type(values_by_type).__name__}")
        kept = {tag_type: self._valid(tag_type, values) for tag_type, values in list(values_by_type.items())}
        return {tag_type: values for tag_type, values in kept.items() if values}

    def _valid(self, tag_type: Any, values: Any) -> tuple[str, ...]:
        if not tags.known(tag_type):
            self.notes.say(f"Assemblyline has no tag type {tag_type!r}; its values were left out.")
            return ()
        return tags.distinct(tag_type, self._bounded(tag_type, tags.values_of(values)))

    def _bounded(self, tag_type: str, values: Iterable[str | None]) -> Iterable[str]:
        for value in values:
            kept = tags.normal(tag_type, value) if value else None
            if kept is None:
                if value != "":
                    self.notes.count(f"Not valid as tags of the type {tag_type}, and left out: {{}}.")
            elif self.used.tags >= self.limits.tags:
                self.notes.count(f"Left out: {{}} tags beyond the {self.limits.tags} that one plugin may add.")
            else:
                self.used.tags += 1
                yield kept

    def _classification(self, section: ResultSection, title: str) -> str:
        classification = section.classification
        if isinstance(classification, str) and classification and _classifications().is_valid(classification):
            return classification
        if classification:
            self.notes.say(f"The classification of the section {title!r} is not valid; the default was used.")
        return ""

    def _promotion(self, section: ResultSection, body_format: str, title: str) -> str | None:
        wanted = section.promote_to
        if wanted is None or body_format in PROMOTIONS.get(str(wanted), ()):
            return None if wanted is None else str(wanted)
        self.notes.say(f"The section {title!r} cannot be promoted to {wanted}.")
        return None
