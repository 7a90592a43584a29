"""Records of sandboxes with many fields: a closed table of the telling ones, and the rest below it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from attrs import field, frozen

from virustotal.core import tables
from virustotal.core.readers import as_mapping
from virustotal.plugins.sandbox.behaviour_tags import Noise, Pair, add, no_tags, of_mail, of_tls
from virustotal.plugins.sandbox.cell_text import describe, label
from virustotal.plugins.sandbox.sandboxes import Sandbox


@frozen
class RecordTable:
    """One attribute that is a list of mappings.

    Attributes:
        columns: Key to title.
        details: Key to title of what is written below the table.
        hidden: Keys that are not shown; those with a title are said to be there.
        tags: Yields the tags of one report.
    """

    attribute: str
    title: str
    columns: Mapping[str, str]
    details: Mapping[str, str] = {}
    hidden: Mapping[str, str] = {}
    tags: Callable[[Sandbox, Noise], Iterable[Pair]] = field(default=no_tags, kw_only=True)


RECORDS = (
    RecordTable(
        "http_conversations",
        "HTTP headers",
        {"request_method": "Method", "url": "URL"},
        {
            "response_status_code": "Status",
            "request_headers": "Request headers",
            "response_headers": "Response headers",
            "response_body_first_ten_bytes": "First bytes of the response",
        },
        {"response_body_filetype": ""},
    ),
    RecordTable(
        "tls",
        "TLS connections",
        {"sni": "Server name", "version": "Version", "ja3": "JA3", "ja4": "JA4"},
        {
            "ja3s": "JA3S",
            "subject": "Subject",
            "issuer": "Issuer",
            "serial_number": "Serial number",
            "thumbprint": "Thumbprint",
        },
        tags=of_tls,
    ),
    RecordTable("ja3_digests", "JA3 digests", {"ja3": "JA3"}, tags=of_tls),
    RecordTable(
        "smtp_conversations",
        "SMTP conversations",
        {"message_from": "From", "message_to": "To", "subject": "Subject", "hostname": "Server"},
        {
            "smtp_from": "Envelope from",
            "smtp_to": "Envelope to",
            "message_cc": "CC",
            "message_bcc": "BCC",
            "timestamp": "Time",
            "destination_ip": "Address",
            "x_mailer": "Mailer",
            "auth_user": "User",
            "txt_body": "Text",
            "html_body": "HTML",
            "headers": "Headers",
            "attachments": "Attachments",
        },
        {"auth_pass": "Password", "destination_port": ""},
        tags=of_mail,
    ),
    RecordTable("sms_sent", "SMS sent", {"destination": "Destination", "body": "Text"}),
    RecordTable(
        "files_dropped",
        "Hashes of dropped files",
        {"sha256": "SHA-256", "path": "File", "type": "Type", "process_name": "Process"},
        {},
        {"process_id": "", "download_url": ""},
    ),
    RecordTable(
        "memory_dumps",
        "Memory dumps",
        {"process": "Process", "file_name": "File", "base_address": "Base address", "size": "Size", "stage": "Stage"},
    ),
    RecordTable(
        "mbc",
        "Malware Behavior Catalog",
        {"id": "Id", "objective": "Objective", "behavior": "Behaviour", "method": "Method"},
    ),
)
ATTRIBUTES = frozenset(record.attribute for record in RECORDS) | {"hosts_file"}


def record_section(table: RecordTable, sandboxes: Sequence[Sandbox], noise: Noise) -> Any | None:
    """Return the closed and tagged table of a kind of record, each once, or None where there are none."""
    records: dict[tuple[Any, ...], tuple[Mapping[str, Any], dict[str, None]]] = {}
    for sandbox in sandboxes:
        for entry in sandbox.entries(table.attribute):
            if cells := _cells(table, entry):
                records.setdefault(tuple(cells.items()), (cells, {}))[1][sandbox.name] = None
    rows = [{**cells, "Sandboxes": tables.listed(names, 10)} for cells, names in records.values()]
    detail = (*table.details.values(), *filter(None, table.hidden.values()))
    columns = (*table.columns.values(), "Other", "Sandboxes", *detail)
    section = tables.table(
        table.title, rows[: tables.MOST_ROWS], columns, total=len(rows), collapse=True, detail=detail
    )
    add(section, chain.from_iterable(table.tags(sandbox, noise) for sandbox in sandboxes))
    return section


def _cells(table: RecordTable, entry: Any) -> dict[str, Any]:
    fields = as_mapping(entry)
    if not fields:
        cell = describe(entry)
        return {next(iter(table.columns.values())): cell} if cell else {}
    titles = {**table.columns, **table.details}
    cells: dict[str, Any] = {title: _cell(fields.get(key)) for key, title in titles.items()}
    cells |= {title: "present, not shown" for key, title in table.hidden.items() if title and fields.get(key)}
    cells["Other"] = describe(
        {key: value for key, value in fields.items() if key not in titles and key not in table.hidden}
    )
    return {title: cell for title, cell in cells.items() if cell}


def _cell(value: Any) -> str | tuple[str, ...]:
    """Return a value as text; a mapping, such as headers, as one text for each entry."""
    if isinstance(value, Mapping):
        return tuple(f"{label(key)}: {describe(entry)}" for key, entry in list(value.items())[:50])
    return describe(value)


def hosts_file(sandboxes: Sequence[Sandbox]) -> Iterator[str]:
    """Yield the lines of the hosts files, each once."""
    entries = (entry for sandbox in sandboxes for entry in sandbox.entries("hosts_file"))
    yield from dict.fromkeys(line for entry in entries for line in describe(entry, 20_000).splitlines())
