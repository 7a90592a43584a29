"""The one vocabulary of verdicts: Assemblyline's word for a score, the engines' categories, and their counts."""

from collections.abc import Mapping

from virustotal.core.models import EngineCounts, Level, Verdict

#: The platform's defaults (`submission.verdicts`): the least score of each word, the highest first.
THRESHOLDS: tuple[tuple[int, Level], ...] = (
    (1000, Level.MALICIOUS),
    (700, Level.HIGHLY_SUSPICIOUS),
    (300, Level.SUSPICIOUS),
)
#: Categories of engines that detect something, and of those that came to a verdict.
MALICIOUS, SUSPICIOUS = "malicious", "suspicious"
BAD = (MALICIOUS, SUSPICIOUS)
ANSWERED = frozenset({*BAD, "undetected", "harmless"})
#: Said where no engine came to a verdict.
NOT_ANALYSED = "not analysed"


def level_of(score: int) -> Level:
    """Return the platform's level of a score; `INFORMATIONAL` below all thresholds."""
    return next((level for least, level in THRESHOLDS if score >= least), Level.INFORMATIONAL)


def score_word(score: int) -> str:
    """Return the platform's word for a score, such as `highly suspicious`; empty below `suspicious`."""
    level = level_of(score)
    return "" if level is Level.INFORMATIONAL else level.value


def verdict_word(verdict: Verdict, score: int | None = None) -> str:
    """Return one word for a verdict; empty where only the counts tell.

    Args:
        score: The number beside which the word stands; the verdict's own where it is not given.
    """
    word = score_word(verdict.score if score is None else score)
    if word or verdict.level not in {Level.CLEAN, Level.UNKNOWN}:
        return word
    return Level.CLEAN.value if verdict.level is Level.CLEAN else NOT_ANALYSED


def counts_text(counts: EngineCounts) -> str:
    """Return what the engines say, such as `3 malicious and 1 suspicious of 63 engines`."""
    if not counts.engines:
        return NOT_ANALYSED
    if not counts.malicious and not counts.suspicious:
        return f"no detections, 0 of {counts.engines} engines"
    kinds = ((counts.malicious, MALICIOUS), (counts.suspicious, SUSPICIOUS))
    detected = " and ".join(f"{count} {kind}" for count, kind in kinds if count)
    detected = detected if counts.suspicious else str(counts.malicious)
    return f"{detected} of {counts.engines} engines{', below the threshold' if counts.below_threshold else ''}"


def ratio(counts: Mapping[str, int]) -> str:
    """Return counts by category as detections of engines that answered, such as `3/90`; empty where none answered."""
    total = sum(counts.get(category, 0) for category in ANSWERED)
    return f"{sum(counts.get(category, 0) for category in BAD)}/{total}" if total > 0 else ""


def verdict_words(verdict: Verdict, score: int | None = None) -> str:
    """Return the words for a title or a heading: the platform's word, if any, and the engines' counts.

    Args:
        score: The number beside which the words stand; the verdict's own where it is not given.
    """
    word = verdict_word(verdict, score)
    if word and not verdict.counts.engines:
        return word
    return ", ".join(filter(None, (word, counts_text(verdict.counts))))
