"""Records of sandboxes with many fields: a closed table of the telling ones, and the rest as text below it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from virustotal.core import tables
from virustotal.core.readers import as_mapping
from virustotal.plugins.sandbox.cell_text import described, label
from virustotal.plugins.sandbox.long_values import LongValues
from virustotal.plugins.sandbox.sandboxes import Sandbox

#: Characters of one detail.
LONGEST_DETAIL = 1_000


@frozen
class RecordTable:
    """One attribute that is a list of mappings.

    title: Empty where another table shows the entries, and only the details are written out.
    columns: Key to title.
    details: Key to title of what is written below the table.
    hidden: Keys that are not shown; those with a title are said to be there.
    """

    attribute: str
    title: str
    columns: Mapping[str, str]
    details: Mapping[str, str] = {}
    hidden: Mapping[str, str] = {}
    details_title: str = ""


RECORDS = (
    RecordTable(
        "http_conversations",
        "",
        {"request_method": "Method", "url": "URL"},
        {
            "response_status_code": "Status",
            "request_headers": "Request headers",
            "response_headers": "Response headers",
            "response_body_first_ten_bytes": "First bytes of the response",
        },
        {"response_body_filetype": ""},
        "HTTP headers",
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
        details_title="Certificates of the TLS connections",
    ),
    RecordTable("ja3_digests", "JA3 digests", {"ja3": "JA3"}),
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
        "Messages sent",
    ),
    RecordTable("sms_sent", "SMS sent", {"destination": "Destination", "body": "Text"}),
    RecordTable(
        "files_dropped",
        "Digests of dropped files",
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


@frozen
class Record:
    """One record of one or several sandboxes."""

    cells: Mapping[str, str]
    details: tuple[tuple[str, str], ...]
    sandboxes: tuple[str, ...]


def record_sections(
    table: RecordTable, sandboxes: Sequence[Sandbox], long_values: LongValues
) -> tuple[Any | None, Any | None]:
    """Return the closed table of a kind of record and the closed text of its details, None for what is empty."""
    records = _merged(table, sandboxes, long_values)
    rows = [{**record.cells, "Sandboxes": tables.listed(record.sandboxes, 10)} for record in records]
    columns = (*table.columns.values(), "Other", "Sandboxes")
    section = None
    if table.title:
        section = tables.table(table.title, rows[: tables.MOST_ROWS], columns, total=len(rows), collapse=True)
    title = table.details_title or f"{table.title}: details"
    return section, tables.details(title, (_written(table, record) for record in records))


def _written(table: RecordTable, record: Record) -> tuple[str, list[str]]:
    heading = " ".join(filter(None, (record.cells.get(column) for column in table.columns.values())))
    return heading or "(unnamed)", [f"{title}: {value}" for title, value in record.details]


def _merged(table: RecordTable, sandboxes: Sequence[Sandbox], long_values: LongValues) -> list[Record]:
    records: dict[tuple[Any, ...], tuple[Mapping[str, str], dict[str, None]]] = {}
    for sandbox in sandboxes:
        for entry in sandbox.entries(table.attribute):
            cells, details = _record(table, entry, long_values)
            if cells or details:
                key = (tuple(cells.items()), details)
                records.setdefault(key, (cells, {}))[1][sandbox.name] = None
    return [Record(cells, key[1], tuple(names)) for key, (cells, names) in records.items()]


def _record(
    table: RecordTable, entry: Any, long_values: LongValues
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    fields = as_mapping(entry)
    if not fields:
        cell = described(entry, 300)
        return ({next(iter(table.columns.values())): long_values.cut("Value", entry, cell)} if cell else {}), ()
    cells = {
        title: long_values.cut(title, fields[key], described(fields[key], 300))
        for key, title in table.columns.items()
        if key in fields
    }
    known = {*table.columns, *table.details, *table.hidden}
    rest = described({key: value for key, value in fields.items() if key not in known}, 300)
    details = [
        (title, _detail(title, fields[key], long_values)) for key, title in table.details.items() if fields.get(key)
    ]
    details += [(title, "given, not shown") for key, title in table.hidden.items() if title and fields.get(key)]
    if table.title:
        cells["Other"] = long_values.cut("Other", None, rest)
    elif rest:
        details.append(("Other", rest))
    return {title: cell for title, cell in cells.items() if cell}, tuple((t, v) for t, v in details if v)


def _detail(title: str, value: Any, long_values: LongValues) -> str:
    """A detail whole up to LONGEST_DETAIL characters; a longer one goes to the file of long values."""
    if isinstance(value, str) and len(value) > LONGEST_DETAIL:
        return long_values.cut(title, value)
    if isinstance(value, Mapping):
        return "; ".join(f"{label(key)}: {described(entry, 300)}" for key, entry in list(value.items())[:50])
    return described(value, LONGEST_DETAIL)


def hosts_file(sandboxes: Sequence[Sandbox]) -> Iterator[str]:
    """Yield the lines of the hosts files, each once."""
    entries = (entry for sandbox in sandboxes for entry in sandbox.entries("hosts_file"))
    yield from dict.fromkeys(line for entry in entries for line in described(entry, 20_000).splitlines())
