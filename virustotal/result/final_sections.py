"""The sections at the end of a result: how the score came about, what failed, and notes."""

from collections.abc import Iterable, Sequence
from typing import Any

from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.heuristics import TITLES, Score
from virustotal.core.tables import lines, table
from virustotal.result.models import SubjectResult
from virustotal.result.section_builder import stacked

#: Titles of the sections at the end.
EXPLANATION, FAILED = "How this score came about", "Analysers that failed"
UNLOADED, NOTES = "Plugins that did not load", "Notes"
#: Rows of the explanation; points that count nothing are the first to be left out.
MOST_SCORES = 500
#: Reasons that count nothing and are shown.
MOST_UNCOUNTED = 20
#: Notes of analysers that are shown.
MOST_NOTES = 200


def explanation(scores: Sequence[Score], results: Sequence[SubjectResult]) -> Any | None:
    """Return the closed table of what counts, with what does not below it; None where no point was given."""
    several = len(results) > 1
    total = sum(score.counted for score in scores)
    counting = sorted((score for score in scores if score.counted), key=lambda score: -score.counted)
    rows = [
        {
            "family": TITLES[score.family],
            "name": score.name,
            "reason": score.reason,
            "points": score.amount,
            "counted": score.counted,
            "ATT&CK": ", ".join((*score.attack_ids, *(f"{id} (unknown)" for id in score.unknown_ids))),
            "subject": score.subject if several else "",
        }
        for score in counting[:MOST_SCORES]
    ]
    if rest := sum(score.counted for score in counting[MOST_SCORES:]):
        rows.append({"family": "All others", "reason": "Not listed one by one.", "points": rest, "counted": rest})
    columns = ("family", "reason", "counted", "points", "name", "ATT&CK", "subject")
    section = table("Points", rows, columns, most=len(rows), collapse=True, keep=("family", "reason", "counted"))
    reasons = tuple(dict.fromkeys(score.reason for score in scores if not score.counted))
    uncounted = lines("Points that do not count", reasons, most=MOST_UNCOUNTED, collapse=True)
    shown = stacked(section, uncounted)
    if shown is not None:
        shown.title_text = f"{EXPLANATION}: {total} points"
    return shown


def errors(contributions: Iterable[AnalyzerOutput], unloaded: Sequence[str]) -> Any | None:
    """Return the closed sections of failed analysers and of plugins that did not load, or None."""
    failed = [output for output in contributions if output.error]
    rows = [{"analyser": output.analyzer, "plugin": output.provider, "error": output.error} for output in failed]
    section = table(FAILED, rows, ("analyser", "plugin", "error"), collapse=True, keep=("plugin",))
    return stacked(section, lines(UNLOADED, unloaded, collapse=True))


def notes_section(contributions: Iterable[AnalyzerOutput], notes: Sequence[str], dropped: int) -> Any | None:
    """Return the sentences about the task and, closed, what was cut; None where there is nothing to say.

    Args:
        dropped: Tags that were left out.
    """
    cut = [f"{output.analyzer}: {note}" for output in contributions for note in output.notes]
    left_out = f"Tags of safelisted values or of hosts that are not public, left out: {dropped}."
    below = lines("What was cut or left out", [*cut, *([left_out] if dropped else [])], most=MOST_NOTES, collapse=True)
    return stacked(lines(NOTES, notes), below)
