"""Detections to a verdict: remap, safelist, thresholds, the explained score (docs/scoring.md)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from attrs import evolve, field, frozen

from virustotal.core.models import Detection, Level, Object, Verdict
from virustotal.core.scoring.safelist import NO_SAFELIST, Safelist
from virustotal.core.settings import Settings
from virustotal.util.readers import as_mapping, as_text, integer, pairs, timestamp

#: Folds the detections of one object through the remap hooks.
Remap = Callable[[tuple[Detection, ...]], tuple[Detection, ...]]
#: The first verdict of the verdict hooks, or None.
Decide = Callable[[Object, tuple[Detection, ...]], Verdict | None]

#: Points of one engine that calls the object malicious, and of one that calls it suspicious.
MALICIOUS_POINTS = 100
SUSPICIOUS_POINTS = 50
#: The most that suspicious engines add up to without a malicious one; remapped scores stand beside it.
MOST_SUSPICIOUS_POINTS = 500
#: The most that the engines of one object add up to.
MOST_ENGINE_POINTS = 1000
#: Below this part of the engines that answered, a URL, domain or IP address gets half the points.
FULL_RATIO = 0.05
#: A domain with this rank or a better one in any list is popular, and never scored.
POPULAR_RANK = 10_000

#: What an engine is called that has neither a key nor a name.
UNNAMED = "(unnamed)"

NETWORK_KINDS = frozenset({"url", "domain", "ip_address"})
HOST_KINDS = frozenset({"domain", "ip_address"})
MALICIOUS, SUSPICIOUS = "malicious", "suspicious"
BAD = (MALICIOUS, SUSPICIOUS)
#: Categories of engines that looked and came to a verdict.
ANSWERED = frozenset({MALICIOUS, SUSPICIOUS, "undetected", "harmless"})

#: Attributes that a verdict reads, for those who ask for some attributes only.
VERDICT_ATTRIBUTES = (
    "last_analysis_results",
    "last_analysis_stats",
    "last_analysis_date",
    "positives",
    "popularity_ranks",
    "url",
)


def detections(obj: Object) -> tuple[Detection, ...]:
    """Return every engine's verdict in `last_analysis_results`, by engine."""
    # Not `pairs`: an engine under an empty key may have its name within, and counts in any case.
    given = as_mapping(obj.attributes.get("last_analysis_results"))
    found = (_detection(as_text(key) or UNNAMED, as_mapping(entry)) for key, entry in given.items())
    return tuple(sorted(found, key=lambda each: (each.engine.lower(), each.engine, each.result, each.version)))


def _detection(name: str, entry: Mapping[str, object]) -> Detection:
    return Detection(
        engine=_said(entry.get("engine_name")) or name,
        category=category_of(entry.get("category")),
        result=_said(entry.get("result")),
        version=_said(entry.get("engine_version")),
        update=_said(entry.get("engine_update")),
    )


#: The same few thousand names and versions come with every object of a task; longer texts are not kept.
_LONGEST_KEPT = 120
_text_of = lru_cache(maxsize=8192)(as_text)


def _said(value: object) -> str:
    return _text_of(value) if isinstance(value, str) and len(value) <= _LONGEST_KEPT else as_text(value)


def category_of(value: object) -> str:
    """Return a category as VirusTotal writes it: lower case and hyphens (`typeUnsupported` is `type-unsupported`)."""
    return _category(value) if isinstance(value, str) and len(value) <= _LONGEST_KEPT else _category(as_text(value, 60))


@lru_cache(maxsize=1024)
def _category(value: str) -> str:
    name = as_text(value, 60).lower().replace("_", "-").replace(" ", "-")
    return {"typeunsupported": "type-unsupported", "confirmedtimeout": "confirmed-timeout"}.get(name, name)


def counters(obj: Object) -> Mapping[str, int]:
    """Return `last_analysis_stats` by category, or what reduced objects have instead (`positives`)."""
    found: dict[str, int] = {}
    for name, value in pairs(obj.attributes.get("last_analysis_stats")):
        count = integer(value)
        if count is not None and 0 <= count < 1_000_000:
            found[category_of(name)] = found.get(category_of(name), 0) + count
    positives = integer(obj.attributes.get("positives"))
    if not found and positives is not None and 0 <= positives < 1_000_000:
        found[MALICIOUS] = positives
    return found


def best_rank(obj: Object) -> int | None:
    """Return the best place of a domain in `popularity_ranks`, or None where no list has it."""
    ranks = (integer(as_mapping(entry).get("rank")) for _, entry in pairs(obj.attributes.get("popularity_ranks")))
    return min((rank for rank in ranks if rank is not None and rank > 0), default=None)


def stale_days(obj: Object, settings: Settings, now: datetime) -> int | None:
    """Return the age in days of an analysis older than `stale_after_days`; None for any other, or an unknown age.

    With `stale_after_days` of 0 no analysis is stale.
    """
    moment = timestamp(obj.attributes.get("last_analysis_date"))
    if moment is None or not settings.stale_after_days:
        return None
    age = (now - moment).days
    return age if age > settings.stale_after_days else None


def judge(
    obj: Object,
    settings: Settings,
    remap: Remap | None = None,
    decide: Decide | None = None,
    safelist: Safelist = NO_SAFELIST,
) -> Verdict:
    """Return the verdict of one object; pure.

    The detections go through `remap`, then the safelist's `av.virus_name`; then the first answer of `decide` holds,
    else the engines' own. Neither makes a safelisted or popular host score.
    """
    found = detections(obj)
    found = remap(found) if remap is not None else found
    found = tuple(_safelisted(each, safelist) for each in found)
    verdict = decide(obj, found) if decide is not None else None
    verdict = _bounded(verdict, found) if verdict is not None else by_engines(obj, found, settings)
    return _never_scored(verdict, exempt(obj, safelist))


def _safelisted(each: Detection, safelist: Safelist) -> Detection:
    if each.ignored_because or not each.result or not safelist.matches("av.virus_name", each.result):
        return each
    return evolve(each, ignored_because="safelisted on the platform (av.virus_name)")


def _bounded(verdict: Verdict, found: tuple[Detection, ...]) -> Verdict:
    """A hook's own verdict, within the cap; where it names no detections, the engines' stay listed."""
    score = max(0, min(MOST_ENGINE_POINTS, verdict.score))
    return evolve(verdict, score=score, detections=verdict.detections or found)


def exempt(obj: Object, safelist: Safelist) -> str:
    """Return why an object is never scored, whatever is said of it, as a sentence; empty where it may be."""
    if obj.ref.kind in HOST_KINDS and safelist.holds_host(obj.ref.id):
        return "The host is safelisted on the platform, so it is not scored."
    if obj.ref.kind == "url" and safelist.holds_url(as_text(obj.attributes.get("url"), 8192)):
        return "The URL is safelisted on the platform, so it is not scored."
    rank = best_rank(obj) if obj.ref.kind in HOST_KINDS else None
    if rank is not None and rank <= POPULAR_RANK:
        return f"The host is popular (rank {rank}), so it is not scored."
    return ""


def _never_scored(verdict: Verdict, because: str) -> Verdict:
    if not because or (verdict.score == 0 and verdict.level.rank <= Level.CLEAN.rank):
        return verdict
    return evolve(verdict, level=Level.CLEAN, score=0, reasons=(*verdict.reasons, because))


# --- the engines' own verdict ----------------------------------------------------------------------------------------


@frozen
class _EngineCounts:
    """What the engines said. answered: ignored ones too, so that ignoring an engine never makes a ratio worse."""

    malicious: int = 0
    suspicious: int = 0
    answered: int = 0
    remapped_malicious: tuple[int, ...] = ()
    remapped_suspicious: tuple[int, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def hits(self) -> float:
        return self.malicious + self.suspicious / 2

    @property
    def ratio(self) -> float:
        return self.hits / self.answered if self.answered else 1.0


def by_engines(obj: Object, found: Iterable[Detection], settings: Settings) -> Verdict:
    """Return the built-in verdict: of the detections, or of the counters where an object has no others."""
    found = tuple(found)
    stats = counters(obj)
    tally = _tally(found, stats) if found else _tally_of_counters(stats, settings)
    if not tally.answered:
        return Verdict(
            Level.UNKNOWN, found, (*(("No engine came to a verdict.",) if found or stats else ()), *tally.notes)
        )
    needed = needed_hits(settings)
    summary = f"{_count(tally)} of {tally.answered} engines."
    if tally.hits < needed:
        below = f"That is below the hit threshold of {settings.av_config.hit_threshold}, so it is not scored."
        return Verdict(Level.CLEAN, found, (summary, *([below] if tally.hits else []), *tally.notes))
    half = obj.ref.kind in NETWORK_KINDS and tally.ratio < FULL_RATIO
    level = Level.MALICIOUS if tally.malicious >= needed and not half else Level.SUSPICIOUS
    score, reasons = _score(tally, half)
    return Verdict(level, found, (summary, *reasons, *tally.notes), score)


def needed_hits(settings: Settings) -> float:
    """Return how many hits count: a malicious engine is one, a suspicious one half; 0 and 1 both mean any engine."""
    threshold = settings.av_config.hit_threshold
    return 0.5 if threshold <= 1 else float(threshold)


def _count(tally: _EngineCounts) -> str:
    suspicious = f" and {tally.suspicious} suspicious" if tally.suspicious else ""
    return f"{tally.malicious} malicious{suspicious}"


def _tally(found: tuple[Detection, ...], stats: Mapping[str, int]) -> _EngineCounts:
    counted = [each for each in found if not each.ignored_because]
    bad = {name: [each for each in counted if each.category == name] for name in BAD}
    ignored = sum(1 for each in found if each.ignored_because and each.category in bad)
    notes = [f"Not counted: {ignored} that are ignored by the configuration or the safelist."] if ignored else []
    for name in BAD:
        listed = sum(1 for each in found if each.category == name)
        if stats and stats.get(name, 0) != listed:
            notes.append(f"VirusTotal's counters say {stats.get(name, 0)} {name}, its list of engines says {listed}.")
    return _EngineCounts(
        malicious=len(bad[MALICIOUS]),
        suspicious=len(bad[SUSPICIOUS]),
        answered=sum(1 for each in found if each.category in ANSWERED),
        remapped_malicious=tuple(each.score for each in bad[MALICIOUS] if each.score is not None),
        remapped_suspicious=tuple(each.score for each in bad[SUSPICIOUS] if each.score is not None),
        notes=tuple(notes),
    )


def _tally_of_counters(stats: Mapping[str, int], settings: Settings) -> _EngineCounts:
    notes = []
    config = settings.av_config
    if stats and (config.term_blocklist or config.specific_AVs):
        notes.append("VirusTotal gave counters alone, without the engines' names: av_config could not be applied.")
    answered = sum(count for name, count in stats.items() if name in ANSWERED)
    return _EngineCounts(stats.get(MALICIOUS, 0), stats.get(SUSPICIOUS, 0), answered, notes=tuple(notes))


def _score(tally: _EngineCounts, half: bool) -> tuple[int, list[str]]:
    """The larger of two sums: of the malicious engines, and of all as if they were suspicious.

    So a suspicious engine adds nothing on top of malicious ones, and none that turns malicious lowers the score.
    """
    plain_malicious = tally.malicious - len(tally.remapped_malicious)
    plain_suspicious = tally.suspicious - len(tally.remapped_suspicious)
    own_malicious = sum(map(_worth, tally.remapped_malicious))
    malicious = plain_malicious * MALICIOUS_POINTS + own_malicious
    suspicious = min(MOST_SUSPICIOUS_POINTS, (plain_malicious + plain_suspicious) * SUSPICIOUS_POINTS)
    suspicious += own_malicious + sum(map(_worth, tally.remapped_suspicious))
    score = max(malicious, suspicious)
    reasons = []
    if remapped := len(tally.remapped_malicious) + len(tally.remapped_suspicious):
        reasons.append(f"{remapped} of them have a score of their own by av_config.")
    if half:
        score //= 2
        reasons.append(f"Less than {FULL_RATIO:.0%} of the engines that answered: half the points.")
    if score > MOST_ENGINE_POINTS:
        reasons.append(f"Engines alone give no more than {MOST_ENGINE_POINTS} points.")
    return min(MOST_ENGINE_POINTS, score), reasons


def _worth(score: int) -> int:
    return max(0, min(MOST_ENGINE_POINTS, score))
