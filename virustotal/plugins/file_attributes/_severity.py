"""Severities of crowdsourced rules: their order, and what a rule of each is worth."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Family, Points
from virustotal.core.readers import as_list, as_mapping
from virustotal.core.tables import listed
from virustotal.plugins.file_attributes._cell_readers import lower

#: Severity to points of one rule. `low` and `info` are seen on most clean files, and score nothing.
WORTH: Mapping[str, int] = {"critical": 100, "high": 40, "medium": 10, "low": 0, "info": 0, "informational": 0}
_RANK = {level: rank for rank, level in enumerate(WORTH)}


def severity(value: Any) -> str:
    """Return a severity in lower case; one that is not known stays as it is written."""
    return str(lower(value))


def worst_first(value: Any, key: str) -> list[Any]:
    """Return the entries of a list sorted by severity, the worst first; unknown ones and what is no mapping last."""
    return sorted(as_list(value), key=lambda row: _RANK.get(severity(as_mapping(row).get(key)), len(_RANK)))


def by_severity(
    kind: str,
    rows: Sequence[Mapping[str, Any]],
    key: str,
    name: Callable[[Mapping[str, Any]], str],
    section: ResultSection,
) -> Iterator[Points]:
    """Yield points for each severity that scores: one amount for each rule of another name.

    kind: `Sigma` or `IDS`, for the name and the reason.
    """
    for level, worth in WORTH.items():
        rules = list(dict.fromkeys(name(row) or "unnamed" for row in rows if severity(row.get(key)) == level))
        if worth and rules:
            plural = "rule matches" if len(rules) == 1 else "rules match"
            reason = f"{len(rules)} crowdsourced {kind} {plural} with severity {level}: {listed(rules, 5)}."
            signature = f"crowdsourced_{kind.lower()}_{level}"
            yield Points(Family.CROWDSOURCED, signature, worth * len(rules), reason, section)
