"""The files of the world: EICAR, a program, documents, an archive, a clean file, and files that are odd on purpose."""

import hashlib
from collections.abc import Iterator
from typing import Any

from virustotal.emulator.engines import analysed, engine_results
from virustotal.emulator.world.formats import MACHO, OFFICE, PDF, PROGRAM, ZIP
from virustotal.emulator.world.shared import (
    DAY,
    EICAR,
    EICAR_SHA256,
    EPOCH,
    Json,
    digest,
    document,
    invented,
    obj,
    ref,
    refs,
    relationship,
)

_HALF = ("Microsoft", "Kaspersky", "ESET-NOD32", "BitDefender", "Sophos", "Avast", "AVG", "DrWeb", "Ikarus", "GData")
UNSEEN = hashlib.sha256(b"never seen by VirusTotal").hexdigest()
"""A dropped file that is known by its hash alone."""


def file_object(content: bytes, names: list[str], results: Json, **attributes: Any) -> Json:
    """Return a file object: hashes and size of its content, dates, engine results, then what is given."""
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
        "times_submitted": 12,
        "unique_sources": 9,
        **analysed(results, EPOCH),
        "last_modification_date": EPOCH + 3600,
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
        downloadable=True,
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
        threat_severity={
            "version": 5,
            "threat_severity_level": "SEVERITY_LOW",
            "level_description": "Severity LOW because it is a test file.",
            "last_analysis_date": str(EPOCH),
            "threat_severity_data": {"num_gav_detections": 3, "popular_threat_category": "virus"},
        },
        gti_assessment={
            "verdict": {"value": "VERDICT_MALICIOUS"},
            "severity": {"value": "SEVERITY_LOW"},
            "threat_score": {"value": 60},
            "contributing_factors": {"gavs_detections": 44, "malicious_sandbox_verdict": True},
            "description": "This indicator is the antivirus test file.",
        },
    )


def _text(name: str, label: str | None = None, **attributes: Any) -> tuple[bytes, Json]:
    described = {"type_description": "Text", "type_tag": "text", "type_extension": "txt", "type_tags": ["text"]}
    content = invented(name)
    return content, file_object(content, [name], engine_results(label, only=_HALF), **{**described, **attributes})


def _formatted(name: str, label: str | None, attributes: Json) -> tuple[bytes, Json]:
    content = invented(name)
    results = engine_results(label, only=_HALF, executable=attributes["type_tag"].startswith("pe"))
    return content, file_object(content, [name], results, **attributes)


def _minimal() -> tuple[bytes, Json]:
    content = invented("minimal.bin")
    names = "first_submission_date last_submission_date last_analysis_date last_modification_date last_analysis_stats"
    value = file_object(content, ["minimal.bin"], {})
    attributes = {name: value["attributes"][name] for name in (*names.split(), "times_submitted", "tags")}
    return content, obj("file", value["id"], {**attributes, "type_tags": []})


def _odd() -> tuple[bytes, Json]:
    """Return a file whose attributes are what real ones sometimes are: nulls, control characters, nonsense dates."""
    content = invented("odd.bin")
    results: Json = {
        "NoSuchEngine 9000": {
            "category": "surprising",
            "engine_name": "NoSuchEngine 9000",
            "engine_version": "",
            "engine_update": None,
            "method": "oracle",
            "result": None,
        },
        "Lionic": {"category": "malicious", "engine_name": "AegisLab", "engine_version": "None", "result": "Odd.A!c"},
        "nulled": None,
    }
    value = file_object(content, ["nul\x00name.exe", "gpj.\u202eexe.txt", "..\\..\\up.bin", ""], {})
    odd = {
        "last_analysis_results": results,
        "last_analysis_stats": {"malicious": 1, "undetected": 0, "typeUnsupported": 1},
        "first_seen_itw_date": 1,
        "first_submission_date": 0,
        "creation_date": 4_246_907_690,
        "reputation": -12,
        "type_tag": None,
        "type_description": "unknown",
        "popular_threat_classification": {"popular_threat_name": [["odd", 1]]},
        "bundle_info": {"type": "ZIP", "uncompressed_size": 3.3356434083164046e21, "extensions": {"": 1}},
        "signature_info": {"description": "A program", "file version": "1.0", "x509": ["not a dictionary"]},
    }
    return content, obj("file", value["id"], {**value["attributes"], **odd})


def _all() -> Iterator[tuple[bytes, Json]]:
    yield EICAR, _eicar()
    yield _formatted("setup.exe", "Trojan.Invented.A", PROGRAM)
    yield _formatted("report.pdf", "PDF.Invented", PDF)
    yield _formatted("letter.doc", None, OFFICE)
    yield _formatted("archive.zip", "Archive.EICAR", ZIP)
    yield _formatted("tool.macho", None, MACHO)
    yield _text("clean.txt")
    yield _text("payload.dll", "Trojan.Dropped.B", type_description="Win32 DLL", type_tag="pedll", type_extension="dll")
    yield _text("readme.txt")
    yield _text("similar.com", "EICAR-Like")
    yield _minimal()
    yield _odd()


def documents() -> Iterator[tuple[str, Json]]:
    """Yield (path, document) of the files, and of the files related to them."""
    for _, value in _all():
        yield document(value)
    dropped = [*refs("file", (digest("payload.dll"), digest("readme.txt"))), ref("file", UNSEEN)]
    program = digest("setup.exe")
    links = {
        "dropped_files": dropped,
        "bundled_files": [],
        "execution_parents": refs("file", (program,)),
        "compressed_parents": refs("file", (digest("archive.zip"),)),
        "similar_files": refs("file", (digest("similar.com"),)),
        "pe_resource_parents": refs("file", (program,)),
    }
    for name, items in links.items():
        yield relationship("file", EICAR_SHA256, name, items)
    yield relationship("file", digest("archive.zip"), "bundled_files", refs("file", (EICAR_SHA256, UNSEEN)))
    yield relationship("file", program, "dropped_files", refs("file", (EICAR_SHA256, digest("payload.dll"))))
    yield relationship("file", program, "pe_resource_children", refs("file", (EICAR_SHA256,)))
    yield relationship("file", program, "overlay_children", refs("file", (digest("archive.zip"),)))


def contents() -> Iterator[tuple[str, str, bytes]]:
    """Yield (SHA-256, ``bin``, content) of the files."""
    for content, value in _all():
        yield value["id"], "bin", content
