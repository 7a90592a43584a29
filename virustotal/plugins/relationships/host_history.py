"""Resolutions of a domain or IP address, and the history of its WHOIS records and certificates."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import (
    Analyzer,
    Evidence,
    Finding,
    Object,
    Ref,
    Related,
    Settings,
    certificates,
    hookimpl,
    relationships,
    tables,
)
from virustotal.core.readers import as_mapping, as_text, date
from virustotal.core.relationships import Relationship
from virustotal.core.whois import whois_map_facts
from virustotal.plugins.relationships.columns import Column, add, attribute_column, link_column, read_by
from virustotal.plugins.relationships.record_table import record_analyzer, record_table, timeline
from virustotal.plugins.relationships.related_section import analyzer_of
from virustotal.plugins.relationships.related_verdicts import analysis_ratio

# --- resolutions -----------------------------------------------------------------------------------------------------


def _resolution_columns(subject: Ref) -> Sequence[Column]:
    label, name, without = ("IP address", "ip_address", str.removesuffix)
    if subject.kind == "ip_address":
        label, name, without = ("Domain", "host_name", str.removeprefix)

    def other_end(obj: Object) -> str:
        # A bare id joins both ends.
        return as_text(obj.attributes.get(name) or without(obj.ref.id, subject.id))

    return (
        attribute_column("Date", "date", date),
        Column(label, other_end, (name,)),
        attribute_column("IP address detections", "ip_address_last_analysis_stats", analysis_ratio),
        attribute_column("Domain detections", "host_name_last_analysis_stats", analysis_ratio),
        attribute_column("Resolver", "resolver"),
    )


def _resolutions(entry: Relationship) -> Analyzer:
    def analyze(evidence: Evidence) -> Iterator[Finding]:
        section = record_table(entry.title, evidence.related, _resolution_columns(evidence.report.subject.ref))
        if section is not None:
            yield section

    return analyzer_of(entry, 350, analyze, read_by(_resolution_columns(Ref(entry.kind, ""))))


# --- WHOIS and certificates ------------------------------------------------------------------------------------------


def _mapped(label: str, *keys: str) -> Column:
    """A column of the first of these keys that a `whois_map` has."""

    def read(whois_map: Any) -> str:
        return next((text for key in keys if (text := as_text(as_mapping(whois_map).get(key)))), "")

    return attribute_column(label, "whois_map", read)


def _first_seen(obj: Object) -> str:
    return date(obj.context.get("first_seen_date")) or date(obj.attributes.get("first_seen_date"))


_WHOIS = (
    Column("First seen", _first_seen, ("first_seen_date",), context=("first_seen_date",)),
    attribute_column("Last updated", "last_updated", date),
    attribute_column("Registrar", "registrar_name"),
    _mapped("Registrant", "Registrant Organization", "Registrant Name", "organisation", "org-name", "OrgName"),
    attribute_column("Country", "registrant_country"),
    _mapped("Name servers", "Name Server", "nserver"),
    _mapped("Expires", "Registry Expiry Date", "Registrar Registration Expiration Date"),
)


def _newest_whois(related: Related, section: ResultSection, _settings: Settings) -> Iterator[Finding]:
    """Add the newest record whole, and a timeline of all."""
    newest = max(related.items, key=_first_seen)
    nodes = ((_first_seen(obj), as_text(obj.attributes.get("registrar_name")), "") for obj in related.items)
    add(section, timeline("Registrars over time", nodes))
    facts = whois_map_facts(newest.attributes.get("whois_map"))
    add(section, tables.key_values("Newest record", facts, collapse=True))
    yield section


_SUBJECT = attribute_column("Subject", "subject", certificates.distinguished)
_ISSUER = attribute_column("Issuer", "issuer", certificates.distinguished)
_CERTIFICATE = (
    Column("First seen", _first_seen, ("first_seen_date",), context=("first_seen_date",)),
    link_column("Port", "port"),
    _SUBJECT,
    _ISSUER,
    attribute_column("Valid from", "validity", lambda validity: date(as_mapping(validity).get("not_before"))),
    attribute_column("Valid to", "validity", lambda validity: date(as_mapping(validity).get("not_after"))),
    Column("Alternative names", lambda obj: certificates.alternative_names(obj.attributes), ("extensions",)),
    attribute_column("Thumbprint", "thumbprint_sha256"),
)


def _certificates_over_time(related: Related, section: ResultSection, _settings: Settings) -> Iterator[Finding]:
    nodes = ((_first_seen(obj), as_text(_SUBJECT.cell(obj)), as_text(_ISSUER.cell(obj))) for obj in related.items)
    add(section, timeline("Certificates over time", nodes))
    yield section


#: The maker of the analyser, by the kind of the records.
_MAKERS: Mapping[tuple[str, ...], Callable[[Relationship], Analyzer]] = {
    ("resolution",): _resolutions,
    ("whois",): lambda entry: record_analyzer(entry, 655, _WHOIS, _newest_whois),
    ("ssl_cert",): lambda entry: record_analyzer(entry, 656, _CERTIFICATE, _certificates_over_time),
}


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """Return the analysers of resolutions, WHOIS records and certificates."""
    return (_MAKERS[entry.yields](entry) for entry in relationships.CATALOGUE.values() if entry.yields in _MAKERS)
