"""Detections to a verdict: remap, safelist, thresholds, the explained score (docs/scoring.md)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from attrs import evolve

from virustotal.api.relationships import KINDS
from virustotal.core.models import Detection, EngineCounts, Level, Object, Verdict
from virustotal.core.scoring.safelist import NO_SAFELIST, Safelist
from virustotal.core.scoring.trust import (
    ANALYST_POINTS,
    BENIGN_ANALYST,
    DISAGREE_FROM,
    MOST_AGAINST_BENIGN,
    analyst_verdict,
    trusted_by,
)
from virustotal.core.scoring.unwanted import MOST_UNWANTED_POINTS, leading_unwanted
from virustotal.core.scoring.words import ANSWERED, BAD, MALICIOUS, SUSPICIOUS, counts_text, level_of, ratio
from virustotal.core.settings import Settings
from virustotal.util.readers import as_mapping, as_text, integer, pairs, timestamp

#: Folds the detections of one object through the remap hooks.
Remap = Callable[[tuple[Detection, ...], Object], tuple[Detection, ...]]
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

#: Attributes of which counts of engines are made.
COUNTED_ATTRIBUTES = ("last_analysis_results", "last_analysis_stats", "positives")
#: Attributes that a verdict reads, each with the kinds of objects that have it, for those who ask for some alone.
VERDICT_ATTRIBUTES: Mapping[str, Collection[str]] = {
    **dict.fromkeys((*COUNTED_ATTRIBUTES, "last_analysis_date"), KINDS),
    "popularity_ranks": HOST_KINDS,
    "gti_assessment": KINDS,
    **dict.fromkeys(("known_distributors", "nsrl_info", "popular_threat_classification", "trusted_verdict"), ("file",)),
    "url": ("url",),
}


def detections(obj: Object) -> tuple[Detection, ...]:
    """Return every engine's verdict in `last_analysis_results`, by engine."""
    # Not `pairs`: an engine under an empty key may have its name within, and counts in any case.
    engines = as_mapping(obj.attributes.get("last_analysis_results"))
    listed = [_detection(name, as_mapping(entry).get) for name, entry in engines.items()]
    listed.sort(key=lambda detection: (detection.engine.lower(), detection.engine, detection.result, detection.version))
    return tuple(listed)


def _detection(name: object, get: Callable[[str], object]) -> Detection:
    # By position: some seven thousand are made in a task, and names take a third of that time more.
    return Detection(
        _text(get("engine_name")) or as_text(name) or UNNAMED,
        category_of(get("category")),
        _text(get("result")),
        _text(get("engine_version")),
        _text(get("engine_update")),
    )


#: The same few thousand names and versions come with every object of a task; longer texts are not kept.
_LONGEST_KEPT = 120
_kept_text = lru_cache(maxsize=8192)(as_text)


def _text(value: object) -> str:
    if value is None:
        return ""
    return _kept_text(value) if isinstance(value, str) and len(value) <= _LONGEST_KEPT else as_text(value)


def category_of(value: object) -> str:
    """Return a category as VirusTotal writes it: lower case and hyphens (`typeUnsupported` is `type-unsupported`)."""
    return _category(value) if isinstance(value, str) and len(value) <= _LONGEST_KEPT else _category(as_text(value, 60))


@lru_cache(maxsize=1024)
def _category(value: str) -> str:
    name = as_text(value, 60).lower().replace("_", "-").replace(" ", "-")
    return {"typeunsupported": "type-unsupported", "confirmedtimeout": "confirmed-timeout"}.get(name, name)


def counters(obj: Object) -> Mapping[str, int]:
    """Return `last_analysis_stats` by category, or what reduced objects have instead (`positives`)."""
    counts: Counter[str] = Counter()
    for name, value in pairs(obj.attributes.get("last_analysis_stats")):
        count = integer(value)
        if count is not None and 0 <= count < 1_000_000:
            counts[category_of(name)] += count
    positives = integer(obj.attributes.get("positives"))
    if not counts and positives is not None and 0 <= positives < 1_000_000:
        counts[MALICIOUS] = positives
    return counts


def answered_engines(obj: Object) -> int:
    """Return how many engines came to a verdict, whatever plugins make of it: by the list or the counters."""
    listed = Counter(detection.category for detection in detections(obj))
    # Some answers list only the engines that detected something: the counters have the others.
    return max(_answered(listed), _answered(counters(obj)))


def detection_ratio(obj: Object, verdict: Verdict) -> str:
    """Return how many engines of those that answered detect an object, such as `3/90`; empty where none answered."""
    answered = [detection for detection in verdict.detections if detection.category in ANSWERED]
    hits = sum(detection.category in BAD and not detection.ignored_because for detection in answered)
    return f"{hits}/{len(answered)}" if answered else ratio(counters(obj))


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
    else the engines' own, weighed against those who trust the object. An analyst's malicious verdict goes before both.
    None of them makes a safelisted or popular host score.
    """
    results = detections(obj)
    results = remap(results, obj) if remap is not None else results
    if safelist.lists("av.virus_name"):
        results = tuple(_ignore_safelisted(detection, safelist) for detection in results)
    own = judge_engines(obj, results, settings)
    decided = decide(obj, results) if decide is not None else None
    verdict = _weigh_trust(obj, own) if decided is None else _bound(decided, own)
    return _apply_exemption(_apply_analyst(obj, verdict), obj, safelist)


def _ignore_safelisted(detection: Detection, safelist: Safelist) -> Detection:
    if detection.ignored_because or not detection.result or not safelist.matches("av.virus_name", detection.result):
        return detection
    return evolve(detection, ignored_because="safelisted on the platform (av.virus_name)")


def _bound(verdict: Verdict, own: Verdict) -> Verdict:
    """Return a hook's verdict within the cap, with the engines' counts; where it names no detections, the engines'."""
    verdict = evolve(verdict, detections=verdict.detections or own.detections, counts=own.counts)
    return _with_score(verdict, max(0, min(MOST_ENGINE_POINTS, verdict.score)))


def _with_score(verdict: Verdict, score: int, because: str = "", level: Level | None = None) -> Verdict:
    """Return a verdict with another score, and the level that the platform has for it.

    Args:
        because: One more reason, if any.
        level: The verdict's own where it is not given; `clean` and `unknown` stay where the score does not contradict.
    """
    by_score, level = level_of(score), level or verdict.level
    if by_score is not Level.INFORMATIONAL or level not in {Level.CLEAN, Level.UNKNOWN}:
        level = by_score
    reasons = (*verdict.reasons, because) if because else verdict.reasons
    return evolve(verdict, level=level, score=score, reasons=reasons, counts=evolve(verdict.counts, points=score))


# --- people, trust, and hosts that are never scored ------------------------------------------------------------------


def _weigh_trust(obj: Object, verdict: Verdict) -> Verdict:
    """Weigh the engines against those who vouch for a file, and against an analyst's benign verdict."""
    trust, benign = trusted_by(obj), analyst_verdict(obj) == "benign"
    if not trust and not benign:
        return verdict
    who = ", ".join(filter(None, (BENIGN_ANALYST if benign else "", trust)))
    verdict = evolve(verdict, trusted_by=who)
    if verdict.counts.malicious < DISAGREE_FROM:
        because = f"Not scored: trusted by {who}, and fewer than {DISAGREE_FROM} engines disagree."
        return _with_score(verdict, 0, because if verdict.score else "", Level.CLEAN)
    limit = f": at most {MOST_AGAINST_BENIGN} points" if benign else ""
    score = min(verdict.score, MOST_AGAINST_BENIGN) if benign else verdict.score
    return _with_score(verdict, score, f"Trusted by {who}, which disagrees with the engines{limit}.")


def _apply_analyst(obj: Object, verdict: Verdict) -> Verdict:
    """An analyst's malicious verdict holds, whatever engines say. What engines alone give stays in the counts."""
    if analyst_verdict(obj) != "malicious":
        return verdict
    reasons = (*verdict.reasons, "A Mandiant analyst holds it to be malicious.")
    return evolve(verdict, level=level_of(ANALYST_POINTS), score=ANALYST_POINTS, reasons=reasons)


def exemption(obj: Object, safelist: Safelist) -> str:
    """Return why an object is never scored, whatever is said of it, as a sentence; empty where it may be."""
    if listed := _safelisted_as(obj, safelist):
        return f"The {listed} is safelisted on the platform, so it is not scored."
    rank = best_rank(obj) if obj.ref.kind in HOST_KINDS else None
    if rank is not None and rank <= POPULAR_RANK:
        return f"The host is popular (rank {rank}), so it is not scored."
    return ""


def _safelisted_as(obj: Object, safelist: Safelist) -> str:
    if obj.ref.kind in HOST_KINDS and safelist.holds_host(obj.ref.id):
        return "host"
    url = obj.ref.kind == "url" and safelist.holds_url(as_text(obj.attributes.get("url"), 8192))
    return "URL" if url else ""


def _apply_exemption(verdict: Verdict, obj: Object, safelist: Safelist) -> Verdict:
    because = exemption(obj, safelist)
    if not because:
        return verdict
    because = because if verdict.score or verdict.counts.hits else ""
    if _safelisted_as(obj, safelist):
        return evolve(_with_score(verdict, 0, because, Level.CLEAN), trusted_by="the platform's safelist")
    return _with_score(verdict, 0, because)


# --- the engines' own verdict ----------------------------------------------------------------------------------------


def judge_engines(obj: Object, results: Iterable[Detection], settings: Settings) -> Verdict:
    """Return the built-in verdict: of the engines' results, or of the counters where an object has no others."""
    results, stats = tuple(results), counters(obj)
    listed = Counter(detection.category for detection in results)
    counted = [detection for detection in results if detection.category in BAD and not detection.ignored_because]
    bad = Counter(detection.category for detection in counted) if listed else stats
    # Some answers list only the engines that detected something: the counters have the others.
    engines = max(_answered(listed), _answered(stats))
    counts = EngineCounts(bad.get(MALICIOUS, 0), bad.get(SUSPICIOUS, 0), engines)
    notes = tuple(_notes(listed, len(counted), stats, settings))
    if not engines:
        unanswered = ("No engine came to a verdict.",) if listed or stats else ()
        return Verdict(Level.UNKNOWN, results, (*unanswered, *notes))
    half = " A suspicious engine weighs half." if counts.suspicious else ""
    summary = f"{counts_text(counts).capitalize()}.{half}"
    if counts.hits >= needed_hits(settings):
        score, reasons = _score(obj, counts, counted, settings)
        counts = evolve(counts, points=score)
    else:
        below = f"Not scored: below the hit threshold of {settings.av_config.hit_threshold}."
        score, reasons = 0, [below] if counts.hits else []
        counts = evolve(counts, below_threshold=counts.hits > 0)
    return Verdict(level_of(score), results, (summary, *reasons, *notes), score, counts)


def _unwanted(obj: Object, settings: Settings) -> str:
    """Return the unwanted category that leads; empty where `revised_kw_score_map` gives it its full weight back."""
    category = leading_unwanted(obj)
    keywords = settings.av_config.revised_kw_score_map
    restored = any(score >= MALICIOUS_POINTS and word.casefold() in category for word, score in keywords.items())
    return "" if restored else category


def needed_hits(settings: Settings) -> float:
    """Return how many hits count: a malicious engine is one, a suspicious one half; 0 and 1 both mean any engine."""
    threshold = settings.av_config.hit_threshold
    return 0.5 if threshold <= 1 else float(threshold)


def _notes(listed: Mapping[str, int], counted: int, stats: Mapping[str, int], settings: Settings) -> Iterator[str]:
    """Yield what the analyst has to know of a list of engines, or of counters alone.

    Args:
        listed: The engines of the list by category.
        counted: How many of them count as malicious or suspicious.
        stats: VirusTotal's own counters.
    """
    if not listed:
        if stats and (settings.av_config.term_blocklist or settings.av_config.specific_AVs):
            yield "VirusTotal gave counters alone, without the engines' names: av_config could not be applied."
        return
    if ignored := sum(listed.get(category, 0) for category in BAD) - counted:
        yield f"Not counted: {ignored} that are ignored by the configuration or the safelist."
    for category in BAD:
        counters_say, list_says = stats.get(category, 0), listed.get(category, 0)
        if stats and counters_say != list_says:
            yield f"VirusTotal's counters say {counters_say} {category}, its list of engines says {list_says}."


def _answered(stats: Mapping[str, int]) -> int:
    return sum(count for name, count in stats.items() if name in ANSWERED)


def _score(
    obj: Object, counts: EngineCounts, counted: Iterable[Detection], settings: Settings
) -> tuple[int, list[str]]:
    """Return the larger of two sums: of the malicious engines, and of all as if they were suspicious.

    So a suspicious engine adds nothing on top of malicious ones, and none that turns malicious lowers the score.
    """
    own: dict[str, list[int]] = {MALICIOUS: [], SUSPICIOUS: []}
    for detection in counted:
        if detection.score is not None:
            own[detection.category].append(max(0, min(MOST_ENGINE_POINTS, detection.score)))
    plain_malicious = counts.malicious - len(own[MALICIOUS])
    plain_suspicious = counts.suspicious - len(own[SUSPICIOUS])
    malicious = plain_malicious * MALICIOUS_POINTS
    suspicious = min(MOST_SUSPICIOUS_POINTS, (plain_malicious + plain_suspicious) * SUSPICIOUS_POINTS)
    score = max(malicious, suspicious + sum(own[SUSPICIOUS])) + sum(own[MALICIOUS])
    reasons = []
    if remapped := sum(map(len, own.values())):
        reasons.append(f"{remapped} of them have a score of their own, by av_config or as unwanted software.")
    few = (counts.malicious + counts.suspicious) / counts.engines < FULL_RATIO
    if few and obj.ref.kind in NETWORK_KINDS:
        score //= 2
        reasons.append(f"Less than {FULL_RATIO:.0%} of the engines that answered: half the points.")
    if score > MOST_ENGINE_POINTS:
        score = MOST_ENGINE_POINTS
        reasons.append(f"Engines alone give no more than {MOST_ENGINE_POINTS} points.")
    if score > MOST_UNWANTED_POINTS and (category := _unwanted(obj, settings)):
        score = MOST_UNWANTED_POINTS
        reasons.append(f"VirusTotal's threat category is {category}: engines give {score} points at most.")
    return score, reasons
