"""What each sandbox makes of the file: verdicts with confidence, malware names, and what it noticed (tags)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from virustotal.core import Family, Points, tables
from virustotal.core.readers import as_list, as_mapping, as_text, as_texts, date, pairs
from virustotal.plugins.sandbox.sandboxes import Sandbox, confidence
from virustotal.plugins.sandbox.severity import VERDICTS

#: The word of a sandbox that concluded nothing.
UNKNOWN = "UNKNOWN_VERDICT"
_CLEAN = frozenset({"CLEAN", UNKNOWN})


@frozen
class SandboxVerdict:
    """The verdict of one sandbox; confidence is 0 to 100 or None, labels are the names it gives the malware.

    texts: Those of the labels and tags that were texts, and not our rendering of something else.
    """

    sandbox: str
    verdicts: tuple[str, ...]
    confidence: int | None
    labels: tuple[str, ...]
    tags: tuple[str, ...]
    texts: frozenset[str]

    @property
    def amount(self) -> int:
        """Points: those of the worst verdict, by confidence where it is given."""
        worst = max((VERDICTS.get(word.upper(), 0) for word in self.verdicts), default=0)
        return worst if self.confidence is None else round(worst * self.confidence / 100)

    @property
    def bad(self) -> bool:
        """True for a verdict that is not clean, whatever its confidence."""
        return any(word.upper() not in _CLEAN for word in self.verdicts)


def verdict_of(sandbox: Sandbox) -> SandboxVerdict:
    """Return what a report says of the file as a whole."""
    fields = sandbox.attributes
    return SandboxVerdict(
        sandbox.name,
        as_texts(fields.get("verdicts"), 60),
        confidence(fields.get("verdict_confidence")),
        as_texts(fields.get("verdict_labels"), 120),
        as_texts(fields.get("tags"), 80),
        _texts(fields.get("verdict_labels"), 120) | _texts(fields.get("tags"), 80),
    )


def _texts(value: Any, longest: int) -> frozenset[str]:
    return frozenset(as_text(entry, longest) for entry in as_list(value) if isinstance(entry, str))


def reports_section(sandboxes: Sequence[Sandbox]) -> Any | None:
    """Return the closed table of reports: every sandbox has a row, also one that saw nothing."""
    rows = [
        {
            "Sandbox": sandbox.name,
            "Analysed": day(sandbox.attributes.get("analysis_date")),
            "Verdict": tables.listed(verdict_of(sandbox).verdicts),
            "Noticed": tables.listed(verdict_of(sandbox).tags),
            "Recordings": ", ".join(word for flag, word in _RECORDINGS.items() if sandbox.has(flag)),
            "Behaviour hash": as_text(sandbox.attributes.get("behash"), 100),
            "Changed": day(sandbox.attributes.get("last_modification_date")),
        }
        for sandbox in sandboxes
    ]
    columns = ("Sandbox", "Analysed", "Verdict", "Noticed", "Recordings", "Behaviour hash", "Changed")
    return tables.table("Reports of sandboxes", rows, columns, collapse=True)


_RECORDINGS = {
    "has_evtx": "EVTX",
    "has_pcap": "PCAP",
    "has_memdump": "memory dump",
    "has_html_report": "HTML report",
}


def day(value: Any) -> str:
    """Return the day of a moment, as `YYYY-MM-DD`; an unreadable one as its inert text."""
    return date(value).split(" ", 1)[0]


def verdicts_section(sandboxes: Sequence[Sandbox], subject: Mapping[str, Any]) -> Any | None:
    """Return the open table of what the sandboxes concluded, but for those that the file's own report has too."""
    verdicts = list(_verdicts_here(sandboxes, subject))
    closed = not any(verdict.bad for verdict in verdicts)
    return _table("Verdicts in reports of sandboxes", verdicts, collapse=closed)


def _table(title: str, verdicts: Sequence[SandboxVerdict], *, collapse: bool = False) -> Any | None:
    rows = [
        {
            "Sandbox": verdict.sandbox,
            "Verdict": tables.listed(word for word in verdict.verdicts if word != UNKNOWN) or "unknown",
            "Confidence": verdict.confidence,
            "Malware names": tables.listed(verdict.labels),
        }
        for verdict in verdicts
    ]
    columns = ("Sandbox", "Verdict", "Confidence", "Malware names")
    return tables.table(title, rows, columns, collapse=collapse, keep=("Verdict",))


def _verdicts_here(sandboxes: Sequence[Sandbox], subject: Mapping[str, Any]) -> Iterator[SandboxVerdict]:
    scored = {verdict.sandbox for verdict in of_subject(subject) if _worth(verdict) > 0}
    for verdict in map(verdict_of, sandboxes):
        if (verdict.verdicts or verdict.labels) and verdict.sandbox not in scored:
            yield verdict


def verdict_points(sandboxes: Sequence[Sandbox], subject: Mapping[str, Any], section: Any) -> Iterator[Points]:
    """Yield the points of each sandbox that holds the file to be bad.

    Args:
        sandboxes: The reports.
        subject: The file's own attributes; a verdict that scores in its `sandbox_verdicts` does not score again.
        section: Where the verdicts stand.
    """
    for verdict in _verdicts_here(sandboxes, subject):
        if verdict.bad:
            yield _points(verdict, verdict.amount, section)


def _points(verdict: SandboxVerdict, amount: int, section: Any) -> Points:
    confidence = f", confidence {verdict.confidence}" if verdict.confidence is not None else ""
    reason = f"{verdict.sandbox}: {', '.join(verdict.verdicts)}{confidence}"
    return Points(Family.BEHAVIOUR, f"verdict.{verdict.sandbox}", amount, reason, section)


# --- `sandbox_verdicts` of the file's own report ---------------------------------------------------------------------

_CATEGORIES = {"malicious": 150, "suspicious": 50}


def of_subject(attributes: Mapping[str, Any]) -> tuple[SandboxVerdict, ...]:
    """Return `sandbox_verdicts` of a file; the category comes first among the verdicts."""
    verdicts = []
    for name, value in pairs(attributes.get("sandbox_verdicts")):
        fields = as_mapping(value)
        words = (as_text(fields.get("category"), 60) or "unknown", *as_texts(fields.get("malware_classification"), 60))
        labels = as_texts(fields.get("malware_names"), 120)
        texts = _texts(fields.get("malware_names"), 120)
        verdicts.append(SandboxVerdict(name[:80], words, confidence(fields.get("confidence")), labels, (), texts))
    return tuple(sorted(verdicts, key=lambda verdict: (-_worth(verdict), verdict.sandbox.casefold())))


def _worth(verdict: SandboxVerdict) -> int:
    worst = _CATEGORIES.get(verdict.verdicts[0].lower(), 0)
    return worst if verdict.confidence is None else round(worst * verdict.confidence / 100)


def subject_section(verdicts: Sequence[SandboxVerdict]) -> Any | None:
    """Return the open table of the sandboxes' verdicts, or None where there are none."""
    return _table("Verdicts of sandboxes", verdicts)


def subject_points(verdicts: Sequence[SandboxVerdict], section: Any) -> Iterator[Points]:
    """Yield the points of each sandbox that holds the file to be malicious or suspicious."""
    for verdict in verdicts:
        if verdict.verdicts[0].lower() in _CATEGORIES:
            yield _points(verdict, _worth(verdict), section)
