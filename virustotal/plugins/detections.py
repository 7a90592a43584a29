"""The engines' verdicts of the subject: tables by category, tags, the antivirus ontology, and what they score."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import (
    Analyzer,
    Detection,
    Evidence,
    Family,
    Finding,
    OntologyPart,
    Points,
    Verdict,
    hookimpl,
    tables,
)
from virustotal.core.readers import quantity, whole_text
from virustotal.core.verdicts import (
    BAD,
    MALICIOUS,
    MOST_FAMILIES,
    NOT_ANALYSED,
    SUSPICIOUS,
    attribution_tags,
    counters,
    family_names,
    level_of,
    verdict_words,
)

#: Categories in the order in which they are shown; unknown ones come last, by name.
CATEGORIES = (
    MALICIOUS,
    SUSPICIOUS,
    "harmless",
    "undetected",
    "failure",
    "timeout",
    "confirmed-timeout",
    "type-unsupported",
)
#: Rows of the open table, one for each name of malware, and engines that are named in a row.
MOST_RESULTS, MOST_ENGINES = 8, 4
#: The title of the table of all engines.
ALL = "All engines"
_COLUMNS = ("engine", "category", "result", "version", "updated", "rule")

#: Categories of Assemblyline's ontology (odm.models.ontology.results.antivirus); those without a verdict are left out.
ONTOLOGY: Mapping[str, str] = {
    MALICIOUS: MALICIOUS,
    SUSPICIOUS: SUSPICIOUS,
    "harmless": "undetected",
    "undetected": "undetected",
    "failure": "failure",
    "type-unsupported": "type-unsupported",
}


#: Kind of a subject to the tag that it gets on the section that scores it.
SUBJECT_TAGS: Mapping[str, str] = {
    "url": "network.static.uri",
    "domain": "network.static.domain",
    "ip_address": "network.static.ip",
}


@hookimpl
def virustotal_analyzers() -> tuple[Analyzer, ...]:
    """One analyser a kind of subject."""
    summary = "The engines' verdicts"
    return (
        Analyzer("detections", "file", analyze=analyze, order=0, summary=summary),
        *(
            Analyzer(f"{kind}_detections", kind, analyze=analyze, order=0, summary=summary)
            for kind in ("url", "domain", "ip_address")
        ),
    )


def analyze(evidence: Evidence) -> Iterator[Finding]:
    """Yield one section, what it scores, and for a file the ontology of its engines."""
    subject = evidence.report.subject
    verdict = evidence.judge(subject)
    stats = counters(subject)
    section = _section(verdict, stats)
    if section is None:
        return
    _tag(section, evidence, verdict)
    yield section
    if (
        verdict.counts.points
        or any(detection.category in BAD for detection in verdict.detections)
        or any(map(stats.get, BAD))
    ):
        family = Family.ENGINES if subject.ref.kind == "file" else Family.NETWORK
        points, reason = verdict.counts.points, " ".join(verdict.reasons) or "The engines' verdict."
        yield Points(family, f"engines.{level_of(points).value}", points, reason, section)
    if subject.ref.kind == "file":
        yield from _ontology(verdict.detections)


# --- tables ----------------------------------------------------------------------------------------------------------


def _section(verdict: Verdict, stats: Mapping[str, int]) -> ResultSection | None:
    """The open table of the names that engines give, if any, and the closed one of all engines."""
    if not verdict.detections:
        return _counted_only(verdict, stats)
    detections = sorted(
        verdict.detections,
        key=lambda detection: (_place((detection.category, None)), bool(detection.ignored_because)),
    )
    engines: ResultSection | None = tables.table(
        ALL, [_row(detection) for detection in detections], _COLUMNS, collapse=True, keep=("category",)
    )
    title = f"Detections: {verdict_words(verdict, verdict.counts.points)}"
    rows, columns = _results([detection for detection in detections if detection.category in BAD])
    section = tables.table(title, rows, columns, keep=("result",))
    if section is None or engines is None:
        return engines
    section.title_text = title
    section.add_subsection(engines)
    return section


def _results(detections: Sequence[Detection]) -> tuple[list[Mapping[str, Any]], Sequence[str]]:
    """Return a row for each name of malware, the most frequent first, and the columns."""
    engines: dict[tuple[str, str, str], list[str]] = {}
    for detection in detections:
        engines.setdefault((detection.result, detection.category, _rule(detection)), []).append(detection.engine)
    ordered = sorted(engines.items(), key=lambda group: -len(group[1]))
    rows: list[Mapping[str, Any]] = [
        {
            "result": result or "(no name)",
            "category": category,
            "count": len(names),
            "engines": tables.listed(names, MOST_ENGINES),
            "rule": rule,
        }
        for (result, category, rule), names in ordered[:MOST_RESULTS]
    ]
    if rest := ordered[MOST_RESULTS:]:
        rows.append({"result": quantity(len(rest), "other name"), "count": sum(len(names) for _, names in rest)})
    suspicious = any(category != MALICIOUS for _, category, _ in engines)
    return rows, ("result", *(("category",) if suspicious else ()), "count", "engines", "rule")


def _counted_only(verdict: Verdict, stats: Mapping[str, int]) -> ResultSection | None:
    """Reduced objects have counters and no engines, and some have neither."""
    title = f"Detections: {verdict_words(verdict, verdict.counts.points)}"
    shown = tables.key_values(title, sorted(stats.items(), key=_place))
    if shown is not None:
        shown.add_subsection(ResultSection("Counters alone", body="\n".join(verdict.reasons), auto_collapse=True))
    elif (words := verdict_words(verdict)) != NOT_ANALYSED:  # a plugin judges what no engine did
        shown = ResultSection(f"Verdict: {words}", body="\n".join(verdict.reasons))
    return shown


def _place(pair: tuple[str, Any]) -> tuple[int, str]:
    return (CATEGORIES.index(pair[0]) if pair[0] in CATEGORIES else len(CATEGORIES), pair[0])


def _row(detection: Detection) -> Mapping[str, Any]:
    return {
        "engine": detection.engine,
        "category": detection.category.replace("-", " "),
        "result": detection.result,
        "version": _version(detection),
        "updated": _updated(detection.update),
        "rule": _rule(detection),
    }


def _rule(detection: Detection) -> str:
    if detection.ignored_because:
        return f"ignored: {detection.ignored_because}"
    worth = ""
    if detection.score is not None:  # of an engine that found nothing no score counts, whatever a rule says
        worth = f"{detection.score} points" if detection.category in BAD else "not counted"
    return ": ".join(filter(None, (worth, detection.remapped_because)))


def _version(detection: Detection) -> str:
    return "" if detection.version.lower() == "none" else detection.version  # some engines say so in words


def _updated(value: str) -> str:
    """A day as `YYYY-MM-DD` where VirusTotal writes `YYYYMMDD`."""
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if len(value) == 8 and value.isdecimal() else value


# --- tags and ontology -----------------------------------------------------------------------------------------------


def _tag(section: ResultSection, evidence: Evidence, verdict: Verdict) -> None:
    """Tag names of malware and families of a file, and a URL, domain or IP address itself.

    What engines of URLs say is a category and no name.
    """
    subject = evidence.report.subject
    if subject.ref.kind != "file":
        value = whole_text(subject.attributes.get("url")) if subject.ref.kind == "url" else subject.ref.id
        if value and "@" not in value.partition("//")[2].partition("/")[0]:  # credentials are no part of a tag
            section.add_tag(SUBJECT_TAGS[subject.ref.kind], value)
        return
    for detection in verdict.detections:
        if detection.category in BAD and not detection.ignored_because and (name := whole_text(detection.result)):
            section.add_tag("av.virus_name", name)
    if verdict.score:
        names = family_names(verdict.detections, evidence.report.subject.attributes)
        for tag_type, name in islice(attribution_tags(names), MOST_FAMILIES):
            section.add_tag(tag_type, name)


def _ontology(detections: Sequence[Detection]) -> Iterator[OntologyPart]:
    for detection in detections:
        category = ONTOLOGY.get(detection.category)
        if category is not None and not detection.ignored_because:
            yield OntologyPart(
                "antivirus",
                {
                    "engine_name": detection.engine,
                    "engine_version": _version(detection) or None,
                    "engine_definition_version": detection.update or None,
                    "virus_name": (detection.result or None) if category in BAD else None,
                    "category": category,
                },
            )
