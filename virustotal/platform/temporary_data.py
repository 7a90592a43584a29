"""Temporary submission data for services of later stages: what the engines call the files of a submission.

The value is JSON in VirusTotal's own shape, a list of file objects (docs/temporary.md).
"""

import json
from collections.abc import Mapping
from typing import Any

from virustotal.api.identifiers import SHA256
from virustotal.core.models import Detection, Object, Verdict
from virustotal.core.scoring.words import MALICIOUS, SUSPICIOUS
from virustotal.util.readers import as_list, as_mapping, as_text, integer, pairs

#: The name under which later services find it.
KEY = "virus_total_vt3_files"
#: Characters of one value that Assemblyline takes (`submission.max_temp_data_length`); it drops longer ones whole.
LONGEST = 4096
#: Characters of one result or engine.
LONGEST_NAME = 120

#: Categories that are passed on, the most important first.
_CATEGORIES = (MALICIOUS, SUSPICIOUS, "harmless", "undetected")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_Entries = list[tuple[str, Mapping[str, str]]]


def temporary_data(subject: Object, verdict: Verdict, previous: Any = None) -> str:
    """Return the new value of `KEY`, at most `LONGEST` characters; empty where no engine judged this file.

    Ignored detections are left out. A value that is too long is cut: engines that found nothing go first, of all files.

    Args:
        subject: The file.
        verdict: Its verdict.
        previous: The value that came with the task; its files are kept behind this one.
    """
    shown = [_entry(detection) for detection in sorted(verdict.detections, key=_order) if _counts(detection)]
    if subject.ref.kind != "file" or not SHA256.fullmatch(subject.ref.id.lower()) or not shown:
        return ""
    files = {subject.ref.id.lower(): shown}
    totals = {subject.ref.id.lower(): len(shown)}
    for sha256, (entries, left_out) in _read(previous).items():
        files.setdefault(sha256, entries)
        totals.setdefault(sha256, len(entries) + left_out)
    return _cut(files, totals)


def _counts(detection: Detection) -> bool:
    return not detection.ignored_because and detection.category in _CATEGORIES


def _order(detection: Detection) -> tuple[int, str]:
    return _rank_of(detection.category), detection.engine.lower()


def _rank_of(category: str) -> int:
    return _CATEGORIES.index(category) if category in _CATEGORIES else len(_CATEGORIES)


def _entry(detection: Detection) -> tuple[str, Mapping[str, str]]:
    fields = {"category": detection.category, "result": as_text(detection.result, LONGEST_NAME)}
    return as_text(detection.engine, LONGEST_NAME), {key: value for key, value in fields.items() if value}


def _cut(files: dict[str, _Entries], totals: Mapping[str, int]) -> str:
    """Leave out the least important entry of the longest list until it fits; an earlier file without entries goes."""
    subject = next(iter(files))
    while (excess := len(shown := _dump(files, totals)) - LONGEST) > 0:
        while excess > 0:  # by the entries' own lengths: to write everything after each of them takes long
            worst = max(reversed(files), key=lambda sha256: _rank(files[sha256]))
            excess -= len(_encode(dict([files[worst].pop()]))) - 1
            if not files[worst] and worst != subject:
                del files[worst]
                break
    return shown


def _rank(entries: _Entries) -> tuple[int, int]:
    category = entries[-1][1].get("category", "") if entries else MALICIOUS
    return _rank_of(category), len(entries)


def _dump(files: Mapping[str, _Entries], totals: Mapping[str, int]) -> str:
    objects = [_object(sha256, entries, totals[sha256] - len(entries)) for sha256, entries in files.items()]
    return _encode(objects)


def _object(sha256: str, entries: _Entries, left_out: int) -> Mapping[str, Any]:
    attributes: dict[str, Any] = {"sha256": sha256, "last_analysis_results": dict(entries)}
    if left_out:
        attributes["left_out"] = left_out
    return {"type": "file", "id": sha256, "attributes": attributes}


def _read(previous: Any) -> Mapping[str, tuple[_Entries, int]]:
    """Return the files of an earlier value, and how many entries it left out; what is not of its shape is skipped."""
    if isinstance(previous, str):
        try:
            previous = json.loads(previous) if len(previous) <= 10 * LONGEST else None
        except (ValueError, RecursionError):
            previous = None
    files: dict[str, tuple[_Entries, int]] = {}
    for entry in as_list(previous):
        sha256 = as_text(as_mapping(entry).get("id")).lower()
        attributes = as_mapping(as_mapping(entry).get("attributes"))
        results = pairs(attributes.get("last_analysis_results"))
        entries = [_earlier_entry(engine, as_mapping(result)) for engine, result in results]
        if entries and SHA256.fullmatch(sha256):
            files[sha256] = (entries, max(0, integer(attributes.get("left_out")) or 0))
    return files


def _earlier_entry(engine: str, result: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    return _entry(Detection(engine, as_text(result.get("category"), 60), as_text(result.get("result"))))
