"""Temporary submission data for services of later stages: what the engines call the files of a submission.

The value is JSON in VirusTotal's own shape, a list of file objects (docs/temporary.md).
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from virustotal.core.models import Detection, Object, Verdict
from virustotal.core.scoring.verdicts import MALICIOUS, SUSPICIOUS
from virustotal.util.readers import as_list, as_mapping, as_text, integer, pairs

#: The name under which later services find it.
KEY = "virus_total_vt3_files"
#: Characters of one value that Assemblyline takes (`submission.max_temp_data_length`); it drops longer ones whole.
LONGEST = 4096
#: Characters of one result or engine.
LONGEST_NAME = 120

_TELLING = (MALICIOUS, SUSPICIOUS, "harmless", "undetected")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_Entries = list[tuple[str, Mapping[str, str]]]


def temporary_data(subject: Object, verdict: Verdict, previous: Any = None) -> str:
    """Return the new value of `KEY`, at most `LONGEST` characters; empty where there is nothing to say of this file.

    previous: the value that came with the task, whose files are kept behind this one. Detections that the configuration
    ignores are left out. What is too long is cut, the least telling first: engines that found nothing, of all files.
    """
    own = [_entry(each) for each in sorted(verdict.detections, key=_telling) if _useful(each)]
    if subject.ref.kind != "file" or not _SHA256.fullmatch(subject.ref.id.lower()) or not own:
        return ""
    files = {subject.ref.id.lower(): own}
    totals = {subject.ref.id.lower(): len(own)}
    for sha256, (entries, left_out) in _read(previous).items():
        files.setdefault(sha256, entries)
        totals.setdefault(sha256, len(entries) + left_out)
    return _cut(files, totals)


def _useful(each: Detection) -> bool:
    return not each.ignored_because and each.category in _TELLING


def _telling(each: Detection) -> tuple[int, str]:
    return (_TELLING.index(each.category) if each.category in _TELLING else len(_TELLING), each.engine.lower())


def _entry(each: Detection) -> tuple[str, Mapping[str, str]]:
    found = {"category": each.category, "result": as_text(each.result, LONGEST_NAME)}
    return as_text(each.engine, LONGEST_NAME), {key: value for key, value in found.items() if value}


def _cut(files: dict[str, _Entries], totals: Mapping[str, int]) -> str:
    """Leave out the least telling entry of the longest list until it fits; an earlier file without entries goes."""
    own = next(iter(files))
    while (excess := len(shown := _dump(files, totals)) - LONGEST) > 0:
        while excess > 0:  # by the entries' own lengths: to write everything after each of them takes long
            worst = max(reversed(files), key=lambda sha256: _rank(files[sha256]))
            excess -= len(_encode(dict([files[worst].pop()]))) - 1
            if not files[worst] and worst != own:
                del files[worst]
                break
    return shown


def _rank(entries: _Entries) -> tuple[int, int]:
    category = entries[-1][1].get("category", "") if entries else MALICIOUS
    return (_TELLING.index(category) if category in _TELLING else len(_TELLING)), len(entries)


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
    found: dict[str, tuple[_Entries, int]] = {}
    for entry in as_list(previous):
        sha256 = as_text(as_mapping(entry).get("id")).lower()
        known = as_mapping(as_mapping(entry).get("attributes"))
        entries = [_again(engine, as_mapping(said)) for engine, said in pairs(known.get("last_analysis_results"))]
        if entries and _SHA256.fullmatch(sha256):
            found[sha256] = (entries, max(0, integer(known.get("left_out")) or 0))
    return found


def _again(engine: str, said: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    return _entry(Detection(engine, as_text(said.get("category"), 60), as_text(said.get("result"))))
