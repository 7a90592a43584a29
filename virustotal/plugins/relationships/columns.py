"""What is told of a related object, by its kind, and of the link that led to it, by the relationship."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection
from attrs import frozen

from virustotal.core import Needs, Object
from virustotal.core.noise import is_noise_address, is_noise_host
from virustotal.core.readers import as_list, as_mapping, as_mappings, as_text, as_texts, clean, date, host_of, pairs
from virustotal.core.tables import further_attributes, listed
from virustotal.core.verdicts import HOST_KINDS, POPULAR_RANK, best_rank

#: Longest URL or name that is shown whole and may become a tag.
LONGEST_NAME = 4_096
#: Characters of a cell, so that hundreds of rows stay readable.
LONGEST_CELL = 300


@frozen
class Column:
    """One column of a table or one line of key-values.

    Attributes:
        attributes: The attributes that `read` looks at.
        longest: Characters of a cell.
        context: The context attributes that `read` looks at.
    """

    label: str
    read: Callable[[Object], Any]
    attributes: tuple[str, ...] = ()
    longest: int = LONGEST_CELL
    context: tuple[str, ...] = ()

    def cell(self, obj: Object) -> Any:
        """Return what is shown of an object: a number as it is, everything else as bounded inert text."""
        value = self.read(obj)
        if isinstance(value, int):
            return value
        return as_text(listed(value) if isinstance(value, list | tuple) else value, self.longest)


def _as_it_is(value: Any) -> Any:
    return value


def attribute_column(
    label: str, name: str, read: Callable[[Any], Any] = _as_it_is, longest: int = LONGEST_CELL
) -> Column:
    """Return a column of one attribute as `read` returns it; lists become one cell."""
    return Column(label, lambda obj: read(obj.attributes.get(name)), (name,), longest)


def link_column(label: str, name: str, read: Callable[[Any], Any] = _as_it_is) -> Column:
    """Return a column of one context attribute, a fact about the link, as `read` returns it."""
    return Column(label, lambda obj: read(obj.context.get(name)), context=(name,))


def descriptors(value: Any) -> tuple[str, ...]:
    """Return what descriptors (`{type, id}`) name, as texts."""
    return as_texts(
        [f"{as_text(entry.get('type'))} {as_text(entry.get('id'))}".strip() for entry in as_mappings(value)]
    )


ID = Column("Id", lambda obj: obj.ref.id)
#: Through which objects a link leads.
THROUGH = link_column("Through", "related_from", descriptors)


def read_by(columns: Iterable[Column], *more: str) -> Needs:
    """Return what columns read, and other attributes by their names."""
    return Needs(tuple(sorted({name for column in columns for name in column.attributes}.union(more))))


def further_section(objs: Iterable[Object], columns: Iterable[Column], *more: str) -> ResultSection | None:
    """Return the closed text of what no column shows, or None where there is nothing.

    Args:
        more: Attributes and context attributes that are shown otherwise.
    """
    columns = tuple(columns)
    shown = {name for column in columns for name in column.attributes}.union(more)
    return further_attributes(objs, shown, {name for column in columns for name in column.context}.union(more))


def add(section: ResultSection, part: ResultSection | None) -> None:
    """Add a subsection, where there is one."""
    if part is not None:
        section.add_subsection(part)


def address(obj: Object) -> str:
    """Return the address of a URL object: of the link, else its own; empty where only its id is known."""
    for value in (obj.context.get("url"), obj.attributes.get("url")):
        for entry in as_list(value):
            if isinstance(entry, str) and entry.strip():
                return entry.strip()
    return ""


def identity(obj: Object) -> str:
    """Return what an analyst calls an object, inert: a URL's address and never its id, for all others the id."""
    return as_text(address(obj) if obj.ref.kind == "url" else obj.ref.id, LONGEST_NAME)


def tag_value(obj: Object) -> str:
    """Return the identity where it is exactly what VirusTotal sent; empty where it was cut or made inert."""
    raw = address(obj) if obj.ref.kind == "url" else obj.ref.id
    return raw if clean(raw, LONGEST_NAME) == raw else ""


def is_noise(obj: Object) -> bool:
    """Return whether every machine contacts such a host, or the host of such a URL: it is shown and not tagged."""
    if obj.ref.kind == "ip_address":
        return is_noise_address(obj.ref.id, as_text(obj.attributes.get("as_owner")))
    return is_noise_host(host_of(address(obj)) if obj.ref.kind == "url" else obj.ref.id)


def is_popular(obj: Object) -> bool:
    """True for a host of a high popularity rank: undetected it is not tagged, and no verdict makes it score."""
    rank = best_rank(obj) if obj.ref.kind in HOST_KINDS else None
    return rank is not None and rank <= POPULAR_RANK


def file_name(obj: Object) -> str:
    """Return the meaningful name of a file, else the first of its names."""
    names = (obj.attributes.get("meaningful_name"), *as_list(obj.attributes.get("names")))
    return next(filter(None, map(as_text, names)), "")


def _other_names(obj: Object) -> tuple[str, ...]:
    own = file_name(obj)  # once: some files have thousands of names
    return tuple(name for name in as_texts(obj.attributes.get("names")) if name != own)


def _threat_label(classification: Any) -> str:
    return as_text(as_mapping(classification).get("suggested_threat_label"))


def threat(obj: Object) -> str:
    """Return what VirusTotal calls the threat of an object: the label of a file, the threat names of a URL."""
    if obj.ref.kind == "file":
        return _threat_label(obj.attributes.get("popular_threat_classification"))
    return listed(as_texts(obj.attributes.get("threat_names"))) if obj.ref.kind == "url" else ""


def _file_type(obj: Object) -> str:
    return as_text(obj.attributes.get("type_description")) or as_text(obj.attributes.get("type_tag"))


def _categories(by_vendor: Any) -> tuple[str, ...]:
    return as_texts([value for _, value in pairs(by_vendor)])


def _network(obj: Object) -> str:
    number_, owner = as_text(obj.attributes.get("asn")), as_text(obj.attributes.get("as_owner"))
    return " ".join(filter(None, (f"AS{number_}" if number_ else "", owner)))


def _titles(entries: Any) -> tuple[str, ...]:
    return as_texts([entry.get("title") for entry in as_mappings(entries)])


#: What is told of an object, by kind; its identity comes first and is not among them.
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "file": (
        Column("Name", file_name, ("meaningful_name", "names")),
        Column("Type", _file_type, ("type_description", "type_tag")),
        attribute_column("Size", "size"),
        attribute_column("Threat", "popular_threat_classification", _threat_label),
        attribute_column("First submitted", "first_submission_date", date),
        attribute_column("Last analysed", "last_analysis_date", date),
        Column("Other names", _other_names, ("meaningful_name", "names")),
    ),
    "domain": (
        attribute_column("Registrar", "registrar"),
        attribute_column("Created", "creation_date", date),
        Column("Popularity rank", best_rank, ("popularity_ranks",)),
        attribute_column("Categories", "categories", _categories),
        attribute_column("First seen", "first_seen_itw_date", date),
        attribute_column("Last seen", "last_seen_itw_date", date),
        attribute_column("Last analysed", "last_analysis_date", date),
    ),
    "ip_address": (
        attribute_column("Country", "country"),
        Column("Autonomous system", _network, ("asn", "as_owner")),
        attribute_column("Network", "network"),
        attribute_column("Context", "crowdsourced_context", _titles),
        attribute_column("First seen", "first_seen_itw_date", date),
        attribute_column("Last seen", "last_seen_itw_date", date),
        attribute_column("Last analysed", "last_analysis_date", date),
    ),
    "url": (
        attribute_column("Title", "title"),
        attribute_column("HTTP status", "last_http_response_code"),
        attribute_column("Final URL", "last_final_url"),
        attribute_column("Threat", "threat_names", as_texts),
        attribute_column("Categories", "categories", _categories),
        attribute_column("First submitted", "first_submission_date", date),
        attribute_column("Last analysed", "last_analysis_date", date),
    ),
}

#: Attributes and context attributes that the identity is read of, by kind.
IDENTITY: Mapping[str, tuple[str, ...]] = {"url": ("url",)}

#: What the first column of a table is called, by the kind of its objects.
LABELS: Mapping[str, str] = {"file": "SHA-256", "url": "URL", "domain": "Domain", "ip_address": "IP address"}

_TTL = link_column("TTL", "ttl")
_SEEN = link_column("Seen", "timestamp", date)
_SCRIPT = (
    _SEEN,
    link_column("Embedded in the page", "embedded"),
    link_column("Downloaded from", "download_url"),
    link_column("File name", "filename"),
)

#: What is told of the link, by relationship (API reference: context attributes by relationship).
LINKS: Mapping[str, tuple[Column, ...]] = {
    "subdomains": (_SEEN,),
    "caa_records": (_SEEN, link_column("Flag", "flag"), link_column("Tag", "tag"), _TTL),
    "cname_records": (_SEEN, _TTL),
    "mx_records": (_SEEN, link_column("Priority", "priority"), _TTL),
    "ns_records": (_SEEN, _TTL),
    "soa_records": (
        _SEEN,
        _TTL,
        link_column("Mailbox", "rname"),
        link_column("Serial", "serial"),
        link_column("Refresh", "refresh"),
        link_column("Retry", "retry"),
        link_column("Expire", "expire"),
        link_column("Minimum", "minimum"),
    ),
    "urls_for_embedded_js": _SCRIPT,
    "embedded_js_files": (link_column("URL", "url"), *_SCRIPT),
}
