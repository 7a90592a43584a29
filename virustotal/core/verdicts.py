"""What engines say of an object, in VirusTotal's words, and the rules that weigh it (docs/scoring.md)."""

from virustotal.core.scoring.families import MOST_FAMILIES, agreed_labels, attribution_tags, family_names, is_family
from virustotal.core.scoring.opinions import headline, opinions
from virustotal.core.scoring.trust import analyst_verdict, trusted_by
from virustotal.core.scoring.unwanted import UNWANTED_POINTS, UNWANTED_WORDS, unwanted_word
from virustotal.core.scoring.verdicts import (
    COUNTED_ATTRIBUTES,
    HOST_KINDS,
    POPULAR_RANK,
    best_rank,
    category_of,
    counters,
    detection_ratio,
    detections,
    needed_hits,
    stale_days,
)
from virustotal.core.scoring.words import (
    ANSWERED,
    BAD,
    MALICIOUS,
    NOT_ANALYSED,
    SUSPICIOUS,
    THRESHOLDS,
    counts_text,
    level_of,
    ratio,
    score_word,
    verdict_word,
    verdict_words,
)

__all__ = [
    "ANSWERED",
    "BAD",
    "COUNTED_ATTRIBUTES",
    "HOST_KINDS",
    "MALICIOUS",
    "MOST_FAMILIES",
    "NOT_ANALYSED",
    "POPULAR_RANK",
    "SUSPICIOUS",
    "THRESHOLDS",
    "UNWANTED_POINTS",
    "UNWANTED_WORDS",
    "agreed_labels",
    "analyst_verdict",
    "attribution_tags",
    "best_rank",
    "category_of",
    "counters",
    "counts_text",
    "detection_ratio",
    "detections",
    "family_names",
    "headline",
    "is_family",
    "level_of",
    "needed_hits",
    "opinions",
    "ratio",
    "score_word",
    "stale_days",
    "trusted_by",
    "unwanted_word",
    "verdict_word",
    "verdict_words",
]
