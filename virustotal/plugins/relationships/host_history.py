"""Resolutions of a domain or IP address, and the history of its WHOIS records and certificates."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import (
    Analyzer,
    Evidence,
    Finding,
    Object,
    Ref,
    Settings,
    certificates,
    hookimpl,
    relationships,
    tables,
)
from virustotal.core.readers import as_mapping, as_text, date
from virustotal.core.relationships import Relationship
from virustotal.core.whois import whois_map_facts
from virustotal.plugins.relationships.columns import Column, add, date_column, link_column, plain_column, read_by
from virustotal.plugins.relationships.record_table import record_analyzer, record_table, timeline
from virustotal.plugins.relationships.related_section import analyzer_of
from virustotal.plugins.relationships.related_verdicts import stats_column

# --- resolutions -----------------------------------------------------------------------------------------------------


def _other_end(obj: Object, kind: str, subject: str) -> str:
    """The address of a domain's resolution, the name of an address's: also out of the bare id, which joins both."""
    if name := obj.attributes.get("ip_address" if kind == "domain" else "host_name"):
        return as_text(name)
    id = obj.ref.id
    return as_text(id.removesuffix(subject) if kind == "domain" else id.removeprefix(subject))


def _resolution_columns(subject: Ref) -> Sequence[Column]:
    other = Column(
        "IP address" if subject.kind == "domain" else "Domain",
        lambda obj: _other_end(obj, subject.kind, subject.id),
        ("ip_address" if subject.kind == "domain" else "host_name",),
    )
    return (
        date_column("Date", "date"),
        other,
        stats_column("IP address detections", "ip_address_last_analysis_stats"),
        stats_column("Domain detections", "host_name_last_analysis_stats"),
        plain_column("Resolver", "resolver"),
    )


def _resolutions(entry: Relationship) -> Analyzer:
    def analyze(evidence: Evidence) -> Iterator[Finding]:
        related = evidence.related
        if related is not None:
            section = record_table(entry.title, related, _resolution_columns(evidence.report.subject.ref))
            yield from () if section is None else (section,)

    return analyzer_of(entry, 350, analyze, read_by(_resolution_columns(Ref(entry.kind, ""))))


# --- WHOIS and certificates ------------------------------------------------------------------------------------------


def _mapped(label: str, *keys: str) -> Column:
    """A column of the first of these keys that a `whois_map` has."""

    def read(obj: Object) -> str:
        fields = as_mapping(obj.attributes.get("whois_map"))
        return next((text for key in keys if (text := as_text(fields.get(key)))), "")

    return Column(label, read, ("whois_map",))


def _first_seen(obj: Object) -> str:
    return date(obj.context.get("first_seen_date")) or date(obj.attributes.get("first_seen_date"))


_WHOIS = (
    Column("First seen", _first_seen, ("first_seen_date",), context=("first_seen_date",)),
    date_column("Last updated", "last_updated"),
    plain_column("Registrar", "registrar_name"),
    _mapped("Registrant", "Registrant Organization", "Registrant Name", "organisation", "org-name", "OrgName"),
    plain_column("Country", "registrant_country"),
    _mapped("Name servers", "Name Server", "nserver"),
    _mapped("Expires", "Registry Expiry Date", "Registrar Registration Expiration Date"),
)


def _newest_whois(evidence: Evidence, section: ResultSection) -> Iterator[Finding]:
    """Add the newest record whole, and a timeline of all."""
    items = evidence.related.items if evidence.related else ()
    newest = max(items, key=_first_seen, default=None)
    nodes = ((_first_seen(obj), as_text(obj.attributes.get("registrar_name")), "") for obj in items)
    add(section, timeline("Registrars over time", sorted(nodes, reverse=True)))
    if newest is not None:
        facts = whois_map_facts(newest.attributes.get("whois_map"))
        add(section, tables.key_values("Newest record", facts, collapse=True))
    yield from ()


def _certificate(label: str, name: str, read: Callable[[Any], str]) -> Column:
    return Column(label, lambda obj: read(obj.attributes.get(name)), (name,))


_CERTIFICATE = (
    Column("First seen", _first_seen, ("first_seen_date",), context=("first_seen_date",)),
    link_column("Port", "port"),
    _certificate("Subject", "subject", certificates.distinguished),
    _certificate("Issuer", "issuer", certificates.distinguished),
    _certificate("Valid from", "validity", lambda validity: date(as_mapping(validity).get("not_before"))),
    _certificate("Valid to", "validity", lambda validity: date(as_mapping(validity).get("not_after"))),
    Column("Alternative names", lambda obj: certificates.alternative_names(obj.attributes), ("extensions",)),
    plain_column("Thumbprint", "thumbprint_sha256"),
)


def _certificates_over_time(evidence: Evidence, section: ResultSection) -> Iterator[Finding]:
    items = evidence.related.items if evidence.related else ()
    nodes = (
        (_first_seen(obj), as_text(_CERTIFICATE[2].cell(obj)), as_text(_CERTIFICATE[3].cell(obj))) for obj in items
    )
    add(section, timeline("Certificates over time", sorted(nodes, reverse=True)))
    yield from ()


#: The maker of the analyser, by the kind of the records.
_MAKERS: Mapping[tuple[str, ...], Callable[[Relationship], Analyzer]] = {
    ("resolution",): _resolutions,
    ("whois",): lambda entry: record_analyzer(entry, 655, _WHOIS, _newest_whois),
    ("ssl_cert",): lambda entry: record_analyzer(entry, 656, _CERTIFICATE, _certificates_over_time),
}
_ANALYZERS: tuple[Analyzer, ...] = tuple(
    _MAKERS[entry.yields](entry) for entry in relationships.CATALOGUE.values() if entry.yields in _MAKERS
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of resolutions, WHOIS records and certificates."""
    return _ANALYZERS
