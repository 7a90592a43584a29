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

    limits: PluginLimits = BUILT_IN
    used: UsedLimits = field(factory=UsedLimits)
    external: bool = False
    closed: bool = False
    _notes: Notes = field(factory=Notes)
    _taken: int = 0
    _sections: list[Section] = field(factory=list)
    _points: list[Points] = field(factory=list)
    _downloads: list[Download] = field(factory=list)
    _attachments: list[Attachment] = field(factory=list)
    _ontology: list[OntologyPart] = field(factory=list)
    _sanitizer: SectionSanitizer = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._sanitizer = SectionSanitizer(self.limits, self.used, self._notes)

    def take(self, finding: Finding) -> bool:
        """Take one finding; False where no more are taken."""
        if self.closed:
            raise LeftBehindError("its time is over")
        if self._taken >= self.limits.findings:
            self._notes.say(f"Only the first {self.limits.findings} findings were taken.")
            return False
        self._taken += 1
        if isinstance(finding, ResultSection):
            section = self._sanitizer.rebuild(finding)
            self._sections.extend([section] if section is not None else [])
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

    def _add(self, findings: list[Any], what: str, finding: Any, check: Any) -> None:
        used, most = getattr(self.used, what), getattr(self.limits, what)
        if used >= most:
            self._notes.count(f"Left out: {{}} {what} beyond the {most} that one plugin may add.")
            return
        findings.append(check(finding))
        setattr(self.used, what, used + 1)

    def _attach(self, attachment: Attachment) -> None:
        try:
            self._add(self._attachments, "attachments", attachment, self._attachment)
        except _TooLargeError as error:
            self._notes.say(str(error))

    def _attachment(self, attachment: Attachment) -> Attachment:
        if (attachment.path is None) is not bool(attachment.data):
            raise ValueError("an Attachment has either data or a path")
        if attachment.path is None:
            if not isinstance(attachment.data, bytes | bytearray):
                raise TypeError(f"the data of an Attachment are bytes, not {type(attachment.data).__name__}")
            size = len(attachment.data)
        else:
            if not Path(attachment.path).is_file():
                raise ValueError(f"the path of an Attachment is no file: {attachment.path}")
            size = Path(attachment.path).stat().st_size
        if not size:
            raise ValueError("an Attachment has at least one byte")
        if size > self.limits.attachment:
            raise _TooLargeError(
                f"The attachment {_name(attachment)} was left out: {size} bytes, more than {self.limits.attachment}."
            )
        return evolve(
            attachment,
            name=_name(attachment),
            description=_text("the description of an Attachment", attachment.description),
            data=bytes(attachment.data),
            path=None if attachment.path is None else Path(attachment.path),
            role=Role(attachment.role),
            relation=_relation(attachment.relation),
        )

    def _part(self, part: OntologyPart) -> None:
        if not isinstance(part.data, Mapping):
            raise TypeError(f"the data of an OntologyPart are a mapping, not {type(part.data).__name__}")
        # The built-ins' tests try every part; those of others are tried and copied here, where it costs only them.
        if self.external:
            if why := problem(part.kind, part.data):
                self._notes.say(f"A part of the ontology ({clean(str(part.kind), 60)}) was left out: {why}")
                return
            part = OntologyPart(str(part.kind), plain(part.data))
        self._add(self._ontology, "ontology", part, lambda part: part)

    def contribution(self, analyzer: str, provider: str, error: str = "") -> AnalyzerOutput:
        """Return everything taken so far."""
        points = tuple(self._points)
        scored = tuple((evolve(entry, section=None), self._shown(entry)) for entry in points)
        if self.external:
            scored = tuple((evolve(entry, family=Family.PLUGIN.value), section) for entry, section in scored)
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
        section = self._sanitizer.value_of(points.section)
        if section is None:
            self._notes.say(f"The points {points.name!r} name a section that is not in the result.")
        return section


def _text(what: str, value: Any, longest: int = 1_000) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} is a text, not {type(value).__name__}")
    return clean(value, longest)


def _name(finding: Download | Attachment) -> str:
    return safe_name(_text(f"the name of {type(finding).__name__}", finding.name))


def _relation(relation: Any) -> str:
    if relation not in PARENT_RELATION.keys():  # noqa: SIM118 - the framework's StringTable is no mapping
        raise ValueError(f"no such relation: {relation!r}; there are {', '.join(PARENT_RELATION.keys())}")
    return str(relation)


def _points(points: Points) -> Points:
    if isinstance(points.amount, bool) or not isinstance(points.amount, int):
        raise TypeError(f"the amount of Points is a whole number, not {type(points.amount).__name__}")
    if isinstance(points.attack_ids, str) or not isinstance(points.attack_ids, Iterable):
        raise TypeError("the attack_ids of Points are a tuple of texts")
    # A generator can be read once, and one without end is not read to it.
    attack_ids = tuple(itertools.islice(points.attack_ids, MOST_ATTACK_IDS))
    if not all(isinstance(id, str) for id in attack_ids):
        raise TypeError("the attack_ids of Points are a tuple of texts")
    if points.section is not None and not isinstance(points.section, ResultSection):
        raise TypeError(f"the section of Points is a ResultSection, not {type(points.section).__name__}")
    return evolve(
        points,
        family=_text("the family of Points", points.family, 60),
        name=_text("the name of Points", points.name, 120),
        reason=_text("the reason of Points", points.reason),
        attack_ids=attack_ids,
        amount=max(0, min(MOST_POINTS, int(points.amount))),
        about=_about(points.about),
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


def _download(download: Download) -> Download:
    if (
        not isinstance(download.ref, Ref)
        or not isinstance(download.ref.kind, str)
        or not isinstance(download.ref.id, str)
    ):
        raise TypeError("the ref of a Download is a Ref of two texts")
    if download.kind not in DOWNLOADS:
        raise ValueError(f"no such kind of Download: {download.kind!r}; there are {', '.join(sorted(DOWNLOADS))}")
    if not isinstance(download.sha256, str) or not _SHA256.fullmatch(download.sha256):
        raise ValueError("the sha256 of a Download is 64 hexadecimal digits in lower case, or empty")
    if not isinstance(download.magic, tuple | list) or not all(isinstance(start, bytes) for start in download.magic):
        raise TypeError("the magic of a Download is a tuple of bytes")
    if download.link and not _text("the link of a Download", download.link, 8_000).startswith(("https://", "http://")):
        raise ValueError("the link of a Download begins with https://")
    return evolve(
        download,
        name=_name(download),
        description=_text("the description of a Download", download.description),
        role=Role(download.role),
        relation=_relation(download.relation),
        magic=tuple(download.magic),
    )
