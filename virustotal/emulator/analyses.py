"""Analyses: what was submitted, how far it is, and the object that stands at the end."""

import base64
import hashlib
from typing import Any

from attrs import define, field, frozen

from virustotal.emulator.engines import analysed, engine_results
from virustotal.emulator.keys import Clock
from virustotal.emulator.switches import Switches

Json = dict[str, Any]
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@frozen
class Content:
    """An uploaded file: its digests, its size, and its first bytes."""

    md5: str
    sha1: str
    sha256: str
    size: int
    head: bytes
    name: str

    def attributes(self) -> Json:
        """Return what VirusTotal tells of a file before anything has analysed it."""
        return {
            "md5": self.md5,
            "sha1": self.sha1,
            "sha256": self.sha256,
            "size": self.size,
            "names": [self.name],
            "meaningful_name": self.name,
            "type_description": "unknown",
            "type_tags": [],
            "tags": [],
        }


@define
class Analysis:
    """One submission of one object. ``made`` is the object that appears at its end, if it is new."""

    identifier: str
    kind: str
    item: str
    date: int
    owner: str | None
    """The key that was first to submit the object; None for an object that was known."""
    meta: Json
    made: Json | None
    polls: int = 0
    missed: int = 0
    """How often it answered 404 so far."""
    looked: int = 0
    """How often its object was asked for."""
    settled: bool = False
    """True when nothing more comes of it."""
    ended: float | None = None
    """When it was completed."""


@define
class Analyses:
    """All analyses by id."""

    _by_id: dict[str, Analysis] = field(factory=dict)

    def get(self, identifier: str) -> Analysis | None:
        """Return one analysis."""
        return self._by_id.get(identifier)

    def of(self, kind: str, item: str) -> Analysis | None:
        """Return the newest analysis of an object."""
        analyses = [analysis for analysis in self._by_id.values() if (analysis.kind, analysis.item) == (kind, item)]
        return analyses[-1] if analyses else None

    def unsettled(self) -> list[Analysis]:
        """Return the analyses of which something is still to come."""
        return [analysis for analysis in self._by_id.values() if not analysis.settled]

    def add(self, analysis: Analysis) -> Analysis:
        """Keep a new analysis; its id gets the next free second, so that ids stay distinct."""
        while analysis.identifier in self._by_id:
            analysis.date += 1
            analysis.identifier = _identifier(analysis.kind, analysis.item, analysis.meta, analysis.date)
        self._by_id[analysis.identifier] = analysis
        return analysis

    def status(self, analysis: Analysis, switches: Switches, clock: Clock) -> str:
        """Return how far an analysis is, by time or by the number of polls, and note its end."""
        if analysis.ended is None and switches.analysis_end == "completed" and self._due(analysis, switches, clock):
            analysis.ended = clock.now()
        if analysis.ended is not None:
            return "completed"
        if switches.analysis_status:
            return switches.analysis_status
        if switches.analysis_seconds:
            return "queued" if clock.now() < analysis.date + switches.analysis_seconds / 2 else "in-progress"
        return "queued" if analysis.polls <= switches.analysis_polls else "in-progress"

    @staticmethod
    def _due(analysis: Analysis, switches: Switches, clock: Clock) -> bool:
        if switches.analysis_seconds:
            return clock.now() >= analysis.date + switches.analysis_seconds
        return analysis.polls > 2 * switches.analysis_polls


def _identifier(kind: str, item: str, meta: Json, date: int) -> str:
    if kind == "file":
        return base64.b64encode(f"{meta['file_info']['md5']}:{date}".encode()).decode()
    letter = {"url": "u", "domain": "d", "ip_address": "i"}[kind]
    return f"{letter}-{item}-{date}"


def of_file(content: Content, date: int, owner: str | None, exists: bool) -> Analysis:
    """Return the analysis of an uploaded file."""
    info = {"size": content.size, "sha256": content.sha256, "sha1": content.sha1, "md5": content.md5}
    meta = {"file_info": info}
    made = None if exists else _file_object(content, date)
    return Analysis(_identifier("file", content.sha256, meta, date), "file", content.sha256, date, owner, meta, made)


def of_url(identifier: str, url: str, date: int, owner: str | None, exists: bool) -> Analysis:
    """Return the analysis of a submitted URL."""
    meta = {"url_info": {"id": identifier, "url": url}}
    made = None if exists else _url_object(identifier, url, date)
    return Analysis(_identifier("url", identifier, meta, date), "url", identifier, date, owner, meta, made)


def of_known(value: Json, date: int) -> Analysis:
    """Return the analysis that a rescan of a known object makes."""
    kind, item = value["type"], value["id"]
    attributes = value["attributes"] if isinstance(value["attributes"], dict) else {}
    meta: Json = {}
    if kind == "file":
        names = ("size", "sha256", "sha1", "md5")
        meta = {"file_info": {**{name: attributes[name] for name in names if name in attributes}, "sha256": item}}
        meta["file_info"].setdefault("md5", hashlib.md5(item.encode(), usedforsecurity=False).hexdigest())
    elif kind == "url":
        meta = {"url_info": {"id": item, "url": attributes.get("url", "")}}
    return Analysis(_identifier(kind, item, meta, date), kind, item, date, None, meta, None)


def _file_object(content: Content, date: int) -> Json:
    detected = EICAR in content.head
    results = engine_results("EICAR-Test-File" if detected else None)
    attributes = {
        **content.attributes(),
        **analysed(results, date),
        "first_submission_date": date,
        "last_submission_date": date,
        "times_submitted": 1,
        "unique_sources": 1,
    }
    return {"type": "file", "id": content.sha256, "attributes": attributes}


def _url_object(identifier: str, url: str, date: int) -> Json:
    results = engine_results(None, network=True)
    attributes = {
        **analysed(results, date, network=True),
        "url": url,
        "last_final_url": url,
        "tld": url.split("/")[2].rpartition("@")[2].partition(":")[0].rpartition(".")[2],
        "categories": {},
        "first_submission_date": date,
        "last_submission_date": date,
        "times_submitted": 1,
    }
    return {"type": "url", "id": identifier, "attributes": attributes}


def sandbox_report(sha256: str, date: int) -> Json:
    """Return the first report of an uploaded file: the head fields and nothing else."""
    attributes = {
        "sandbox_name": "Zenbox",
        "analysis_date": date,
        "last_modification_date": date,
        "behash": hashlib.md5(sha256.encode(), usedforsecurity=False).hexdigest(),
        "has_html_report": False,
        "has_pcap": False,
        "has_evtx": False,
        "has_memdump": False,
    }
    return {"type": "file_behaviour", "id": f"{sha256}_Zenbox", "attributes": attributes}
