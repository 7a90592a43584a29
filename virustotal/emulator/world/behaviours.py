"""Sandbox reports of the world: EICAR in five sandboxes, with every artefact, and the program in one."""

from collections.abc import Iterator

from virustotal.emulator import captures
from virustotal.emulator.world.shared import EICAR_SHA256, EPOCH, Json, digest, document, obj, relationship
from virustotal.emulator.world.traces import ACTIONS, NETWORK, RULES, memory_dumps, process_tree

_FLAGS = {"pcap": "has_pcap", "evtx": "has_evtx", "memdump": "has_memdump", "html": "has_html_report"}
SCREENSHOTS = (f"{EICAR_SHA256}-VirusTotal Jujubox-1-{EPOCH}.png", f"{EICAR_SHA256}-Zenbox-2-{EPOCH + 60}.png")
"""Ids of the pictures; one holds a blank."""


def report(sha256: str, sandbox: str, artefacts: str, minutes: int, **attributes: object) -> Json:
    """Return a report; ``artefacts`` names what it has, as ``pcap evtx``."""
    head = {
        "sandbox_name": sandbox,
        "analysis_date": EPOCH + minutes * 60,
        "last_modification_date": EPOCH + minutes * 60 + 30,
        "behash": digest(f"{sha256} {sandbox}")[:32],
        **{flag: suffix in artefacts.split() for suffix, flag in _FLAGS.items()},
    }
    return obj("file_behaviour", f"{sha256}_{sandbox}", {**head, **attributes})


def _reports() -> Iterator[Json]:
    yield report(
        EICAR_SHA256,
        "Zenbox",
        "pcap evtx memdump html",
        10,
        tags=["DETECT_DEBUG_ENVIRONMENT", "LONG_SLEEPS", "PERSISTENCE"],
        verdicts=["MALWARE", "TROJAN"],
        verdict_confidence=72,
        verdict_labels=["EICAR"],
        processes_tree=process_tree(25),
        **ACTIONS,
        **NETWORK,
        **RULES,
    )
    yield report(
        EICAR_SHA256,
        "VirusTotal Jujubox",
        "pcap html",
        20,
        verdicts=["UNKNOWN_VERDICT"],
        processes_tree=[{"process_id": "2880", "name": "C:\\Users\\user\\eicar.com", "time_offset": 1}],
        files_written=ACTIONS["files_written"],
        dns_lookups=NETWORK["dns_lookups"][:1],
        ip_traffic=[{"destination_ip": "192.0.2.10", "destination_port": 443, "transport_layer_protocol": "TCP"}],
        mutexes_created=["Local\\example"],
        registry_keys_set=[{"key": "HKCU\\Software\\Example"}],
    )
    yield report(
        EICAR_SHA256,
        "Dr.Web vxCube",
        "pcap evtx",
        30,
        verdicts=["CLEAN"],
        command_executions=["cmd /c echo example"],
        mitre_attack_techniques=[{"id": "T1059.003", "signature_description": "Runs a command shell"}],
    )
    yield report(
        EICAR_SHA256,
        "Microsoft Sysinternals",
        "evtx",
        40,
        processes_tree=[
            {"process_id": "4", "name": "System", "children": [{"process_id": "4", "name": "eicar.com"}]},
            {"process_id": "6692", "children": [{"name": "nameless parent's child"}]},
        ],
        files_dropped=[{"path": "C:\\temp\\readme.txt"}, {"sha256": digest("payload.dll")}],
    )
    yield report(EICAR_SHA256, "C2AE", "", 50)
    dumps = memory_dumps(600)
    yield report(
        digest("setup.exe"), "CAPE Sandbox", "pcap html", 15, verdicts=["STEALER"], memory_dumps=dumps, **NETWORK
    )


def _tactic(identifier: str, name: str, technique: str, title: str, description: str, severity: str) -> Json:
    site = "https://attack.mitre.org"
    return {
        "id": identifier,
        "name": name,
        "link": f"{site}/tactics/{identifier}/",
        "description": f"The adversary is at the stage of {name.lower()}.",
        "techniques": [
            {
                "id": technique,
                "name": title,
                "link": f"{site}/techniques/{technique.replace('.', '/')}/",
                "description": f"Adversaries may use {title.lower()}.",
                "signatures": [{"severity": severity, "description": description}],
            }
        ],
    }


def _trees() -> Json:
    execution = _tactic("TA0002", "Execution", "T1059.003", "Windows Command Shell", "Runs a command shell", "MEDIUM")
    evasion = _tactic("TA0005", "Defense Evasion", "T1036", "Masquerading", "Creates a file named like a tool", "LOW")
    trees = {"Zenbox": {"tactics": [execution, evasion]}, "Dr.Web vxCube": {"tactics": [execution]}}
    return {**trees, "C2AE": {"tactics": []}}


def documents() -> Iterator[tuple[str, Json]]:
    """Yield (path, document) of the reports, the pictures and the ATT&CK trees."""
    for value in _reports():
        yield document(value)
    yield f"behaviour_mitre_trees/{EICAR_SHA256}.json", {"data": _trees()}
    pictures = [
        obj("screenshot", name, {"date": EPOCH, "sandbox_name": name[65:].partition("-")[0], "link": ""})
        for name in SCREENSHOTS
    ]
    yield relationship("file", EICAR_SHA256, "screenshots", pictures)


def artefacts() -> Iterator[tuple[str, str, bytes]]:
    """Yield (object id, suffix, content) of every artefact that a report has, and of the pictures."""
    common = {"pcap": captures.pcap(), "evtx": captures.evtx(), "memdump": captures.memdump()}
    for value in _reports():
        attributes, identifier = value["attributes"], value["id"]
        sha256, _, sandbox = identifier.partition("_")
        made = {**common, "html": captures.html_report(sandbox, sha256)}
        for suffix, content in made.items():
            if attributes[_FLAGS[suffix]]:
                yield identifier, suffix, content
    for name in SCREENSHOTS:
        yield name, "png", captures.png()
