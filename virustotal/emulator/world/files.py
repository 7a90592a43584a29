"""The files of the world: EICAR, a program, documents, a clean file, and what was dropped or packed with them."""

import hashlib
from collections.abc import Iterator
from typing import Any

from virustotal.emulator.engines import engine_results, engine_stats
from virustotal.emulator.world.shared import DAY, EICAR, EICAR_SHA256, EPOCH, Json, document, invented, obj


def file_object(content: bytes, names: list[str], results: Json, **attributes: Any) -> Json:
    """Return a file object: hashes and size of its content, dates, engine results, then what is given."""
    stats = engine_stats(results)
    sha256 = hashlib.sha256(content).hexdigest()
    common = {
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        "sha256": sha256,
        "size": len(content),
        "names": names,
        "meaningful_name": names[0],
        "first_submission_date": EPOCH - 400 * DAY,
        "last_submission_date": EPOCH - DAY,
        "last_analysis_date": EPOCH,
        "last_modification_date": EPOCH + 3600,
        "times_submitted": 12,
        "unique_sources": 9,
        "reputation": 0,
        "total_votes": {"harmless": 0, "malicious": 0},
        "tags": [],
        "last_analysis_results": results,
        "last_analysis_stats": stats,
    }
    return obj("file", sha256, {**common, **attributes})


def _eicar() -> Json:
    labels = {
        "Microsoft": "Virus:DOS/EICAR_Test_File",
        "Kaspersky": "EICAR-Test-File",
        "ClamAV": "Win.Test.EICAR_HDB-1",
        "ESET-NOD32": "Eicar test file",
        "Sophos": "EICAR-AV-Test",
        "TrendMicro": "Eicar_test_file",
        "Fortinet": "EICAR_TEST_FILE",
    }
    return file_object(
        EICAR,
        ["eicar.com", "eicar.com.txt", "eicar_test_file.txt", "invoice.com"],
        engine_results("EICAR-Test-File (not a virus)", labels=labels),
        type_description="Powershell",
        type_tag="powershell",
        type_extension="ps1",
        type_tags=["source", "powershell", "ps", "ps1"],
        magic="EICAR virus test files",
        magika="TXT",
        trid=[{"file_type": "EICAR antivirus test file", "probability": 100.0}],
        ssdeep="3:a+JraNvsgzsVqSwHq9:tJuOgzsko",
        tlsh="T19CA022003B0EEE2BA20B00200032E8B00808020E2CE00A3820A020B8C83308803EC228",
        first_seen_itw_date=EPOCH - 6000 * DAY,
        times_submitted=241_337,
        unique_sources=98_765,
        reputation=3456,
        total_votes={"harmless": 640, "malicious": 212},
        tags=["via-tor", "idle", "long-sleeps", "attachment"],
        popular_threat_classification={
            "suggested_threat_label": "virus.eicar/test",
            "popular_threat_category": [{"value": "virus", "count": 21}, {"value": "trojan", "count": 3}],
            "popular_threat_name": [{"value": "eicar", "count": 44}, {"value": "test", "count": 31}],
        },
        sandbox_verdicts={
            "Zenbox": {
                "category": "malicious",
                "confidence": 72,
                "sandbox_name": "Zenbox",
                "malware_classification": ["MALWARE"],
                "malware_names": ["EICAR"],
            },
            "C2AE": {
                "category": "undetected",
                "sandbox_name": "C2AE",
                "malware_classification": ["UNKNOWN_VERDICT"],
            },
        },
        gti_assessment={
            "verdict": {"value": "VERDICT_MALICIOUS"},
            "severity": {"value": "SEVERITY_LOW"},
            "threat_score": {"value": 60},
            "contributing_factors": {"gavs_detections": 44, "malicious_sandbox_verdict": True},
            "description": "This indicator is the antivirus test file.",
        },
    )


def _all() -> Iterator[tuple[bytes, Json]]:
    yield EICAR, _eicar()
    clean = invented("clean.txt")
    yield (
        clean,
        file_object(
            clean,
            ["clean.txt"],
            engine_results(None),
            type_description="Text",
            type_tag="text",
            type_extension="txt",
            type_tags=["text"],
            magic="ASCII text",
        ),
    )


def documents() -> Iterator[tuple[str, Json]]:
    """Yield (path, document) of the files."""
    for _, value in _all():
        yield document(value)


def contents() -> Iterator[tuple[str, str, bytes]]:
    """Yield (SHA-256, ``bin``, content) of the files."""
    for content, value in _all():
        yield value["id"], "bin", content


__all__ = ["EICAR_SHA256", "contents", "documents", "file_object"]
