"""Sections that more than one kind of subject has: categories, favicon, certificate, WHOIS, RDAP, context."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Evidence, Finding, Needs, certificates, tables
from virustotal.core import whois as whois_text
from virustotal.core.readers import as_mapping, as_mappings, as_text, date, pairs

#: Makes the sections of one part out of the subject's attributes; None stands for nothing to show.
Part: TypeAlias = Callable[[Mapping[str, Any]], Iterable[ResultSection | None]]
#: The summary of a part, the part, and the attributes that it shows.
PartEntry: TypeAlias = tuple[str, Part, tuple[str, ...]]


#: What the header, the detections, the overview and the assessment show of every kind of subject.
ELSEWHERE = frozenset(
    (
        *("expiration", "first_seen_itw_date", "first_submission_date", "last_analysis_date", "last_analysis_results"),
        *("last_analysis_stats", "last_modification_date", "last_seen_itw_date", "last_submission_date"),
        *("gti_assessment", "mandiant_ic_score", "names", "reputation", "tags", "threat_names", "threat_severity"),
        *("threat_verdict", "times_submitted", "total_votes", "unique_sources"),
    )
)


def analyzers(kind: str, parts: Mapping[str, PartEntry]) -> tuple[Analyzer, ...]:
    """Return one analyser for each part of a kind of subject, in this order, and one of all other attributes."""
    shown = ELSEWHERE.union(*(attributes for _, _, attributes in parts.values()))
    return (
        *(
            Analyzer(
                f"{kind}_{name}",
                kind,
                analyze=_shown(part),
                needs=Needs(attributes),
                order=order,
                summary=summary,
            )
            for order, (name, (summary, part, attributes)) in enumerate(parts.items(), 400)
        ),
        Analyzer(
            f"{kind}_other", kind, analyze=_others(shown), order=498, summary="Attributes that nothing else shows"
        ),
    )


def _others(shown: frozenset[str]) -> Callable[[Evidence], Iterator[Finding]]:
    def analyze(evidence: Evidence) -> Iterator[Finding]:
        section = tables.further_attributes((evidence.report.subject,), shown)
        if section is not None:
            yield section

    return analyze


def _shown(part: Part) -> Callable[[Evidence], Iterator[Finding]]:
    def analyze(evidence: Evidence) -> Iterator[Finding]:
        yield from filter(None, part(evidence.report.subject.attributes))

    return analyze


def facts(title: str, summary: str, /, **rows: tuple[str, Callable[[Any], Any]]) -> PartEntry:
    """Return a part that shows attributes as one section of key-values: the label and the reader of each."""

    def part(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
        yield tables.key_values(title, [(label, read(attributes.get(name))) for name, (label, read) in rows.items()])

    return summary, part, tuple(rows)


def categories(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the categories that vendors put it into."""
    rows = [
        {"Vendor": vendor, "Category": as_text(category)} for vendor, category in pairs(attributes.get("categories"))
    ]
    yield tables.table("Categories", rows, ("Vendor", "Category"))


def favicon(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the hashes of the site's icon."""
    icon = as_mapping(attributes.get("favicon"))
    yield tables.key_values(
        "Favicon", (("MD5", as_text(icon.get("raw_md5"))), ("Perceptual hash", as_text(icon.get("dhash"))))
    )


def certificate(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the certificate that the host last answered with, tagged as Assemblyline's `cert`."""
    fields = as_mapping(attributes.get("last_https_certificate"))
    seen = date(attributes.get("last_https_certificate_date"))
    section = tables.key_values("Certificate" + (f" (seen {seen})" if seen else ""), certificates.facts(fields))
    if section is not None:
        section.set_tags(certificates.tags(fields))
    yield section


def whois(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield WHOIS and RDAP as VirusTotal gives them, bounded and collapsed."""
    seen = date(attributes.get("whois_date"))
    title = "WHOIS" + (f" (of {seen})" if seen else "")
    yield tables.key_values(title, whois_text.whois_facts(attributes.get("whois")), collapse=True)
    yield tables.key_values("RDAP", whois_text.rdap_facts(attributes.get("rdap")), collapse=True)


def context(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield what the crowd tells of it: titles, severities, sources."""
    rows = [
        {
            "Title": entry.get("title"),
            "Severity": entry.get("severity"),
            "Source": entry.get("source"),
            "Date": date(entry.get("timestamp")),
            "Details": entry.get("details"),
        }
        for entry in as_mappings(attributes.get("crowdsourced_context"))
    ]
    yield tables.table("Crowdsourced context", rows, ("Title", "Severity", "Source", "Date", "Details"))


CATEGORIES: PartEntry = ("Categories by vendor", categories, ("categories",))
FAVICON: PartEntry = ("Favicon hashes", favicon, ("favicon",))
CONTEXT: PartEntry = ("Crowdsourced context", context, ("crowdsourced_context",))
CERTIFICATE: PartEntry = (
    "Certificate last seen",
    certificate,
    ("last_https_certificate", "last_https_certificate_date"),
)
WHOIS: PartEntry = ("WHOIS and RDAP", whois, ("whois", "whois_date", "rdap"))
