"""What the sandboxes' own judgements are worth in points, before the family's cap (docs/scoring.md)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from virustotal.core.readers import as_text

#: The order of severities, the worst first; the last one is for what VirusTotal does not say.
ORDER = ("critical", "high", "medium", "low", "info", "unknown")
#: Severities whose rules are shown open.
SERIOUS = frozenset({"critical", "high"})
#: Rules of one sort below `high` that count: many of them match clean programs too.
MOST_MINOR = 5

#: Points of one signature of a sandbox, one ATT&CK technique without a signature, one Sigma rule, one IDS rule.
SIGNATURE: Mapping[str, int] = MappingProxyType({"critical": 150, "high": 100, "medium": 30, "low": 5})
TECHNIQUE: Mapping[str, int] = MappingProxyType({"critical": 100, "high": 50, "medium": 20})
SIGMA: Mapping[str, int] = MappingProxyType({"critical": 200, "high": 100, "medium": 30, "low": 5})
IDS: Mapping[str, int] = MappingProxyType({"critical": 200, "high": 150, "medium": 50, "low": 10})

#: Severities of Sigma and IDS rules that score in the file's own report (`crowdsourced` in docs/scoring.md).
SCORED_IN_FILE = frozenset({"critical", "high", "medium"})

#: Verdicts of sandboxes that mean unwanted software: a third of the points.
UNWANTED_VERDICTS = ("ADWARE", "GREYWARE")
#: Points of a sandbox's verdict at full confidence; of several the highest counts.
VERDICTS: Mapping[str, int] = MappingProxyType(
    {
        **dict.fromkeys(("BANKER", "EXPLOIT", "MALWARE", "PHISHING", "RANSOM", "RAT", "SPREADER", "STEALER"), 150),
        **dict.fromkeys(("TROJAN", "EVADER"), 150),
        **dict.fromkeys(UNWANTED_VERDICTS, 50),
    }
)


def severity(value: Any) -> str:
    """Return one of ORDER for `IMPACT_SEVERITY_HIGH`, `HIGH`, `high` and their like; unknown ones are `unknown`."""
    word = as_text(value, 60).lower().removeprefix("impact_severity_")
    word = {"informational": "info", "information": "info", "moderate": "medium"}.get(word, word)
    return word if word in ORDER else "unknown"


def rank(word: str) -> int:
    """Return the place in ORDER, 0 for the worst."""
    return ORDER.index(word)
