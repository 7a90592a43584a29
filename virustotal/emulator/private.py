"""Private scanning: files and URLs apart from the world, their analyses in stages, retention and deletion."""

import base64
import hashlib
import io
import zipfile
from collections import Counter
from typing import Any

from attrs import define, field

from virustotal.emulator.analyses import Content
from virustotal.emulator.engines import engine_stats
from virustotal.emulator.switches import Switches

Json = dict[str, Any]
SANDBOXES = ("Zenbox", "CAPE Sandbox")
STAGES = ("tools", *SANDBOXES)
#: A stage that ends after the analysis is `completed`, and how much later, in shares of the time that it took.
LAST_STAGE, LAST = "malware_config", 0.25
#: A sandbox that does not take the file.
UNSUPPORTED = "CAPE Linux"
_DAY = 86_400


@define
class Scan:
    """One private analysis. ``options`` are the fields of its form."""

    identifier: str
    kind: str
    item: str
    date: int
    options: dict[str, str]
    attributes: Json
    polls: int = 0
    ended: bool = False

    def expiration(self) -> int:
        """Return when the scan and its object vanish."""
        return self.date + _DAY * int(self.options.get("retention_period_days", "1"))


@define
class PrivateScans:
    """All private scans."""

    scans: dict[str, Scan] = field(factory=dict)
    uploads: Counter[str] = field(factory=Counter)
    """SHA-256 of a file, or id of a URL -> how often it was submitted privately."""
    tokens: set[str] = field(factory=set)
    """Tokens of upload addresses that were given for private files."""
    archives: dict[str, list[str]] = field(factory=dict)
    """Id of a ZIP archive -> the digests of its files."""

    def add_file(self, content: Content, options: dict[str, str], now: int) -> Scan:
        """Begin the analysis of a file."""
        attributes = {**content.attributes(), "last_analysis_date": now, "gti_assessment": _ASSESSMENT}
        return self._add("file", content.sha256, content.md5, options, attributes, now)

    def add_url(self, url: str, options: dict[str, str], now: int) -> Scan:
        """Begin the analysis of a URL."""
        identifier = hashlib.sha256(url.encode()).hexdigest()
        engine = "Google Safebrowsing"
        results = {engine: {"category": "harmless", "engine_name": engine, "method": "blacklist", "result": "clean"}}
        attributes = {
            "url": url,
            "last_final_url": url,
            "last_analysis_date": now,
            "last_analysis_results": results,
            "last_analysis_stats": engine_stats(results, network=True),
            "gti_assessment": _ASSESSMENT,
        }
        return self._add("url", identifier, "None", options, attributes, now)

    def _add(self, kind: str, item: str, md5: str, options: dict[str, str], attributes: Json, now: int) -> Scan:
        self.uploads[item] += 1
        while (identifier := base64.b64encode(f"{'0' * 32}:{md5}:{now}".encode()).decode()) in self.scans:
            now += 1  # ids stay distinct
        self.scans[identifier] = Scan(identifier, kind, item, now, options, attributes)
        return self.scans[identifier]

    def advance(self, switches: Switches, now: float) -> None:
        """Let scans end by the clock, and vanish at their expiration."""
        for scan in list(self.scans.values()):
            if now >= scan.expiration():
                del self.scans[scan.identifier]
            elif switches.analysis_end == "completed" and switches.private_seconds:
                scan.ended = scan.ended or now >= scan.date + switches.private_seconds

    def poll(self, scan: Scan, switches: Switches) -> None:
        """Count one look at a scan, which ends by their number if no time is set."""
        scan.polls += 1
        if switches.analysis_end == "completed" and not switches.private_seconds:
            scan.ended = scan.ended or scan.polls > 2 * switches.analysis_polls

    def finished(self, kind: str, item: str) -> Scan | None:
        """Return the newest finished scan of an object."""
        scans = [scan for scan in self.scans.values() if (scan.kind, scan.item) == (kind, item) and scan.ended]
        return scans[-1] if scans else None

    def delete(self, item: str) -> bool:
        """Delete a file with all its analyses; return whether there was any."""
        scans = [scan.identifier for scan in self.scans.values() if (scan.kind, scan.item) == ("file", item)]
        for identifier in scans:
            del self.scans[identifier]
        return bool(scans)


def stages(scan: Scan, switches: Switches, now: float) -> dict[str, str]:
    """Return the stages of a scan that are still to come."""
    if scan.ended:
        late = switches.private_seconds and now < scan.date + switches.private_seconds * (1 + LAST)
        return {LAST_STAGE: "Malware configuration (queued)"} if late else {}
    done = int(len(STAGES) * (now - scan.date) / switches.private_seconds) if switches.private_seconds else 0
    return {name: f"Analysis from {name} (queued)" for name in STAGES[min(done, len(STAGES) - 1) :]}


def analysis(scan: Scan, switches: Switches, now: float) -> Json:
    """Return the attributes of a private analysis."""
    pending = stages(scan, switches, now)
    waiting = {"status": "queued", "in_progress_percent": 8}
    ended = {"status": "finished", "in_progress_percent": 100}
    refused = {"status": "unsupported file type", "in_progress_percent": 100, "message": "incompatible file"}
    return {
        "date": scan.date,
        "status": "completed" if scan.ended else "queued" if len(pending) == len(STAGES) else "in-progress",
        "pending_stages": pending,
        "sandbox_configuration": {
            "enable_internet": scan.options.get("enable_internet") == "true",
            "command_line": scan.options.get("command_line", ""),
        },
        "sandbox_status": {
            **{name: waiting if name in pending else ended for name in SANDBOXES},
            UNSUPPORTED: refused,
        },
    }


def behaviours(scan: Scan) -> list[Json]:
    """Return the reports of the sandboxes."""
    return [
        {
            "type": "private_file_behaviour",
            "id": f"{scan.item}_{sandbox}-{scan.date}",
            "attributes": {
                "sandbox_name": sandbox,
                "analysis_date": scan.date,
                "last_modification_date": scan.date,
                "has_html_report": True,
                "has_pcap": True,
                "has_evtx": True,
                "has_memdump": True,
                "processes_created": [f"C:\\{sandbox}\\invoice.exe {scan.options.get('command_line', '')}".strip()],
                "dns_lookups": [{"hostname": "contacted.example.com", "resolved_ips": ["192.0.2.10"]}],
            },
        }
        for sandbox in SANDBOXES
    ]


def dropped(scan: Scan) -> bytes:
    """Return the file that a sandbox saw dropped."""
    return f"MZ dropped by {scan.item}".encode()


def archive(scans: PrivateScans, digests: list[str]) -> bytes:
    """Return a ZIP archive of the dropped files with these digests."""
    contents = {hashlib.sha256(dropped(scan)).hexdigest(): dropped(scan) for scan in scans.scans.values()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for digest in digests:
            if digest in contents:
                bundle.writestr(digest, contents[digest])
    return buffer.getvalue()


def visits(scan: Scan) -> list[Json]:
    """Return what the browser saw of a URL."""
    url = scan.attributes["url"]
    resource = {"url": url, "source_url": "", "method": "REQUEST_METHOD_GET", "status_code": 200, "type": "HTML"}
    script = {**resource, "url": "https://cdn.example.net/tracker.js", "source_url": url, "type": "JavaScript"}
    return [
        {
            "type": "private_url_behaviour",
            "id": f"{scan.item}-{scan.date}",
            "attributes": {
                "analysis_date": scan.date,
                "analysis_status": "ANALYSIS_STATUS_OK",
                "device": "DEVICE_TYPE_DESKTOP",
                "dom_info": {"title": "Sign in", "links": [url], "meta": [], "trackers": []},
                "cookies": [{"name": "sid", "value": "secret-session", "domain": "portal.example.com"}],
                "dom_sha256": hashlib.sha256(DOM).hexdigest(),
                "resources": [{**resource, "remote_ip": "192.0.2.10", "size": len(DOM)}, script],
                "expiration": scan.expiration(),
            },
        }
    ]


#: The DOM of each visited page.
DOM = b"<html><head><title>Sign in</title></head><body>Password</body></html>"
_ASSESSMENT: Json = {
    "threat_score": {"value": 1},
    "severity": {"value": "SEVERITY_NONE"},
    "verdict": {"value": "VERDICT_UNDETECTED"},
    "description": "This indicator was not assessed as malicious.",
}
