"""What one analyser yields, taken finding by finding: checked, rebuilt, bounded, and no longer the plugin's."""

import itertools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from assemblyline_v4_service.common.result import ResultSection
from assemblyline_v4_service.common.task import PARENT_RELATION
from attrs import define, evolve, field

from virustotal.al_types import tags
from virustotal.al_types.ontology import plain, problem
from virustotal.core.findings import (
    MOST_ATTACK_IDS,
    About,
    Attachment,
    Download,
    Family,
    Finding,
    OntologyPart,
    Points,
    Role,
)
from virustotal.core.models import Ref
from virustotal.core.plugin_host.limits import BUILT_IN, PluginLimits
from virustotal.core.plugin_host.output import AnalyzerOutput, Section
from virustotal.core.plugin_host.section_sanitizer import Notes, SectionSanitizer, UsedLimits
from virustotal.util.readers import clean, safe_name

DOWNLOADS = frozenset({"evtx", "pcap", "memdump", "html", "dom", "file", "screenshot"})
#: The most that one finding may ask for; every family's cap is far below.
MOST_POINTS = 1_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}|")


class LeftBehindError(Exception):
    """Raised inside an analyser's thread whose time is over: nobody takes what it yields."""


class _TooLargeError(Exception):
    """An attachment beyond the limit; the message is a sentence."""


@define
class FindingCollector:
    """Takes the findings of one analyser. Raises TypeError or ValueError for what is no valid finding.

    It may be read by one thread while another one still fills it.
    """

    bounds: PluginLimits = BUILT_IN
    spent: UsedLimits = field(factory=UsedLimits)
    external: bool = False
    closed: bool = False
    _notes: Notes = field(factory=Notes)
    _taken: int = 0
    _sections: list[Section] = field(factory=list)
    _points: list[Points] = field(factory=list)
    _downloads: list[Download] = field(factory=list)
    _attachments: list[Attachment] = field(factory=list)
    _ontology: list[OntologyPart] = field(factory=list)
    _rebuilder: SectionSanitizer = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rebuilder = SectionSanitizer(self.bounds, self.spent, self._notes)

    def take(self, finding: Finding) -> bool:
        """Take one finding; False where no more are taken."""
        if self.closed:
            raise LeftBehindError("its time is over")
        if self._taken >= self.bounds.findings:
            self._notes.say(f"Only the first {self.bounds.findings} findings were taken.")
            return False
        self._taken += 1
        if isinstance(finding, ResultSection):
            made = self._rebuilder.rebuild(finding)
            self._sections.extend([made] if made is not None else [])
        elif isinstance(finding, Points):
            self._points.append(_points(finding))
        elif isinstance(finding, Download):
            self._add(self._downloads, "downloads", finding, _download)
        elif isinstance(finding, Attachment):
            self._attach(finding)
        elif isinstance(finding, OntologyPart):
            self._part(finding)
        else:
            raise TypeError(f"yielded {type(finding).__name__}, which is no finding")
        return True

    def note(self, sentence: str) -> None:
        """Keep a sentence for the result; an empty one is none."""
        if sentence:
            self._notes.say(sentence)

    def _add(self, found: list[Any], what: str, finding: Any, check: Any) -> None:
        used, most = getattr(self.spent, what), getattr(self.bounds, what)
        if used >= most:
            self._notes.count(f"Left out: {{}} {what} beyond the {most} that one plugin may add.")
            return
        found.append(check(finding))
        setattr(self.spent, what, used + 1)

    def _attach(self, attachment: Attachment) -> None:
        try:
            self._add(self._attachments, "attachments", attachment, self._attachment)
        except _TooLargeError as error:
            self._notes.say(str(error))

    def _attachment(self, given: Attachment) -> Attachment:
        if (given.path is None) is not bool(given.data):
            raise ValueError("an Attachment has either data or a path")
        if given.path is None:
            if not isinstance(given.data, bytes | bytearray):
                raise TypeError(f"the data of an Attachment are bytes, not {type(given.data).__name__}")
            size = len(given.data)
        else:
            if not Path(given.path).is_file():
                raise ValueError(f"the path of an Attachment is no file: {given.path}")
            size = Path(given.path).stat().st_size
        if not size:
            raise ValueError("an Attachment has at least one byte")
        if size > self.bounds.attachment:
            raise _TooLargeError(
                f"The attachment {_name(given)} was left out: {size} bytes, more than {self.bounds.attachment}."
            )
        return evolve(
            given,
            name=_name(given),
            description=_text("the description of an Attachment", given.description),
            data=bytes(given.data),
            path=None if given.path is None else Path(given.path),
            role=Role(given.role),
            relation=_relation(given.relation),
        )

    def _part(self, given: OntologyPart) -> None:
        if not isinstance(given.data, Mapping):
            raise TypeError(f"the data of an OntologyPart are a mapping, not {type(given.data).__name__}")
        # The built-ins' tests try every part; those of others are tried and copied here, where it costs only them.
        if self.external:
            if why := problem(given.kind, given.data):
                self._notes.say(f"A part of the ontology ({clean(str(given.kind), 60)}) was left out: {why}")
                return
            given = OntologyPart(str(given.kind), plain(given.data))
        self._add(self._ontology, "ontology", given, lambda part: part)

    def contribution(self, analyzer: str, provider: str, error: str = "") -> AnalyzerOutput:
        """Return everything taken so far."""
        points = tuple(self._points)
        scored = tuple((evolve(each, section=None), self._shown(each)) for each in points)
        if self.external:
            scored = tuple((evolve(each, family=Family.PLUGIN.value), section) for each, section in scored)
        return AnalyzerOutput(
            analyzer=analyzer,
            provider=provider,
            external=self.external,
            sections=tuple(self._sections),
            scored=scored,
            downloads=tuple(self._downloads),
            attachments=tuple(self._attachments),
            ontology=tuple(self._ontology),
            notes=tuple(self._notes),
            error=error,
        )

    def _shown(self, points: Points) -> Section | None:
        if points.section is None:
            return None
        made = self._rebuilder.made_of(points.section)
        if made is None:
            self._notes.say(f"The points {points.name!r} name a section that is not in the result.")
        return made


def _text(what: str, value: Any, longest: int = 1_000) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} is a text, not {type(value).__name__}")
    return clean(value, longest)


def _name(given: Download | Attachment) -> str:
    return safe_name(_text(f"the name of {type(given).__name__}", given.name))


def _relation(relation: Any) -> str:
    if relation not in PARENT_RELATION.keys():  # noqa: SIM118 - the framework's StringTable is no mapping
        raise ValueError(f"no such relation: {relation!r}; there are {', '.join(PARENT_RELATION.keys())}")
    return str(relation)


def _points(given: Points) -> Points:
    if isinstance(given.amount, bool) or not isinstance(given.amount, int):
        raise TypeError(f"the amount of Points is a whole number, not {type(given.amount).__name__}")
    if isinstance(given.attack_ids, str) or not isinstance(given.attack_ids, Iterable):
        raise TypeError("the attack_ids of Points are a tuple of texts")
    # A generator can be read once, and one without end is not read to it.
    attack_ids = tuple(itertools.islice(given.attack_ids, MOST_ATTACK_IDS))
    if not all(isinstance(each, str) for each in attack_ids):
        raise TypeError("the attack_ids of Points are a tuple of texts")
    if given.section is not None and not isinstance(given.section, ResultSection):
        raise TypeError(f"the section of Points is a ResultSection, not {type(given.section).__name__}")
    return evolve(
        given,
        family=_text("the family of Points", given.family, 60),
        name=_text("the name of Points", given.name, 120),
        reason=_text("the reason of Points", given.reason),
        attack_ids=attack_ids,
        amount=max(0, min(MOST_POINTS, int(given.amount))),
        about=_about(given.about),
    )


def _about(about: About | None) -> About | None:
    if about is None:
        return None
    if not isinstance(about, About) or not isinstance(about.ref, Ref):
        raise TypeError(f"the about of Points is an About with a Ref, not {type(about).__name__}")
    if not isinstance(about.ref.kind, str) or not isinstance(about.ref.id, str):
        raise TypeError("the ref of an About is a Ref of two texts")
    tag = _text("the tag of an About", about.tag, 60)
    if tag and not tags.known(tag):
        raise ValueError(f"no tag type {tag!r}")
    return evolve(
        about,
        value=_text("the value of an About", about.value, 4_096),
        relationship=_text("the relationship of an About", about.relationship, 120),
        detections=_text("the detections of an About", about.detections, 60),
        threat=_text("the threat of an About", about.threat, 200),
        level=_text("the level of an About", about.level, 60),
        # A value that was cut or made inert is no tag.
        tag=tag if tag and clean(about.value, 4_096) == about.value and tags.normal(tag, about.value) else "",
    )


def _download(given: Download) -> Download:
    if not isinstance(given.ref, Ref) or not isinstance(given.ref.kind, str) or not isinstance(given.ref.id, str):
        raise TypeError("the ref of a Download is a Ref of two texts")
    if given.kind not in DOWNLOADS:
        raise ValueError(f"no such kind of Download: {given.kind!r}; there are {', '.join(sorted(DOWNLOADS))}")
    if not isinstance(given.sha256, str) or not _SHA256.fullmatch(given.sha256):
        raise ValueError("the sha256 of a Download is 64 hexadecimal digits in lower case, or empty")
    if not isinstance(given.magic, tuple | list) or not all(isinstance(each, bytes) for each in given.magic):
        raise TypeError("the magic of a Download is a tuple of bytes")
    if given.link and not _text("the link of a Download", given.link, 8_000).startswith(("https://", "http://")):
        raise ValueError("the link of a Download begins with https://")
    return evolve(
        given,
        name=_name(given),
        description=_text("the description of a Download", given.description),
        role=Role(given.role),
        relation=_relation(given.relation),
        magic=tuple(given.magic),
    )
