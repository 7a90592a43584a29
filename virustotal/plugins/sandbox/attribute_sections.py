"""What a sandbox reports beside processes, rules and verdicts: one row an attribute (API reference 6.7)."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from virustotal.core import tables
from virustotal.core.readers import as_mapping, as_text
from virustotal.plugins.sandbox.cell_text import described, registry_value
from virustotal.plugins.sandbox.sandboxes import Sandbox

#: Characters of one listed entry, such as a path.
LONGEST_ENTRY = 300


@frozen
class Kind:
    """One attribute of a report.

    columns: for a list of mappings, the key of each and its title; empty for a list of texts.
    """

    name: str
    title: str
    columns: Mapping[str, str]


# One row: attribute; title; then for lists of mappings, key=column, an underscore standing for a blank.
_TABLE = """
processes_created           Processes created
processes_terminated        Processes ended
processes_killed            Processes killed
processes_injected          Processes injected into
command_executions          Commands executed
dns_lookups                 DNS look-ups|hostname=Host resolved_ips=Answers
ip_traffic                  IP traffic|destination_ip=Address destination_port=Port transport_layer_protocol=Protocol destination_ip_as_owner=Owner asn=ASN
http_conversations          HTTP conversations|url=URL request_method=Method response_status_code=Status response_body_filetype=Body_type response_body_first_ten_bytes=First_bytes request_headers=Request_headers response_headers=Response_headers
tls                         TLS connections|sni=Server_name version=Version ja3=JA3 ja3s=JA3S subject=Subject issuer=Issuer serial_number=Serial_number thumbprint=Thumbprint
ja3_digests                 JA3 digests
smtp_conversations          SMTP conversations|message_from=From smtp_from=Envelope_from message_to=To smtp_to=Envelope_to message_cc=CC message_bcc=BCC subject=Subject timestamp=Time hostname=Server destination_ip=Address destination_port=Port x_mailer=Mailer txt_body=Text html_body=HTML
sms_sent                    SMS sent|destination=Destination body=Text
memory_pattern_domains      Domains in memory
memory_pattern_ips          IP addresses in memory
memory_pattern_urls         URLs in memory
hosts_file                  Hosts file
files_written               Files written
files_dropped               Files dropped|path=Path sha256=SHA-256 type=Type process_name=Process process_id=PID
files_deleted               Files deleted
files_copied                Files copied|source=From destination=To
files_moved                 Files moved|source=From destination=To
files_attribute_changed     Files with changed attributes
files_opened                Files opened
registry_keys_set           Registry values set|key=Key value=Value
registry_keys_deleted       Registry keys deleted
registry_keys_opened        Registry keys opened
mutexes_created             Mutexes created
mutexes_opened              Mutexes opened
services_created            Services created
services_started            Services started
services_opened             Services opened
services_stopped            Services stopped
services_deleted            Services deleted
services_bound              Services bound
modules_loaded              Modules loaded
calls_highlighted           Calls highlighted
text_highlighted            Text highlighted
text_decoded                Text decoded
windows_searched            Windows searched for
windows_hidden              Windows hidden
signals_observed            Signals observed
signals_hooked              Signals hooked
crypto_algorithms_observed  Cryptographic algorithms
crypto_keys                 Cryptographic keys
crypto_plain_text           Plain text before encryption or after decryption
encoding_algorithms_observed Encodings
permissions_requested       Permissions requested
permissions_checked         Permissions checked|permission=Permission owner=Owner
activities_started          Activities started
invokes                     Methods invoked
content_model_observers     Content models observed
content_model_sets          Content models set|key=Key value=Value
databases_opened            Databases opened
databases_deleted           Databases deleted
shared_preferences_lookups  Shared preferences read
shared_preferences_sets     Shared preferences set|key=Key value=Value
system_property_lookups     System properties read
system_property_sets        System properties set|key=Key value=Value
memory_dumps                Memory dumps|process=Process file_name=Name base_address=Base_address size=Size stage=Stage
mbc                         Malware Behavior Catalog|id=Id objective=Objective behavior=Behaviour method=Method
"""  # noqa: E501 - a table


def _kinds(table: str) -> tuple[Kind, ...]:
    found = []
    for row in table.strip().splitlines():
        name, rest = row.split(maxsplit=1)
        title, _, columns = rest.partition("|")
        pairs = (column.split("=") for column in columns.split())
        found.append(Kind(name, title.strip(), {key: words.replace("_", " ") for key, words in pairs}))
    return tuple(found)


#: In the order in which they are shown.
KINDS = _kinds(_TABLE)

#: Attributes that have a place of their own.
ELSEWHERE = frozenset(
    (
        *("sandbox_name", "analysis_date", "last_modification_date", "behash"),
        *("has_html_report", "has_pcap", "has_evtx", "has_memdump"),
        *("tags", "verdicts", "verdict_confidence", "verdict_labels", "processes_tree"),
        *("mitre_attack_techniques", "attack_techniques", "signature_matches"),
        *("sigma_analysis_results", "ids_alerts", "ids_results"),
    )
)
_KNOWN = ELSEWHERE | {kind.name for kind in KINDS}
_VALUES: Mapping[str, Callable[[Any], str]] = {"value": registry_value}


def kind_section(sandbox: Sandbox, kind: Kind) -> Any | None:
    """Return one attribute as a section, or None where the sandbox saw nothing of the kind."""
    entries = sandbox.entries(kind.name)
    if kind.columns:
        rows = [_row(kind, entry) for entry in entries[: tables.MOST_ROWS]]
        columns = (*kind.columns.values(), "Other")
        return tables.table(kind.title, [row for row in rows if row], columns, total=len(entries), collapse=True)
    if kind.name == "hosts_file":
        entries = tuple(line for entry in entries for line in described(entry, 20_000).splitlines())
    return tables.lines(kind.title, _distinct(entries), collapse=True)


def _distinct(entries: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(shown for entry in entries if (shown := described(entry, LONGEST_ENTRY))))


def _row(kind: Kind, entry: Any) -> dict[str, Any]:
    known = as_mapping(entry)
    if not known:
        first = next(iter(kind.columns.values()))
        return {first: shown} if (shown := described(entry, LONGEST_ENTRY)) else {}
    row = {title: _cell(key, known.get(key)) for key, title in kind.columns.items()}
    row["Other"] = described({key: value for key, value in known.items() if key not in kind.columns}, LONGEST_ENTRY)
    return {title: cell for title, cell in row.items() if cell != ""}


def _cell(key: str, value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _VALUES.get(key, described)(value)[:LONGEST_ENTRY]


def other_section(sandbox: Sandbox) -> Any | None:
    """Return what a report has beyond the attributes that are known, so that nothing is silently missing."""
    attributes = ((key, value) for key, value in sandbox.attributes.items() if key not in _KNOWN)
    others = [(as_text(key, 100), cell) for key, value in attributes if (cell := described(value))]
    shown = others[: tables.MOST_ROWS]
    title = "Other observations"
    if len(others) > len(shown):
        title = tables.counted(title, len(shown), len(others))
    return tables.key_values(title, shown, collapse=True)
