"""What engines say of an object, in VirusTotal's words, and the rules that weigh it (docs/scoring.md)."""

from virustotal.core.scoring.verdicts import (
    ANSWERED,
    BAD,
    HOST_KINDS,
    MALICIOUS,
    POPULAR_RANK,
    SUSPICIOUS,
    best_rank,
    category_of,
    counters,
    detections,
    needed_hits,
    stale_days,
)

__all__ = [
    "ANSWERED",
    "BAD",
    "HOST_KINDS",
    "MALICIOUS",
    "POPULAR_RANK",
    "SUSPICIOUS",
    "best_rank",
    "category_of",
    "counters",
    "detections",
    "needed_hits",
    "stale_days",
]
