"""Recordings of the sandboxes (EVTX, PCAP, memory dumps, HTML reports) and dropped files, for other services."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from assemblyline_v4_service.common.result import ResultTextSection
from attrs import frozen

from virustotal.core import (
    Analyzer,
    Download,
    Evidence,
    Finding,
    Needs,
    Object,
    Ref,
    Related,
    Role,
    Settings,
    hookimpl,
    tables,
)
from virustotal.core.readers import EMPTY_DIGESTS, as_mapping, as_text, boolean, clean, integer, safe_name
from virustotal.plugins.sandbox.sandboxes import sandbox_name

EVTX = (b"ElfFile\x00",)
#: PCAP in both byte orders with micro- and nanoseconds, and PCAPNG (section header block).
PCAP = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)
#: What a page may begin with; a JSON error does not.
HTML = (b"<", b"\xef\xbb\xbf<", b"\r", b"\n", b" ", b"\t")


@frozen
class Recording:
    """One sort of recording, and what its file is.

    Attributes:
        name: As in the parameter that asks for it, and in the flag of a report that has it.
        kind: Of the download, and the extension of its file.
    """

    name: str
    kind: str
    title: str
    magic: tuple[bytes, ...] = ()
    role: Role = Role.EXTRACTED
    relation: str = "DYNAMIC"

    @property
    def parameter(self) -> str:
        """The submission parameter that asks for it."""
        return f"download_{self.name}"


RECORDINGS = (
    Recording("evtx", "evtx", "Windows event log", EVTX),
    Recording("pcap", "pcap", "network capture", PCAP),
    Recording("memdump", "memdump", "memory dump", relation="MEMDUMP"),
    Recording("html_report", "html", "HTML report", HTML, Role.SUPPLEMENTARY),
)
DROPPED = "download_dropped_files"
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
PARAMETERS = (*(recording.parameter for recording in RECORDINGS), DROPPED)


def wanted(parameter: str) -> Callable[[Settings], bool]:
    """Return whether a parameter asks for its artefacts; without analyze_relationship none is fetched."""
    return lambda settings: settings.analyze_relationship and getattr(settings, parameter) is True


def recordings(evidence: Evidence, recording: Recording) -> Iterator[Finding]:
    """Yield a download for each sandbox that has the recording; a line where none has it, or reports are missing."""
    related = evidence.related
    if related is None or not wanted(recording.parameter)(evidence.settings):
        return
    reports = related.items if related.detailed else ()
    recorded = [obj for obj in reports if boolean(as_mapping(obj.attributes).get(f"has_{recording.name}"))]
    for obj in sorted(recorded, key=lambda report: (sandbox_name(report), report.ref.id)):
        yield _download(recording, obj, evidence.report.subject)
    missing = list(_missing(related, "reports of sandboxes"))
    if related.items and not related.detailed:
        missing.append("VirusTotal returned only the names of the sandboxes.")
    if missing:
        title = f"A {recording.title} may be missing" if recorded else f"No {recording.title} was downloaded"
        section = ResultTextSection(title, auto_collapse=True)
        section.add_lines(missing)
        yield section
    elif not recorded:
        yield ResultTextSection(f"No sandbox has a {recording.title} of this file", auto_collapse=True)


def _missing(related: Related, what: str) -> Iterator[str]:
    """Say why there may be more than the list has."""
    if not related.outcome.found:
        why = clean(related.outcome.detail).rstrip(".") or related.outcome.status.value
        yield f"Not all {what} came: {why}."
    elif not related.complete:
        yield f"There are more {what} than max_related let the service fetch."


def _download(recording: Recording, obj: Object, subject: Object) -> Download:
    sandbox = sandbox_name(obj)
    stem = safe_name(safe_name(sandbox)[:80], subject.ref.id[:8])
    return Download(
        obj.ref,
        recording.kind,
        f"{stem}.{recording.kind}",
        f"{recording.title.capitalize()} of the sandbox {sandbox}, from VirusTotal",
        recording.role,
        recording.relation,
        recording.magic,
    )


def dropped_files(evidence: Evidence) -> Iterator[Finding]:
    """Yield a download for each dropped file that VirusTotal has, the worst first; a line for what it cannot give."""
    related = evidence.related
    if related is None or not wanted(DROPPED)(evidence.settings):
        return
    candidates, lines = _sorted_out(related, evidence)
    for obj in sorted(candidates, key=lambda file: -evidence.judge(file).score):
        name = as_text(obj.attributes.get("meaningful_name"), 80)
        stem, said = safe_name(name or "dropped", obj.ref.id[:8]), f"File dropped in a sandbox, {obj.ref.id}"
        yield Download(Ref("file", obj.ref.id), "file", stem, said, sha256=_digest(obj))
    if lines:
        section = ResultTextSection("Dropped files that are not downloaded", auto_collapse=True)
        section.add_lines(lines)
        yield section


def _sorted_out(related: Related, evidence: Evidence) -> tuple[list[Object], list[str]]:
    """The dropped files that can be fetched, and a sentence for each reason why others cannot."""
    subject, most = evidence.report.subject.ref.id.lower(), evidence.settings.max_download_mb
    rules: tuple[tuple[str, Callable[[Object], bool]], ...] = (
        ("", lambda obj: _digest(obj) in EMPTY_DIGESTS),
        ("The submitted file drops itself, and is not downloaded again.", lambda obj: _digest(obj) == subject),
        ("VirusTotal knows {} by hash only.", lambda obj: bool(obj.error)),
        ("VirusTotal gives no SHA-256 of {}.", lambda obj: not _SHA256.fullmatch(_digest(obj))),
        (
            f"{{}} larger than max_download_mb ({most}).",
            lambda obj: (integer(obj.attributes.get("size")) or 0) > most * 2**20,
        ),
    )
    left, lines = list(related.items), []
    for sentence, applies in rules:
        out = sum(map(applies, left))
        left = [obj for obj in left if not applies(obj)]
        if out and sentence:
            lines.append(sentence.format("1 file" if out == 1 else f"{out} files"))
    return left, [*lines, *_missing(related, "dropped files")]


def _digest(obj: Object) -> str:
    return obj.ref.id.lower()


def say_what_to_set(evidence: Evidence) -> Iterator[Finding]:
    """Yield one line where artefacts are asked for and the parameter that they need is not set."""
    settings = evidence.settings
    asked = [name for name in PARAMETERS if getattr(settings, name) is True]
    if asked and not settings.analyze_relationship:
        section = ResultTextSection("No sandbox artefacts were downloaded")
        section.add_line(f"Set analyze_relationship as well: without it, {tables.listed(asked)} does nothing.")
        yield section


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """One analyser for each sort of artefact, and one that says what to set."""
    for order, recording in enumerate(RECORDINGS, 110):
        yield Analyzer(
            recording.name,
            "file",
            "behaviours",
            analyze=partial(recordings, recording=recording),
            wanted=wanted(recording.parameter),
            order=order,
            summary=f"Downloads the {recording.title}s of the sandboxes ({recording.parameter})",
        )
    yield Analyzer(
        "download_dropped_files",
        "file",
        "dropped_files",
        analyze=dropped_files,
        needs=Needs(("meaningful_name", "size")),
        wanted=wanted(DROPPED),
        order=114,
        summary=f"Downloads the dropped files ({DROPPED})",
    )
    yield Analyzer(
        "artefacts",
        "file",
        analyze=say_what_to_set,
        order=98,
        summary="Names the parameter that sandbox artefacts need",
    )
