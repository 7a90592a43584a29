"""What each sandbox makes of the file: verdicts with confidence, malware names, and what it noticed (tags)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from virustotal.core import Family, Points, tables
from virustotal.core.readers import as_list, as_mapping, as_text, as_texts, boolean, day, integer, pairs
from virustotal.plugins.sandbox.cell_text import plain_text
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.severity import VERDICTS

#: The word of a sandbox that concluded nothing.
UNKNOWN = "UNKNOWN_VERDICT"
_CLEAN = frozenset({"CLEAN", UNKNOWN})


@frozen
class SandboxVerdict:
    """The verdict of one sandbox.

    Attributes:
        verdicts: The words, in the order of the answer; a category comes first.
        confidence: 0 to 100, or None.
        labels: The names that it gives the malware.
        names: Those of the labels that came as text, which alone can be tags.
        bad: True where it is not clean, whatever its confidence.
        worst: Points of the worst word at full confidence.
    """

    sandbox: str
    verdicts: tuple[str, ...]
    confidence: int | None
    labels: tuple[str, ...]
    names: tuple[str, ...]
    bad: bool
    worst: int

    @property
    def amount(self) -> int:
        """Points: those of the worst word, by confidence where it is given."""
        return self.worst if self.confidence is None else round(self.worst * self.confidence / 100)


def verdict_of(sandbox: Sandbox) -> SandboxVerdict:
    """Return what a report says of the file as a whole."""
    fields = sandbox.attributes
    words = as_texts(fields.get("verdicts"), 60)
    return SandboxVerdict(
        sandbox.name,
        words,
        _confidence(fields.get("verdict_confidence")),
        as_texts(fields.get("verdict_labels"), 120),
        _names(fields.get("verdict_labels")),
        bad=any(word.upper() not in _CLEAN for word in words),
        worst=max((VERDICTS.get(word.upper(), 0) for word in words), default=0),
    )


def _names(labels: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (plain_text(label, 120) for label in as_list(labels)))))


def _confidence(value: Any) -> int | None:
    number = integer(value)
    return number if number is not None and 0 <= number <= 100 else None


def reports_section(sandboxes: Sequence[Sandbox]) -> Any | None:
    """Return the closed table of reports: every sandbox has a row, also one that saw nothing."""
    rows = [
        {
            "Sandbox": name,
            "Analysed": day(fields.get("analysis_date")),
            "Verdict": tables.listed(as_texts(fields.get("verdicts"), 60)),
            "Noticed": tables.listed(as_texts(fields.get("tags"), 80)),
            "Recordings": ", ".join(word for flag, word in _RECORDINGS.items() if boolean(fields.get(flag))),
            "Behaviour hash": as_text(fields.get("behash"), 100),
            "Changed": day(fields.get("last_modification_date")),
        }
        for name, fields in ((sandbox.name, sandbox.attributes) for sandbox in sandboxes)
    ]
    columns = ("Sandbox", "Analysed", "Verdict", "Noticed", "Recordings", "Behaviour hash", "Changed")
    return tables.table("Reports of sandboxes", rows, columns, collapse=True)


_RECORDINGS = {
    "has_evtx": "EVTX",
    "has_pcap": "PCAP",
    "has_memdump": "memory dump",
    "has_html_report": "HTML report",
}


def new_verdicts(verdicts: Iterable[SandboxVerdict], subject: Mapping[str, Any]) -> list[SandboxVerdict]:
    """Return what the sandboxes concluded, but for those that score in the `sandbox_verdicts` of the file."""
    scored = {verdict.sandbox for verdict in of_subject(subject) if verdict.amount > 0}
    return [verdict for verdict in verdicts if (verdict.verdicts or verdict.labels) and verdict.sandbox not in scored]


def verdicts_section(title: str, verdicts: Sequence[SandboxVerdict], *, collapse: bool = False) -> Any | None:
    """Return the table of what the sandboxes concluded, or None where there is nothing."""
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


def verdict_points(verdicts: Iterable[SandboxVerdict], section: Any) -> Iterator[Points]:
    """Yield the points of each sandbox whose verdict is bad."""
    for verdict in verdicts:
        if verdict.bad:
            confidence = f", confidence {verdict.confidence}" if verdict.confidence is not None else ""
            reason = f"{verdict.sandbox}: {', '.join(verdict.verdicts)}{confidence}"
            yield Points(Family.BEHAVIOUR, f"verdict.{verdict.sandbox}", verdict.amount, reason, section)


# --- `sandbox_verdicts` of the file's own report ---------------------------------------------------------------------

_CATEGORIES = {"malicious": 150, "suspicious": 50}


def of_subject(attributes: Mapping[str, Any]) -> tuple[SandboxVerdict, ...]:
    """Return `sandbox_verdicts` of a file, the worst first; the category comes first among the words."""
    verdicts = []
    for sandbox, value in pairs(attributes.get("sandbox_verdicts")):
        fields = as_mapping(value)
        words = (as_text(fields.get("category"), 60) or "unknown", *as_texts(fields.get("malware_classification"), 60))
        labels = as_texts(fields.get("malware_names"), 120)
        names = _names(fields.get("malware_names"))
        worst = _CATEGORIES.get(words[0].lower(), 0)
        verdicts.append(
            SandboxVerdict(
                sandbox[:80], words, _confidence(fields.get("confidence")), labels, names, bad=worst > 0, worst=worst
            )
        )
    return tuple(sorted(verdicts, key=lambda verdict: (-verdict.amount, verdict.sandbox.casefold())))
