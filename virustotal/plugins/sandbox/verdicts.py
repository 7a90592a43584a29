"""What each sandbox makes of the file: verdicts with confidence, malware names, and what it noticed (tags)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from virustotal.core import Family, Points, tables
from virustotal.core.readers import as_list, as_mapping, as_text, as_texts, date, pairs
from virustotal.plugins.sandbox.sandboxes import Sandbox, confidence
from virustotal.plugins.sandbox.severity import UNWANTED_VERDICTS, VERDICTS

_CLEAN = frozenset({"CLEAN", "UNKNOWN_VERDICT"})


@frozen
class SandboxVerdict:
    """The verdict of one sandbox; confidence is 0 to 100 or None, labels are the names it gives the malware.

    given: those of the labels and tags that were texts, and not our rendering of something else.
    """

    sandbox: str
    verdicts: tuple[str, ...]
    confidence: int | None
    labels: tuple[str, ...]
    tags: tuple[str, ...]
    given: frozenset[str]

    @property
    def amount(self) -> int:
        """Points: those of the worst verdict, by confidence where it is given."""
        worst = max((VERDICTS.get(each.upper(), 0) for each in self.verdicts), default=0)
        return worst if self.confidence is None else round(worst * self.confidence / 100)

    @property
    def bad(self) -> bool:
        """True for a verdict that is not clean, whatever its confidence."""
        return any(each.upper() not in _CLEAN for each in self.verdicts)


def verdict_of(sandbox: Sandbox) -> SandboxVerdict:
    """Return what a report says of the file as a whole."""
    known = sandbox.attributes
    return SandboxVerdict(
        sandbox.name,
        as_texts(known.get("verdicts"), 60),
        confidence(known.get("verdict_confidence")),
        as_texts(known.get("verdict_labels"), 120),
        as_texts(known.get("tags"), 80),
        _given(known.get("verdict_labels"), 120) | _given(known.get("tags"), 80),
    )


def _given(value: Any, longest: int) -> frozenset[str]:
    return frozenset(as_text(entry, longest) for entry in as_list(value) if isinstance(entry, str))


def section_of(found: Sequence[Sandbox]) -> Any | None:
    """Return the table of sandboxes: every one has a row, also one that saw nothing."""
    rows = []
    for sandbox in found:
        verdict = verdict_of(sandbox)
        known = sandbox.attributes
        rows.append(
            {
                "Sandbox": sandbox.name,
                "Verdict": tables.listed(verdict.verdicts),
                "Confidence": verdict.confidence,
                "Malware names": tables.listed(verdict.labels),
                "Noticed": tables.listed(verdict.tags),
                "Analysed": date(known.get("analysis_date")),
                "Recordings": ", ".join(word for flag, word in _RECORDINGS.items() if sandbox.has(flag)),
                "Behaviour hash": as_text(known.get("behash"), 100),
            }
        )
    columns = ("Sandbox", "Verdict", "Confidence", "Malware names", "Noticed", "Analysed", "Recordings")
    return tables.table("Sandboxes", rows, (*columns, "Behaviour hash"))


_RECORDINGS = {
    "has_evtx": "EVTX",
    "has_pcap": "PCAP",
    "has_memdump": "memory dump",
    "has_html_report": "HTML report",
}


def points_of(found: Sequence[Sandbox], subject: Mapping[str, Any], section: Any) -> Iterator[Points]:
    """Yield the points of each sandbox that holds the file to be bad.

    subject: the file's own attributes; a verdict that scores in its `sandbox_verdicts` does not score again.
    """
    elsewhere = {each.sandbox for each in of_subject(subject) if _worth(each) > 0}
    for verdict in map(verdict_of, found):
        if not verdict.bad:
            continue
        sure = f" with confidence {verdict.confidence}" if verdict.confidence is not None else ""
        reason = f"{verdict.sandbox} says {', '.join(verdict.verdicts)}{sure}"
        amount = verdict.amount
        if verdict.sandbox in elsewhere:
            amount, reason = 0, f"{reason}; the file's own report has it too, and counts it"
        yield Points(Family.BEHAVIOUR, f"verdict.{verdict.sandbox}", amount, reason, section)


# --- `sandbox_verdicts` of the file's own report ---------------------------------------------------------------------

_CATEGORIES = {"malicious": 150, "suspicious": 50}


def of_subject(attributes: Mapping[str, Any]) -> tuple[SandboxVerdict, ...]:
    """Return `sandbox_verdicts` of a file (API reference 6.3); the category comes first among the verdicts."""
    found = []
    for name, value in pairs(attributes.get("sandbox_verdicts")):
        known = as_mapping(value)
        said = (as_text(known.get("category"), 60) or "unknown", *as_texts(known.get("malware_classification"), 60))
        labels = as_texts(known.get("malware_names"), 120)
        given = _given(known.get("malware_names"), 120)
        found.append(SandboxVerdict(name[:80], said, confidence(known.get("confidence")), labels, (), given))
    return tuple(sorted(found, key=lambda each: (-_worth(each), each.sandbox.casefold())))


def _worth(verdict: SandboxVerdict) -> int:
    worst = _CATEGORIES.get(verdict.verdicts[0].lower(), 0)
    classes = verdict.verdicts[1:]
    if classes and all(word.upper() in UNWANTED_VERDICTS for word in classes):
        worst = round(worst / 3)
    return worst if verdict.confidence is None else round(worst * verdict.confidence / 100)


def subject_section(found: Sequence[SandboxVerdict]) -> Any | None:
    """Return the table of the sandboxes' verdicts, or None where there are none."""
    rows = [
        {
            "Sandbox": each.sandbox,
            "Category": each.verdicts[0],
            "Verdict": tables.listed(each.verdicts[1:]),
            "Confidence": each.confidence,
            "Malware names": tables.listed(each.labels),
        }
        for each in found
    ]
    return tables.table(
        "Verdicts of sandboxes", rows, ("Sandbox", "Category", "Verdict", "Confidence", "Malware names")
    )


def subject_points(found: Sequence[SandboxVerdict], section: Any) -> Iterator[Points]:
    """Yield the points of each sandbox that holds the file to be malicious or suspicious."""
    for each in found:
        if each.verdicts[0].lower() in _CATEGORIES:
            sure = f" with confidence {each.confidence}" if each.confidence is not None else ""
            reason = f"{each.sandbox} says {', '.join(each.verdicts)}{sure}"
            yield Points(Family.BEHAVIOUR, f"verdict.{each.sandbox}", _worth(each), reason, section)
