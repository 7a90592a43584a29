"""What people say and what services keep: comments, votes, collections, graphs, references, actors, analyses, rules."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from virustotal.emulator.engines import engine_results, engine_stats
from virustotal.emulator.world.shared import (
    DAY,
    EICAR,
    EICAR_SHA256,
    EPOCH,
    Json,
    digest,
    document,
    obj,
    ref,
    refs,
    relationship,
)

_REMARKS = ("This is the EICAR test file. #eicar", "<b>bold</b> <script>alert(1)</script>", "\u202etxet esrever", "ok")
COMMENTS = 23


def _comment(index: int) -> Json:
    text = _REMARKS[index % len(_REMARKS)]
    attributes = {
        "date": EPOCH - index * 3600,
        "text": text,
        "html": text.replace("#eicar", '<a href="#">#eicar</a>'),
        "tags": ["eicar"] if "#eicar" in text else [],
        "votes": {"positive": index, "negative": 0, "abuse": 0},
    }
    return obj("comment", f"f-{EICAR_SHA256}-{index:08x}", attributes)


def _vote(index: int) -> Json:
    value = 1 if index % 3 else -1
    attributes = {"date": EPOCH - index * DAY, "value": value, "verdict": "harmless" if value > 0 else "malicious"}
    return obj("vote", f"f-{EICAR_SHA256}-{index + 77:08x}", attributes)


def _submission(index: int) -> Json:
    date = EPOCH - index * 7 * DAY
    attributes: Json = {
        "date": date,
        "interface": ("web", "api", "email")[index % 3],
        "country": ("CA", "FR", "ZZ")[index % 3],
        "name": "eicar.com",
        "source_key": digest(f"source {index}")[:8],
    }
    return obj("submission", f"f-{EICAR_SHA256}-{date}", attributes)


def _analysis(index: int) -> Json:
    date = EPOCH - index * 30 * DAY
    results = engine_results("EICAR-Test-File")
    md5 = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
    identifier = base64.b64encode(f"{md5}:{date}".encode()).decode()
    attributes = {"date": date, "status": "completed", "stats": engine_stats(results), "results": results}
    return obj("analysis", identifier, attributes)


def _collection(identifier: str, name: str, kind: str, **attributes: Any) -> Json:
    common = {
        "name": name,
        "collection_type": kind,
        "description": f"{name}: invented, for tests.",
        "creation_date": EPOCH - 90 * DAY,
        "last_modification_date": EPOCH - DAY,
        "tags": ["test"],
        "files_count": 2,
        "domains_count": 1,
        "ip_addresses_count": 1,
        "urls_count": 1,
        "references_count": 1,
    }
    return obj("collection", identifier, {**common, **attributes})


_ACTOR = "threat-actor--00000000-0000-4000-8000-000000000001"
_FAMILY = "malware--00000000-0000-4000-8000-000000000002"
_CAMPAIGN = "campaign--00000000-0000-4000-8000-000000000003"
_REPORT = "report--25-00000001"
_TOOLKIT = "malware--00000000-0000-4000-8000-000000000004"
_EXPLOITED, _MEDIUM = "vulnerability--cve-2099-0001", "vulnerability--cve-2099-0002"
_LIST = digest("collection")


def _detail(value: str, **more: Any) -> Json:
    return {
        "value": value,
        "confidence": "confirmed",
        "description": None,
        "first_seen": None,
        "last_seen": None,
    } | more


def _vulnerabilities() -> Iterator[Json]:
    yield _collection(
        _EXPLOITED,
        "CVE-2099-0001",
        "vulnerability",
        cve_id="CVE-2099-0001",
        mve_id="MVE-2099-0001",
        risk_rating="CRITICAL",
        priority="P0",
        exploitation_state="WIDESPREAD",
        exploit_availability="Publicly Available",
        exploitation_consequence="Code Execution",
        exploitation_vectors=["Malicious File", "Email"],
        exploitation={"first_exploitation": EPOCH - 40 * DAY, "exploit_release_date": EPOCH - 30 * DAY},
        cisa_known_exploited={"added_date": EPOCH - 20 * DAY, "due_date": EPOCH + DAY, "ransomware_use": "Known"},
        cvss={
            "cvssv2_0": {"base_score": 9.4, "temporal_score": None, "vector": "AV:N/AC:L/Au:N/C:C/I:C/A:N"},
            "cvssv3_x": {
                "base_score": 9.8,
                "temporal_score": 9.1,
                "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            },
        },
        epss={"score": 0.93, "percentile": 0.997},
        cwe={"id": "CWE-787", "title": "Out-of-bounds Write"},
        date_of_disclosure=EPOCH - 50 * DAY,
        executive_summary="\n* A file of an invented kind lets an attacker run code.\n* It is exploited widely.\n",
        available_mitigation=["Patch", "Workaround"],
        workarounds=["<p>Do not open invented files.</p>"],
        cpes=[{"start_rel": "<", "start_cpe": {"vendor": "Example", "product": "Reader", "version": "2.0"}}],
        tags=["observed_in_the_wild", "has_exploits"],
        counters={"files": 18, "iocs": 18},
    )
    yield _collection(
        _MEDIUM,
        "CVE-2099-0002",
        "vulnerability",
        cve_id="CVE-2099-0002",
        risk_rating="MEDIUM",
        exploitation_state="No Known",
        cvss={"cvssv3_x": {"base_score": 5.0, "vector": "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:L"}},
        epss={"score": 0.01, "percentile": 0.2},
    )


def _collections() -> Iterator[Json]:
    yield _collection(_LIST, "Test files", "collection")
    yield _collection(
        _ACTOR,
        "EXAMPLE BEAR",
        "threat-actor",
        alt_names=["UNC0000"],
        alt_names_details=[_detail("Invented Group")],
        motivations=[_detail("Espionage")],
        merged_actors=[_detail("UNC0001", description="threat-actor--00000000-0000-4000-8000-000000000009")],
        source_region="ZZ",
        targeted_regions=["CA", "FR"],
        targeted_industries_tree=[{"industry_group": "Education", "industry": None, "confidence": "confirmed"}],
        last_seen_details=[_detail("2024-12-24T10:00:00Z")],
        counters={"files": 2, "iocs": 5, "attack_techniques": 2},
    )
    yield _collection(
        _FAMILY,
        "INVENTED",
        "malware-family",
        malware_roles=[_detail("Downloader")],
        operating_systems=[_detail("Windows")],
        capabilities=[_detail("Runs commands")],
        detection_names=[_detail("Invented.Loader")],
    )
    yield _collection(
        _TOOLKIT,
        "EXAMPLEKIT",
        "software_toolkits",
        malware_roles=[_detail("Backdoor")],
        operating_systems=[_detail("Windows"), _detail("Linux")],
        link="https://example.org/kit",
    )
    yield _collection(
        _CAMPAIGN,
        "Operation Example",
        "campaign",
        campaign_type="GLOBAL",
        motivations=[_detail("Financial Gain")],
        targeted_regions_hierarchy=[{"region": "Americas", "country": "Canada", "country_iso2": "CA"}],
        first_seen_details=[_detail("2024-11-01T00:00:00Z")],
        last_seen_details=[_detail("2024-12-31T00:00:00Z")],
    )
    yield _collection(
        _REPORT,
        "Report on invented files",
        "report",
        report_type="OSINT",
        author="Example Research",
        link="https://example.org/report",
        executive_summary="* Invented files are harmless.\n* They are for tests.",
    )
    yield from _vulnerabilities()


def _technique(identifier: str, name: str) -> Json:
    link = f"https://attack.mitre.org/techniques/{identifier.replace('.', '/')}/"
    attributes = {"name": name, "description": f"{name}, in short.", "link": link, "info": {"x_mitre_version": "1.2"}}
    return obj("attack_technique", identifier, attributes)


def _others() -> Iterator[Json]:
    yield obj("reference", "example-reference-1", {"title": "On test files", "url": "https://example.org/paper"})
    yield obj(
        "threat_actor", "example-actor-1", {"name": "EXAMPLE BEAR", "aliases": ["UNC0000"], "source_region": "ZZ"}
    )
    graph = {
        "graph_data": {"description": "Example graph", "version": "5.0.0"},
        "creation_date": EPOCH - 9 * DAY,
        "nodes": [{"entity_id": EICAR_SHA256, "type": "file", "index": 0}],
        "links": [],
        "private": False,
        "comments_count": 0,
        "views_count": 4,
    }
    yield obj("graph", f"g{digest('graph')}", graph)
    yield _technique("T1059.003", "Windows Command Shell")
    yield _technique("T1036", "Masquerading")
    yield obj("attack_tactic", "TA0002", {"name": "Execution", "link": "https://attack.mitre.org/tactics/TA0002/"})
    rules = 'rule Invented_Loader { strings: $a = "invented" condition: $a }\n'
    yield obj(
        "yara_ruleset", "0121ae37cc", {"name": "invented_loaders", "source": "https://example.org", "rules": rules}
    )
    sigma = {"title": "Suspicious Script Execution", "level": "high", "rule": "title: Suspicious Script Execution\n"}
    yield obj("sigma_rule", digest("sigma"), sigma)


def _links() -> Iterator[tuple[str, Any]]:
    yield "analyses", [_analysis(index) for index in range(3)]
    yield "collections", refs("collection", (_LIST,))
    threats = (_ACTOR, _FAMILY, _TOOLKIT, _CAMPAIGN, _REPORT, _MEDIUM, _EXPLOITED)
    yield "associations", refs("collection", (_LIST, *threats))
    yield "campaigns", refs("collection", (_CAMPAIGN,))
    yield "malware_families", refs("collection", (_FAMILY,))
    yield "reports", refs("collection", (_REPORT,))
    yield "software_toolkits", refs("collection", (_TOOLKIT,))
    yield "vulnerabilities", refs("collection", (_MEDIUM, _EXPLOITED))
    yield "related_reports", refs("collection", (_REPORT,))
    yield "graphs", refs("graph", (f"g{digest('graph')}",))
    yield "references", refs("reference", ("example-reference-1",))
    related_from = [{"type": "collection", "id": _LIST}]
    yield "related_references", [ref("reference", "example-reference-1", related_from=related_from)]
    yield "related_threat_actors", [ref("threat_actor", "example-actor-1", related_from=related_from)]
    yield "attack_techniques", refs("attack_technique", ("T1059.003", "T1036"))
    yield "related_attack_techniques", refs("attack_technique", ("T1036",))


def documents() -> Iterator[tuple[str, Json]]:
    """Yield (path, document) of all of it; comments, votes and submissions belong to EICAR by their ids."""
    listed = [*map(_comment, range(COMMENTS)), *map(_vote, range(12)), *map(_submission, range(5))]
    for value in (*listed, *_collections(), *_others()):
        yield document(value)
    for name, items in _links():
        yield relationship("file", EICAR_SHA256, name, items)
    yield relationship("domain", "c2.example.net", "collections", refs("collection", (_LIST,)))
    yield relationship("collection", _LIST, "files", refs("file", (EICAR_SHA256, digest("setup.exe"))))
    yield relationship("collection", _LIST, "domains", refs("domain", ("c2.example.net",)))
