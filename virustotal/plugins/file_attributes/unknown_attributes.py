"""Attributes that no other analyser shows: those that VirusTotal adds after this service was written."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from virustotal.core import Analyzer, Finding, Settings, hookimpl
from virustotal.core.tables import brief, key_values
from virustotal.plugins import file_attributes
from virustotal.plugins.file_attributes._attribute_table import MOST_PARTS, SectionSpec, analyzer, build_sections, nests
from virustotal.plugins.file_attributes._cell_readers import label

#: What header, overview, detections and coverage of the subject show, and what only the API itself needs.
ELSEWHERE: frozenset[str] = frozenset(
    (
        *("available_tools", "downloadable", "expiration", "first_seen_itw_date"),
        *("first_submission_date", "gti_assessment", "last_analysis_date", "last_analysis_results"),
        *("last_analysis_stats", "last_modification_date", "last_seen_itw_date", "last_submission_date", "md5"),
        *("meaningful_name", "names", "popular_threat_classification", "positives", "reputation"),
        *("sandbox_verdicts", "sha1", "sha256", "size", "tags", "threat_severity", "threat_verdict"),
        *("times_submitted", "total_votes", "unique_sources"),
    )
)


def shown_by_siblings(settings: Settings) -> frozenset[str]:
    """Return the attributes that the other analysers of this package name in their `needs`."""
    names = [info.name for info in pkgutil.iter_modules(file_attributes.__path__, f"{file_attributes.__name__}.")]
    modules = [importlib.import_module(name) for name in names if "._" not in name and name != __name__]
    siblings = [sibling for module in modules for sibling in module.virustotal_analyzers(settings)]
    return frozenset(name for sibling in siblings for name in sibling.needs.attributes)


def analyze(shown_elsewhere: frozenset[str], attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a section for each attribute with something inside, and one for all plain values."""
    values = {key: value for key, value in attributes.items() if key not in shown_elsewhere}
    nested = [key for key, value in values.items() if key.endswith("_info") or nests(value)]
    yield from build_sections(values, *(SectionSpec(key, f"Attribute {label(key)}") for key in nested[:MOST_PARTS]))
    plain = [(label(key), brief(value)) for key, value in values.items() if key not in nested]
    if len(nested) > MOST_PARTS:
        plain.append(("Not shown", brief(nested[MOST_PARTS:])))
    if (section := key_values("Further attributes", plain[:200])) is not None:
        yield section


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of everything else."""
    summary = "Attributes without an analyser of their own."
    shown_elsewhere = shown_by_siblings(settings) | ELSEWHERE
    return (analyzer("other", 498, summary, analyze=partial(analyze, shown_elsewhere)),)
