"""Collects what one analyser yields, finding by finding: checked, bounded, and copied from the plugin's objects."""

import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assemblyline_v4_service.common.result import ResultSection
from assemblyline_v4_service.common.task import PARENT_RELATION
from attrs import define, evolve, field

from virustotal.al_types import tags
from virustotal.al_types.ontology import plain, problem
from virustotal.api.endpoints import ARTEFACTS
from virustotal.core.findings import (
    MOST_ATTACK_IDS,
    About,
    Attachment,
    Download,
    Family,
    Finding,
    OntologyPart,
    Points,
)
from virustotal.core.models import Ref
from virustotal.core.plugin_host.field_checks import clamped, entries, expect, iterable, texts
from virustotal.core.plugin_host.isolation_util import HostError
from virustotal.core.plugin_host.limits import Usage
from virustotal.core.plugin_host.output import AnalyzerOutput, Section
from virustotal.core.plugin_host.section_sanitizer import SectionSanitizer
from virustotal.util.readers import clean, safe_name

#: The most characters of each text of an About.
_ABOUT_TEXTS = {"value": 4_096, "relationship": 120, "detections": 60, "threat": 200, "tag": 60, "level": 60}
_SHA256 = re.compile(r"[0-9a-f]{64}|")


@define
class FindingCollector:
    """Collects the findings of one analyser.

    `output` may be called by one thread while another one still adds findings.

    external: its points count as `plugin`, and its parts of the ontology are tried and copied.
    """

    usage: Usage = field(factory=Usage)
    external: bool = False
    _added: int = 0
    _closed: bool = False
    _sections: list[Section] = field(factory=list)
    _points: list[tuple[Points, ResultSection | None]] = field(factory=list)
    _downloads: list[Download] = field(factory=list)
    _attachments: list[Attachment] = field(factory=list)
    _ontology: list[OntologyPart] = field(factory=list)
    _sanitizer: SectionSanitizer = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._sanitizer = SectionSanitizer(self.usage)

    def add(self, finding: Finding) -> bool:
        """Add one finding; False where no more are taken.

        Raises:
            TypeError, ValueError: It is no valid finding.
            HostError: The output was taken already. It ends the thread of an analyser that was left behind.
        """
        if self._closed:
            raise HostError("its time is over")
        if self._added >= self.usage.limits.findings:
            self.usage.note(f"Only the first {self.usage.limits.findings} findings were taken.")
            return False
        self._added += 1
        match finding:
            case ResultSection():
                if (section := self._sanitizer.rebuild(finding)) is not None:
                    self._sections.append(section)
            case Points():
                points = _points(finding)
                points = evolve(points, family=Family.PLUGIN.value) if self.external else points
                self._points.append((points, finding.section))
            case Download():
                if self.usage.take("downloads"):
                    self._downloads.append(_download(finding))
            case Attachment():
                self._attach(finding)
            case OntologyPart():
                self._add_part(finding)
            case _:
                raise TypeError(f"yielded {type(finding).__name__}, which is no finding")
        return True

    def _attach(self, attachment: Attachment) -> None:
        path = None if attachment.path is None else Path(attachment.path)
        if (path is None) is not bool(attachment.data):
            raise ValueError("an Attachment has either data or a path")
        if path is None:
            expect("`data` of an Attachment", attachment.data, bytes, bytearray)
        elif not path.is_file():
            raise ValueError(f"the path of an Attachment is no file: {path}")
        size = len(attachment.data) if path is None else path.stat().st_size
        if not size:
            raise ValueError("an Attachment has at least one byte")
        names, most = _file_fields("an Attachment", attachment), self.usage.limits.attachment
        if size > most:
            self.usage.note(f"The attachment {names['name']} was left out: {size} bytes, more than {most}.")
        elif self.usage.take("attachments"):
            self._attachments.append(evolve(attachment, data=bytes(attachment.data), path=path, **names))

    def _add_part(self, part: OntologyPart) -> None:
        expect("`data` of an OntologyPart", part.data, Mapping)
        # The built-ins' tests try every part; those of others are tried and copied here, where it costs only them.
        if self.external:
            if why := problem(part.kind, part.data):
                kind = clean(str(part.kind), 60)
                self.usage.note(f"A part of the ontology ({kind}) was left out: {why}")
                return
            part = OntologyPart(str(part.kind), plain(part.data))
        if self.usage.take("ontology"):
            self._ontology.append(part)

    def output(self, analyzer: str, provider: str, error: str = "") -> AnalyzerOutput:
        """Return everything added so far; nothing is taken after that.

        Args:
            analyzer: Its name.
            provider: Its plugin and version.
            error: Why it ended early, as one line, or empty.
        """
        self._closed = True
        return AnalyzerOutput(
            analyzer=analyzer,
            provider=provider,
            external=self.external,
            sections=tuple(self._sections),
            scored=tuple((points, self._shown(points, section)) for points, section in self._points[:]),
            downloads=tuple(self._downloads),
            attachments=tuple(self._attachments),
            ontology=tuple(self._ontology),
            notes=self.usage.notes,
            error=error,
        )

    def _shown(self, points: Points, section: ResultSection | None) -> Section | None:
        if section is None:
            return None
        shown = self._sanitizer.value_of(section)
        if shown is None:
            self.usage.note(f"The points {points.name!r} name a section that is not in the result.")
        return shown


def _points(points: Points) -> Points:
    if points.section is not None:
        expect("`section` of Points", points.section, ResultSection)
    attack_ids = iterable("`attack_ids` of Points", points.attack_ids, "texts")
    # A generator can be read once, and one without end is not read to it.
    attack_ids = tuple(itertools.islice(attack_ids, MOST_ATTACK_IDS))
    return evolve(
        points,
        **texts("Points", points, family=60, name=120, reason=1_000),
        amount=clamped("`amount` of Points", points.amount, 0),
        attack_ids=entries("`attack_ids` of Points", attack_ids, str),
        about=None if points.about is None else _about(points.about),
        section=None,
    )


def _about(about: About) -> About:
    expect("`about` of Points", about, About)
    _check_ref("an About", about.ref)
    fields: dict[str, Any] = texts("an About", about, **_ABOUT_TEXTS)
    if fields["tag"] and not tags.known(fields["tag"]):
        raise ValueError(f"no tag type {fields['tag']!r}")
    # A value that was cut or made inert is no tag.
    if fields["value"] != about.value or not tags.normal(fields["tag"], about.value):
        fields["tag"] = ""
    return evolve(about, **fields)


def _download(download: Download) -> Download:
    _check_ref("a Download", download.ref)
    if download.kind not in ARTEFACTS:
        raise ValueError(f"no such kind of Download: {download.kind!r}; there are {', '.join(sorted(ARTEFACTS))}")
    expect("`sha256` of a Download", download.sha256, str)
    if not _SHA256.fullmatch(download.sha256):
        raise ValueError("the sha256 of a Download is 64 hexadecimal digits in lower case, or empty")
    if download.link:
        expect("`link` of a Download", download.link, str)
        if not download.link.startswith(("https://", "http://")):
            raise ValueError("the link of a Download begins with https://")
    magic = entries("`magic` of a Download", download.magic, bytes)
    return evolve(download, **_file_fields("a Download", download), magic=magic)


def _check_ref(owner: str, ref: Any) -> None:
    expect(f"`ref` of {owner}", ref, Ref)
    expect(f"`ref.kind` of {owner}", ref.kind, str)
    expect(f"`ref.id` of {owner}", ref.id, str)


def _file_fields(owner: str, finding: Download | Attachment) -> dict[str, Any]:
    fields = texts(owner, finding, name=1_000, description=1_000)
    if finding.relation not in PARENT_RELATION.keys():  # noqa: SIM118 - the framework's StringTable is no mapping
        raise ValueError(f"no such relation: {finding.relation!r}; there are {', '.join(PARENT_RELATION.keys())}")
    return fields | {"name": safe_name(fields["name"])}
