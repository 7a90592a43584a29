"""Invented but plausible engine results: a fixed set of engines, each with the same answer to the same question."""

import hashlib
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def _words(text: str, separator: str | None = None) -> tuple[str, ...]:
    return tuple(text.split(separator))


FILE_ENGINES = _words(
    "Acronis AhnLab-V3 ALYac Antiy-AVL Arcabit Avast AVG Avira Baidu BitDefender Bkav ClamAV CMC CrowdStrike CTX "
    "Cylance Cynet DrWeb Elastic Emsisoft ESET-NOD32 Fortinet GData Google Gridinsoft Ikarus Jiangmin K7AntiVirus "
    "K7GW Kaspersky Kingsoft Lionic Malwarebytes MaxSecure Microsoft NANO-Antivirus Paloalto Panda Rising Sangfor "
    "SentinelOne Skyhigh Sophos SUPERAntiSpyware Symantec Tencent TrendMicro Varist VBA32 VIPRE ViRobot Webroot "
    "Xcitium Yandex Zillya Zoner"
)
UNABLE = ("Paloalto", "Webroot", "CrowdStrike", "Elastic")
"""Engines that answer ``type-unsupported`` for what is not executable."""
SILENT = ("Acronis", "CMC", "Baidu", "SUPERAntiSpyware", "Gridinsoft", "Zoner")
"""Engines that never detect anything."""
NETWORK_ENGINES = _words(
    "Abusix,ADMINUSLabs,AlienVault,Antiy-AVL,BitDefender,Certego,CRDF,Criminal IP,CyRadar,desenmascara.me,DNS8,"
    "Dr.Web,Emsisoft,ESET,Fortinet,G-Data,Google Safebrowsing,Kaspersky,Lionic,malwares.com URL checker,OpenPhish,"
    "Phishing Database,PhishTank,Quttera,Seclookup,Sophos,Sucuri SiteCheck,URLhaus,VIPRE,Webroot",
    ",",
)

_FILE_COUNTERS = _words("malicious suspicious undetected harmless timeout confirmed-timeout failure type-unsupported")
_NETWORK_COUNTERS = _words("malicious suspicious undetected harmless timeout")


def engine_results(
    label: str | None,
    *,
    network: bool = False,
    only: tuple[str, ...] = (),
    labels: Mapping[str, str] | None = None,
    executable: bool = False,
    update: str = "20250105",
) -> Json:
    """Return ``last_analysis_results``.

    With a ``label`` every engine that can detects, or only those of ``only``; ``labels`` gives single engines an own
    text. Network engines have no version and update, and say ``clean`` or ``unrated``.
    """
    results: Json = {}
    for name in NETWORK_ENGINES if network else FILE_ENGINES:
        detects = label is not None and name not in SILENT and (not only or name in only)
        text = (labels or {}).get(name, label) if detects else None
        if network:
            results[name] = _network_result(name, text)
        elif not executable and name in UNABLE:
            results[name] = _file_result(name, "type-unsupported", None, update)
        else:
            results[name] = _file_result(name, "malicious" if text else "undetected", text, update)
    return results


def _file_result(name: str, category: str, text: str | None, update: str) -> Json:
    digest = hashlib.sha256(name.encode()).digest()
    version = f"{digest[0] % 20 + 1}.{digest[1] % 10}.{digest[2] % 100}.{digest[3]}"
    return {
        "category": category,
        "engine_name": name,
        "engine_version": None if digest[4] % 16 == 0 else version,
        "engine_update": update,
        "method": "blacklist",
        "result": text,
    }


def _network_result(name: str, text: str | None) -> Json:
    rated = hashlib.sha256(name.encode()).digest()[0] % 3
    usual = ("harmless", "clean") if rated else ("undetected", "unrated")
    category, result = ("malicious", text) if text else usual
    return {"category": category, "engine_name": name, "method": "blacklist", "result": result}


def engine_stats(results: Json, *, network: bool = False) -> Json:
    """Return ``last_analysis_stats`` of results: every counter, also those that are 0."""
    stats: Json = dict.fromkeys(_NETWORK_COUNTERS if network else _FILE_COUNTERS, 0)
    for result in results.values():
        stats[result["category"]] = stats.get(result["category"], 0) + 1
    return stats


def analysed(results: Json, date: int, *, network: bool = False) -> Json:
    """Return the attributes that an object has from its last analysis on."""
    return {
        "last_analysis_date": date,
        "last_modification_date": date,
        "last_analysis_results": results,
        "last_analysis_stats": engine_stats(results, network=network),
        "reputation": 0,
        "total_votes": {"harmless": 0, "malicious": 0},
        "tags": [],
    }
