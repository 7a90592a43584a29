"""Names around a domain, DNS records and resolutions, and the history of WHOIS and certificates."""

from collections.abc import Iterator, Sequence
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
from virustotal.core.readers import as_mapping, as_text, date, integer, pairs
from virustotal.core.verdicts import category_of
from virustotal.core.whois import whois_map_facts
from virustotal.plugins.relationships.columns import Column, add, dated, linked, plain, read_by
from virustotal.plugins.relationships.judged import ratio
from virustotal.plugins.relationships.record_table import record_table, records, timeline
from virustotal.plugins.relationships.related_object import related_object
from virustotal.plugins.relationships.related_table import named, related_table

# --- resolutions -----------------------------------------------------------------------------------------------------


def _stats(label: str, name: str) -> Column:
    def read(obj: Object) -> str:
        return ratio({category_of(key): integer(count) or 0 for key, count in pairs(obj.attributes.get(name))})

    return Column(label, read, (name,))


def _other_end(obj: Object, kind: str, subject: str) -> str:
    """The address of a domain's resolution, the name of an address's: also out of the bare id, which joins both."""
    known = obj.attributes.get("ip_address" if kind == "domain" else "host_name")
    if known:
        return as_text(known)
    id = obj.ref.id
    return as_text(id.removesuffix(subject) if kind == "domain" else id.removeprefix(subject))


def _resolution_columns(subject: Ref) -> Sequence[Column]:
    other = Column(
        "IP address" if subject.kind == "domain" else "Domain",
        lambda obj: _other_end(obj, subject.kind, subject.id),
        ("ip_address" if subject.kind == "domain" else "host_name",),
    )
    return (
        dated("Date", "date"),
        other,
        _stats("Detections of the address", "ip_address_last_analysis_stats"),
        _stats("Detections of the name", "host_name_last_analysis_stats"),
        plain("Resolver", "resolver"),
    )


def _resolutions(kind: str) -> Analyzer:
    entry = relationships.CATALOGUE[kind, "resolutions"]

    def analyze(evidence: Evidence) -> Iterator[Finding]:
        related = evidence.related
        if related is not None:
            section = record_table(entry.title, related, _resolution_columns(evidence.report.subject.ref))
            yield from () if section is None else (section,)

    needs, name = read_by(_resolution_columns(Ref(kind, ""))), named(kind, "resolutions")
    return Analyzer(name, kind, "resolutions", analyze=analyze, needs=needs, order=350, summary=entry.title)


# --- WHOIS and certificates ------------------------------------------------------------------------------------------


def _mapped(label: str, *keys: str) -> Column:
    """A column of the first of these keys that a `whois_map` has."""

    def read(obj: Object) -> str:
        found = as_mapping(obj.attributes.get("whois_map"))
        return next((shown for key in keys if (shown := as_text(found.get(key)))), "")

    return Column(label, read, ("whois_map",))


def _first_seen(obj: Object) -> str:
    return date(obj.context.get("first_seen_date")) or date(obj.attributes.get("first_seen_date"))


_WHOIS = (
    Column("First seen", _first_seen, ("first_seen_date",), context=("first_seen_date",)),
    dated("Last updated", "last_updated"),
    plain("Registrar", "registrar_name"),
    _mapped("Registrant", "Registrant Organization", "Registrant Name", "organisation", "org-name", "OrgName"),
    plain("Country", "registrant_country"),
    _mapped("Name servers", "Name Server", "nserver"),
    _mapped("Expires", "Registry Expiry Date", "Registrar Registration Expiration Date"),
)


def _newest_whois(evidence: Evidence, section: ResultSection) -> Iterator[Finding]:
    """Add the newest record whole, and a timeline of all."""
    found = evidence.related.items if evidence.related else ()
    newest = max(found, key=_first_seen, default=None)
    nodes = ((_first_seen(obj), as_text(obj.attributes.get("registrar_name")), "") for obj in found)
    add(section, timeline("Registrars over time", sorted(nodes, reverse=True)))
    if newest is not None:
        facts = whois_map_facts(newest.attributes.get("whois_map"))
        add(section, tables.key_values("The newest record", facts, collapse=True))
    yield from ()


def _certificate(label: str, read: Any, attribute: str) -> Column:
    return Column(label, lambda obj: read(obj.attributes), (attribute,))


_CERTIFICATE = (
    Column("First seen", _first_seen, ("first_seen_date",), context=("first_seen_date",)),
    linked("Port", "port"),
    _certificate("Subject", lambda found: certificates.distinguished(found.get("subject")), "subject"),
    _certificate("Issuer", lambda found: certificates.distinguished(found.get("issuer")), "issuer"),
    _certificate("Valid from", lambda found: date(as_mapping(found.get("validity")).get("not_before")), "validity"),
    _certificate("Valid to", lambda found: date(as_mapping(found.get("validity")).get("not_after")), "validity"),
    _certificate("Alternative names", certificates.alternative_names, "extensions"),
    plain("Thumbprint", "thumbprint_sha256"),
)


def _certificates_over_time(evidence: Evidence, section: ResultSection) -> Iterator[Finding]:
    found = evidence.related.items if evidence.related else ()
    nodes = (
        (_first_seen(obj), as_text(_CERTIFICATE[2].cell(obj)), as_text(_CERTIFICATE[3].cell(obj))) for obj in found
    )
    add(section, timeline("Certificates over time", sorted(nodes, reverse=True)))
    yield from ()


_NAMES = ("siblings", "subdomains")
_RECORDS = ("caa_records", "cname_records", "mx_records", "ns_records", "soa_records")

_ANALYZERS: tuple[Analyzer, ...] = (
    related_object("domain", "parent", 330),
    related_object("domain", "immediate_parent", 331),
    *(related_table("domain", name, 335) for name in _NAMES),
    *(related_table("domain", name, 340) for name in _RECORDS),
    *(_resolutions(kind) for kind in ("domain", "ip_address")),
    *(records(kind, "historical_whois", 655, _WHOIS, _newest_whois) for kind in ("domain", "ip_address")),
    *(
        records(kind, "historical_ssl_certificates", 656, _CERTIFICATE, _certificates_over_time)
        for kind in ("domain", "ip_address")
    ),
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of names, DNS records, WHOIS and certificates."""
    return _ANALYZERS
