"""One sandbox as parts of the result ontology: nothing that its report does not say."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from virustotal.core import OntologyPart
from virustotal.core.assemblyline import attack_name, ontology_problem, tactics
from virustotal.core.readers import as_mappings, as_text, integer, timestamp
from virustotal.plugins.sandbox.network_traffic import dns, headers, mail, port, transport
from virustotal.plugins.sandbox.processes import Process, image_of
from virustotal.plugins.sandbox.rule_matches import Match, ids, sigma, signatures
from virustotal.plugins.sandbox.sandboxes import LONGEST_VALUE, Sandbox
from virustotal.plugins.sandbox.things import address

#: Parts of one kind from one sandbox.
MOST_PROCESSES = 1_000
MOST_CONNECTIONS = 500
MOST_SIGNATURES = 300

#: Words in the source of an IDS rule that tell that Suricata matched it.
_SURICATA = ("suricata", "emerging threats")
#: Sandboxes whose own signatures are Cuckoo's.
_CUCKOO = ("cape", "cuckoo")

#: Seconds; a later offset is no offset.
_LONGEST_RUN = 7 * 24 * 3600

Data = Mapping[str, Any]


def parts(sandbox: Sandbox) -> Iterator[OntologyPart]:
    """Yield the parts of one report that fit Assemblyline's models; what does not stands in the sections only."""
    for kind, most, entries in (
        ("sandbox", 1, _sandbox(sandbox)),
        ("process", MOST_PROCESSES, _processes(sandbox)),
        ("network", MOST_CONNECTIONS, _connections(sandbox)),
        ("signature", MOST_SIGNATURES, _signatures(sandbox)),
    ):
        for data in islice(entries, most):
            if not ontology_problem(kind, data):
                yield OntologyPart(kind, data)


def _object_id(sandbox: Sandbox, kind: str, tag: str, *key: Any) -> dict[str, Any]:
    digest = uuid.uuid5(uuid.UUID(sandbox.session), "\x1f".join(map(repr, (kind, *key)))).hex
    return {"tag": tag or kind, "ontology_id": f"{kind}_{digest}", "session": sandbox.session}


def _sandbox(sandbox: Sandbox) -> Iterator[Data]:
    moment = timestamp(sandbox.attributes.get("analysis_date"))
    yield {
        "objectid": _object_id(sandbox, "sandbox", sandbox.name),
        "sandbox_name": sandbox.name,
        "analysis_metadata": {"start_time": moment.isoformat() if moment else None},
    }


def _processes(sandbox: Sandbox) -> Iterator[Data]:
    if not sandbox.tree:
        # Without a tree VirusTotal tells command lines alone: no pid and no parent.
        for command in (as_text(entry, LONGEST_VALUE) for entry in sandbox.entries("processes_created")):
            if command:
                identifier = _object_id(sandbox, "process", image_of(command), None, None, command, 0)
                yield {"objectid": identifier, "start_time": None, "image": image_of(command), "command_line": command}
        return
    processes: list[Data] = []
    twins: Counter[tuple[Any, ...]] = Counter()
    for process in sandbox.tree[:MOST_PROCESSES]:
        parent = processes[process.parent] if process.parent is not None else None
        # A pid may be reused, and a parent may start the same command twice: twins are counted.
        key = (parent["objectid"]["ontology_id"] if parent else None, process.pid, process.command)
        twins[key] += 1
        data: dict[str, Any] = {
            "objectid": _object_id(sandbox, "process", process.image or as_text(process.pid), *key, twins[key]),
            "start_time": _started(sandbox, process),
            "pid": process.pid,
        }
        if process.command:
            data |= {"image": process.image, "command_line": process.command}
        if parent:
            data |= {"pobjectid": dict(parent["objectid"]), "ppid": parent["pid"]}
            if "command_line" in parent:
                data |= {"pimage": parent["image"], "pcommand_line": parent["command_line"]}
        processes.append(data)
        yield data


def _started(sandbox: Sandbox, process: Process) -> str | None:
    """When a process started, where the report says when it began and how much later the process came."""
    moment = timestamp(sandbox.attributes.get("analysis_date"))
    if moment is None or process.offset is None or not 0 <= process.offset <= _LONGEST_RUN:
        return None
    try:
        return (moment + timedelta(seconds=process.offset)).isoformat()
    except OverflowError:
        return None


def _connections(sandbox: Sandbox) -> Iterator[Data]:
    for fields in as_mappings(sandbox.entries("ip_traffic")):
        if target := address(fields.get("destination_ip")):
            yield _connection(
                sandbox,
                target,
                destination_ip=target,
                destination_port=port(fields.get("destination_port")),
                transport_layer_protocol=transport(fields),
            )
    for domain, type, answers in dns(sandbox):
        details = {"domain": domain, "resolved_ips": list(answers), "lookup_type": type}
        yield _connection(sandbox, domain, connection_type="dns", dns_details=details)
    yield from _conversations(sandbox)


def _conversations(sandbox: Sandbox) -> Iterator[Data]:
    for fields in as_mappings(sandbox.entries("http_conversations")):
        url, verb = as_text(fields.get("url"), LONGEST_VALUE), as_text(fields.get("request_method"), 20).upper()
        heads = (fields.get("request_headers"), fields.get("response_headers"))
        # The model wants method and both headers: where VirusTotal is silent on one, there is no part.
        if url and verb and all(isinstance(head, Mapping) for head in heads):
            details = {
                "request_uri": url,
                "request_method": verb,
                "request_headers": headers(heads[0]),
                "response_headers": headers(heads[1]),
                "response_status_code": integer(fields.get("response_status_code")),
            }
            yield _connection(sandbox, url, connection_type="http", http_details=details)
    for fields in as_mappings(sandbox.entries("smtp_conversations")):
        sender, recipients = mail(fields)
        if sender and recipients:
            target = address(fields.get("destination_ip"))
            yield _connection(
                sandbox,
                target or sender,
                destination_ip=target or None,
                destination_port=port(fields.get("destination_port")),
                connection_type="smtp",
                smtp_details={"mail_from": sender, "mail_to": list(recipients)},
            )


def _connection(sandbox: Sandbox, tag: str, **fields: Any) -> Data:
    data = {name: value for name, value in fields.items() if value is not None}
    if "destination_ip" in data and "destination_port" in data:
        tag = f"{data['destination_ip']}:{data['destination_port']}"
    return {"objectid": _object_id(sandbox, "network", tag, sorted(data.items(), key=str)), **data}


def _signatures(sandbox: Sandbox) -> Iterator[Data]:
    for match in signatures(sandbox):
        if type := _type(sandbox, match):
            yield _signature(sandbox, match, type)
    for match in sigma(sandbox):
        yield _signature(sandbox, match, "SIGMA")
    for match in ids(sandbox):
        if any(word in match.source.lower() for word in _SURICATA):
            yield _signature(sandbox, match, "SURICATA")


def _type(sandbox: Sandbox, match: Match) -> str:
    """The type that Assemblyline has for a sandbox's signature; empty where it has none."""
    if match.format in {"YARA", "Sigma"}:
        return match.format.upper()
    own = not match.format and any(word in sandbox.name.lower() for word in _CUCKOO)
    return "CUCKOO" if own else ""


def _signature(sandbox: Sandbox, match: Match, type: str) -> Data:
    data: dict[str, Any] = {
        "objectid": _object_id(sandbox, "signature", f"{type}.{match.name}", type, match.key),
        "name": match.name,
        "type": type,
        "attacks": [
            {"attack_id": id, "pattern": attack_name(id), "categories": list(tactics(id))}
            for id in match.attack_ids
            if attack_name(id)
        ],
    }
    if match.id:
        data["signature_id"] = match.id
    return data
