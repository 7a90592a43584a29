"""What a sandbox saw: processes, actions on the system, network, and the rules that matched."""

from typing import Any

from virustotal.emulator.world.shared import EICAR_SHA256, Json, digest


def process_tree(depth: int) -> list[Json]:
    """Return a tree of two roots, of which one is ``depth`` levels deep."""
    node: Json = {"process_id": str(4000 + depth), "name": f"C:\\Windows\\System32\\stage{depth}.exe"}
    for level in range(depth - 1, 0, -1):
        node = {
            "process_id": str(4000 + level),
            "name": f'"C:\\Program Files\\Example\\stage {level}.exe" --level {level}',
            "time_offset": level,
            "children": [node],
        }
    explorer = {
        "process_id": "1432",
        "name": "%windir%\\explorer.exe",
        "children": [
            {"process_id": "6692", "name": "%SAMPLEPATH%\\eicar.com", "files_written": ["C:\\temp\\readme.txt"]}
        ],
    }
    return [explorer, node]


def memory_dumps(count: int) -> list[Json]:
    """Return that many dumps; all their numbers are text."""
    return [
        {
            "file_name": f"{index}.dmp",
            "process": "eicar.com",
            "process_id": "6692",
            "base_address": str(4194304 + index * 4096),
            "size": "4096",
            "stage": "MEM_STAGE_EXIT" if index % 2 else "MEM_STAGE_FREE",
        }
        for index in range(count)
    ]


ACTIONS: dict[str, Any] = {
    "processes_created": ["cmd.exe /c echo example", "C:\\Windows\\System32\\wscript.exe C:\\temp\\a.vbs"],
    "processes_terminated": ["cmd.exe"],
    "processes_injected": ["C:\\Windows\\explorer.exe"],
    "command_executions": ["cmd /c echo example", "powershell -nop -w hidden -enc RQB4AGEAbQBwAGwAZQA="],
    "files_opened": ["C:\\Windows\\win.ini"],
    "files_written": ["C:\\temp\\readme.txt", "C:\\temp\\payload.dll"],
    "files_deleted": ["C:\\temp\\a.vbs"],
    "files_copied": [{"source": "C:\\temp\\a", "destination": "C:\\temp\\b"}],
    "files_dropped": [
        {"sha256": digest("payload.dll"), "path": "C:\\temp\\payload.dll", "type": "PEDLL", "process_id": "6692"},
        {"sha256": digest("readme.txt"), "path": "C:\\temp\\readme.txt", "type": "TEXT", "process_name": "eicar.com"},
    ],
    "registry_keys_opened": ["HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion"],
    "registry_keys_set": [
        {"key": "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Updater", "value": "C:\\temp\\payload.dll"},
        {"key": "HKCU\\Software\\Example\\Blob", "value": "\x00\x01binary\x00"},
    ],
    "registry_keys_deleted": ["HKCU\\Software\\Example\\Old"],
    "mutexes_created": ["Local\\example", "Global\\only-one"],
    "mutexes_opened": ["Local\\ZonesCounterMutex"],
    "modules_loaded": ["kernel32.dll", "ws2_32.dll"],
    "services_created": ["ExampleUpdater"],
    "services_started": ["ExampleUpdater"],
    "text_highlighted": ["C:\\Windows\\system32\\cmd.exe", "Example"],
    "calls_highlighted": ["IsDebuggerPresent", "Sleep"],
    "windows_searched": ["Shell_TrayWnd"],
    "crypto_algorithms_observed": ["AES"],
    "permissions_requested": ["SE_DEBUG_PRIVILEGE"],
    "memory_dumps": memory_dumps(2),
    "memory_pattern_domains": ["c2.example.net"],
    "memory_pattern_ips": ["192.0.2.10"],
    "memory_pattern_urls": ["http://c2.example.net/gate.php"],
}

NETWORK: dict[str, Any] = {
    "dns_lookups": [
        {"hostname": "c2.example.net", "resolved_ips": ["192.0.2.10", "2001:db8::10"]},
        {"hostname": "example.com", "resolved_ips": ["198.51.100.7"]},
        {"hostname": "unseen.example"},
    ],
    "ip_traffic": [
        {"destination_ip": "192.0.2.10", "destination_port": 443, "transport_layer_protocol": "TCP"},
        {"destination_ip": "198.51.100.53", "destination_port": 53, "transport_layer_protocol": "UDP"},
        {"destination_ip": "203.0.113.5"},
    ],
    "http_conversations": [
        {
            "url": "http://c2.example.net/gate.php",
            "request_method": "POST",
            "request_headers": {"User-Agent": "example/1.0", "Host": "c2.example.net"},
            "response_headers": {"Content-Type": "text/html"},
            "response_status_code": 200,
            "response_body_filetype": "html",
        },
        {"url": "https://example.com/"},
    ],
    "tls": [
        {
            "sni": "c2.example.net",
            "version": "TLS 1.2",
            "issuer": {"CN": "Example CA R1", "O": "Example CA"},
            "subject": {"CN": "c2.example.net"},
            "serial_number": "0a1b2c3d",
            "thumbprint": "00112233445566778899aabbccddeeff00112233",
            "ja3": "a0e9f5d64349fb13191bc781f81f42e1",
            "ja3s": "ae4edc6faf64d08308082ad26be60767",
        }
    ],
    "ja3_digests": ["a0e9f5d64349fb13191bc781f81f42e1"],
    "smtp_conversations": [
        {
            "hostname": "mail.example.com",
            "destination_ip": "198.51.100.25",
            "destination_port": 25,
            "smtp_from": "a@example.com",
            "smtp_to": ["b@example.org"],
            "subject": "Invoice",
        }
    ],
}

RULES: dict[str, Any] = {
    "ids_alerts": [
        {
            "rule_id": "1:2036220",
            "rule_msg": "MALWARE Invented beacon",
            "rule_category": "A Network Trojan was detected",
            "rule_source": "Example rules",
            "alert_severity": "high",
            "alert_context": {"dest_ip": "192.0.2.10", "dest_port": 443, "protocol": "TCP"},
        },
        {"rule_id": "1:1000001", "rule_msg": "INFO unusual port", "alert_severity": "info", "alert_context": []},
    ],
    "mitre_attack_techniques": [
        {
            "id": "T1059.003",
            "signature_description": "Runs a command shell",
            "severity": "IMPACT_SEVERITY_MEDIUM",
            "refs": [{"ref": "#signature_matches", "value": "7"}],
        },
        {"id": "T1036", "signature_description": "Creates a file named like a tool", "severity": "IMPACT_SEVERITY_LOW"},
        {"id": "T1547.001", "signature_description": "Adds itself to autostart", "severity": "IMPACT_SEVERITY_HIGH"},
        {"id": "T9999", "signature_description": "A technique that does not exist"},
    ],
    "mbc": [{"id": "B0001.001", "objective": "Anti-Behavioral Analysis", "behavior": "Debugger Detection"}],
    "signature_matches": [
        {
            "id": "7",
            "description": "Runs a command shell",
            "format": "SIG_FORMAT_UNKNOWN",
            "severity": "IMPACT_SEVERITY_MEDIUM",
            "match_data": ["cmd /c echo example"],
        },
        {
            "name": "check for debugger",
            "format": "SIG_FORMAT_CAPA",
            "authors": ["example@example.org"],
            "rule_src": "rule:\n  meta:\n    name: check for debugger\n",
        },
    ],
    "sigma_analysis_results": [
        {
            "rule_title": "Suspicious Script Execution",
            "rule_id": digest("sigma"),
            "rule_level": "high",
            "rule_source": "Example Sigma rules",
            "rule_author": "Example Author",
            "rule_description": "Detects a script that runs from a temporary folder.",
            "match_context": [{"values": {"EventID": "1", "CommandLine": f"wscript {EICAR_SHA256[:8]}.vbs"}}],
        }
    ],
}
