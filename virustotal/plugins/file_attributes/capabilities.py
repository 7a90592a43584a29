"""What code in the file can do: `capabilities_tags`, with ATT&CK techniques where one follows from the capability."""

from collections.abc import Iterator, Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Family, Finding, Points, Settings, hookimpl
from virustotal.core.assemblyline import attack_name, current_id, known_ids
from virustotal.core.readers import as_texts
from virustotal.core.tables import table
from virustotal.plugins.file_attributes._attribute_table import analyzer

#: Capability in lower case to what it means and its ATT&CK technique, empty where none follows from it alone.
CAPABILITIES: Mapping[str, tuple[str, str]] = {
    "anti_dbg": ("Checks whether it is debugged", "T1622"),
    "antisb_anubisexe": ("Looks for the sandbox Anubis", "T1497.001"),
    "antisb_cwsandbox": ("Looks for CWSandbox", "T1497.001"),
    "antisb_sandboxie": ("Looks for Sandboxie", "T1497.001"),
    "antisb_threatexpert": ("Looks for the sandbox ThreatExpert", "T1497.001"),
    "antivm_bios": ("Looks for a virtual machine by its BIOS", "T1497.001"),
    "antivm_virtualbox": ("Looks for VirtualBox", "T1497.001"),
    "antivm_vmware": ("Looks for VMware", "T1497.001"),
    "bitcoin": ("Mines crypto currency", "T1496"),
    "certificate": ("Injects a certificate in the store", "T1553.004"),
    "create_com_service": ("Creates a COM server", "T1546.015"),
    "create_process": ("Creates processes", "T1106"),
    "create_service": ("Creates a Windows service", "T1543.003"),
    "cred_ff": ("Steals credentials of Firefox", "T1555.003"),
    "cred_ie7": ("Steals credentials of Internet Explorer", "T1555.003"),
    "cred_local": ("Steals credentials of the system", "T1003"),
    "cred_vnc": ("Steals credentials of VNC", "T1552.002"),
    "dbgdetect_files": ("Looks for files of debuggers", "T1622"),
    "dbgdetect_funcs": ("Calls functions that detect debuggers", "T1622"),
    "dbgdetect_procs": ("Looks for processes of debuggers", "T1622"),
    "disable_antivirus": ("Disables the antivirus", "T1562.001"),
    "disable_dep": ("Bypasses data execution prevention", ""),
    "disable_firewall": ("Disables the firewall", "T1562.004"),
    "disable_registry": ("Disables the registry editor", "T1562.001"),
    "disable_taskmanager": ("Disables the task manager", "T1562.001"),
    "disable_uax": ("Disables user account control", "T1548.002"),
    "dyndns": ("Uses dynamic DNS", "T1568"),
    "escalate_priv": ("Escalates privileges", "T1134"),
    "hijack_network": ("Hijacks the network configuration", "T1557"),
    "inject_thread": ("Injects code with CreateRemoteThread", "T1055"),
    "keylogger": ("Logs keystrokes", "T1056.001"),
    "ldpreload": ("Loads a library before all others", "T1574.006"),
    "lookupgeo": ("Looks up where the machine is", "T1614"),
    "lookupip": ("Looks up its external IP address", "T1016"),
    "migrate_apc": ("Injects code with asynchronous procedure calls", "T1055.004"),
    "mysql_database_presence": ("Uses a MySQL database", ""),
    "network_dga": ("Generates domain names", "T1568.002"),
    "network_dns": ("Uses DNS", "T1071.004"),
    "network_dropper": ("Downloads files", "T1105"),
    "network_dyndns": ("Uses dynamic DNS", "T1568"),
    "network_ftp": ("Uses FTP", "T1071.002"),
    "network_http": ("Uses HTTP", "T1071.001"),
    "network_irc": ("Uses IRC", "T1071"),
    "network_p2p_win": ("Uses a peer-to-peer network", "T1090"),
    "network_smtp_dotnet": ("Sends mail from .NET", "T1071.003"),
    "network_smtp_raw": ("Sends mail over raw SMTP", "T1071.003"),
    "network_smtp_vb": ("Sends mail from Visual Basic", "T1071.003"),
    "network_ssl": ("Uses TLS", "T1573.002"),
    "network_tcp_listen": ("Listens on a TCP port", ""),
    "network_tcp_socket": ("Uses TCP sockets", "T1095"),
    "network_tor": ("Uses Tor", "T1090.003"),
    "network_toredo": ("Uses Teredo tunnels", "T1572"),
    "network_udp_sock": ("Uses UDP sockets", "T1095"),
    "persistence": ("Installs itself to be started automatically", "T1547"),
    "rat_rdp": ("Enables remote desktop", "T1021.001"),
    "rat_telnet": ("Enables Telnet", "T1021"),
    "rat_vnc": ("Enables VNC", "T1021.005"),
    "rat_webcam": ("Records the camera", "T1125"),
    "screenshot": ("Takes screenshots", "T1113"),
    "sniff_audio": ("Records audio", "T1123"),
    "sniff_lan": ("Listens to the local network", "T1040"),
    "spreading_file": ("Spreads through removable drives", "T1091"),
    "spreading_share": ("Spreads through network shares", "T1080"),
    "str_win32_http_api": ("Names functions of the Windows HTTP API", ""),
    "str_win32_internet_api": ("Names functions of the Windows internet API", ""),
    "str_win32_wininet_library": ("Names the library wininet.dll", ""),
    "str_win32_winsock2_library": ("Names the library ws2_32.dll", ""),
    "vmdetect": ("Looks for a virtual machine", "T1497.001"),
    "vmdetect_misc": ("Looks for a virtual machine", "T1497.001"),
    "win_files_operation": ("Reads and writes files", ""),
    "win_hook": ("Hooks events of Windows", "T1056.004"),
    "win_mutex": ("Creates or opens a mutex", ""),
    "win_private_profile": ("Reads and writes INI files", ""),
    "win_registry": ("Changes the registry", "T1112"),
    "win_token": ("Changes access tokens", "T1134"),
}
COLUMNS = ("Capability", "Meaning", "ATT&CK", "Technique")


def analyze(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a table of capabilities, unknown ones too, and their techniques at 0 points: clean programs have most."""
    rows = [_row(name) for name in as_texts(attributes.get("capabilities_tags"))]
    section: ResultSection | None = table("Capabilities of the code", rows, COLUMNS)
    if section is None:
        return
    yield section
    if techniques := known_ids(row["ATT&CK"] for row in rows):
        reason = "VirusTotal found code of these techniques in the file."
        yield Points(Family.CAPABILITY, "capabilities", 0, reason, section, techniques)


def _row(name: str) -> Mapping[str, str]:
    meaning, technique = CAPABILITIES.get(name.lower(), ("", ""))
    current, _ = current_id(technique)
    return dict(zip(COLUMNS, (name, meaning, current, attack_name(current)), strict=True))


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analyser of capabilities."""
    summary = "What code in the file can do, with ATT&CK techniques."
    return (analyzer("capabilities", 65, summary, names=("capabilities_tags",), analyze=analyze),)
