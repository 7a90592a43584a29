"""The coverage table: each thing asked for has its row and its state."""

import json
from typing import Any

import pytest

from virustotal.core.findings import Download
from virustotal.core.lookup.downloads import DownloadOutcome
from virustotal.core.models import Object, Outcome, Ref, Related, Report, Status
from virustotal.result.coverage import coverage_section
from virustotal.result.models import SubjectResult
from virustotal.testing import obj

ITEMS = tuple(Object(Ref("domain", f"d{number}.example.com")) for number in range(40))


def result(*related: Related, kind: str = "file", status: Status = Status.FOUND, **more: Any) -> SubjectResult:
    return SubjectResult(Report(obj(kind), {each.relationship: each for each in related}, Outcome(status)), **more)


def rows(*results: SubjectResult) -> list[dict[str, Any]]:
    section = coverage_section(results)
    return [] if section is None else json.loads(section.body)


@pytest.mark.parametrize(
    ("related", "shown", "detail"),
    [
        (Related("x"), "none", ""),
        (Related("x", ITEMS[:3], total=3), "shown 3 of 3", ""),
        (Related("x", ITEMS[:3]), "shown 3 of 3", ""),
        (Related("x", ITEMS, total=95, complete=False), "shown 40 of 95", ""),
        (Related("x", ITEMS, complete=False), "shown 40, there are more", ""),
        (Related("x", ITEMS[:2], detailed=False), "shown 2 of 2", "identifiers alone"),
        (
            Related("x", (*ITEMS[:1], Object(Ref("file", "y"), error="NotFoundError"))),
            "shown 2 of 2",
            "1 that VirusTotal knows by identifier alone",
        ),
        (
            Related("x", ITEMS, Outcome(Status.FAILED, "HTTP 503."), total=95, complete=False),
            "shown 40 of 95, the rest: failed",
            "HTTP 503.",
        ),
        (
            Related("x", ITEMS[:2], Outcome(Status.FORBIDDEN), complete=False, detailed=False),
            "shown 2, names only: needs a premium licence",
            "identifiers alone",
        ),
        (Related("x", outcome=Outcome(Status.SKIPPED, "Out of time.")), "skipped", "Out of time."),
        (Related("x", outcome=Outcome(Status.FAILED, "HTTP 503.")), "failed", "HTTP 503."),
        (Related("x", outcome=Outcome(Status.QUOTA)), "quota used up", ""),
        (Related("x", outcome=Outcome(Status.UNKNOWN)), "unknown to VirusTotal", ""),
        (Related("x", outcome=Outcome(Status.INVALID)), "refused by VirusTotal", ""),
        (Related("x", outcome=Outcome(Status.PENDING)), "pending", ""),
    ],
)
def test_states(related: Related, shown: str, detail: str) -> None:
    (row,) = rows(result(related))
    assert (row["relationship"], row["result"], row.get("detail", "")) == ("x", shown, detail)


def test_premium_relationships_share_one_row() -> None:
    forbidden = Outcome(Status.FORBIDDEN, "403")
    table_rows = rows(result(Related("a", outcome=forbidden), Related("b", ITEMS[:1]), Related("c", outcome=forbidden)))
    assert [(row["relationship"], row["result"]) for row in table_rows] == [
        ("b", "shown 1 of 1"),
        ("a, c", "needs a premium licence"),
    ]


def test_names_that_were_asked_for_and_not_looked_up() -> None:
    table_rows = rows(result(Related("contacted_ips"), asked=("dropped_files", "contacted_ips", "moon_phases")))
    assert [(row["relationship"], row["result"]) for row in table_rows] == [
        ("dropped_files", "not looked up"),
        ("contacted_ips", "none"),
        ("moon_phases", "not looked up: the name is not in the service's catalogue"),
    ]


def test_aliases_and_origins_are_said() -> None:
    table_rows = rows(
        result(
            Related("contacted_ips"),
            aliases={"contacted_hosts": "contacted_ips", "contacted_ips": "contacted_ips"},
            origins={"contacted_ips": "cache, 2 hours old"},
        )
    )
    assert table_rows[0]["detail"] == "asked for as contacted_hosts"
    assert table_rows[0]["answered by"] == "cache, 2 hours old"


def test_two_subjects_are_told_apart_and_a_missing_one_has_no_rows() -> None:
    table_rows = rows(
        result(Related("a"), kind="url", label="https://example.com/"),
        result(Related("a"), kind="domain"),
        result(kind="ip_address", status=Status.UNKNOWN, asked=("a",)),
    )
    assert [row["subject"] for row in table_rows] == ["URL https://example.com/", "Domain example.com"]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (Status.FOUND, "attached"),
        (Status.UNKNOWN, "not available"),
        (Status.FORBIDDEN, "needs a premium licence"),
        (Status.FAILED, "failed"),
        (Status.SKIPPED, "skipped"),
    ],
)
def test_artefacts(status: Status, shown: str) -> None:
    download = Download(Ref("file_behaviour", "abc_Zenbox"), "pcap", "zenbox.pcap", "Capture")
    section = coverage_section([result(artefacts=(DownloadOutcome(download, Outcome(status, "Why.")),))])
    assert section.title_text == "Artefacts (1)"
    assert json.loads(section.body) == [
        {"artefact": "zenbox.pcap", "of": "file_behaviour abc_Zenbox", "result": shown, "detail": "Why."}
    ]


def test_it_is_one_collapsed_section() -> None:
    download = Download(Ref("file", "abc"), "file", "x.bin", "Dropped")
    section = coverage_section([result(Related("a"), artefacts=(DownloadOutcome(download, Outcome(Status.FOUND)),))])
    assert section.auto_collapse
    assert [subsection.title_text for subsection in section.subsections] == ["Artefacts (1)"]


def test_nothing_asked_nothing_shown() -> None:
    assert coverage_section([result()]) is None
    assert coverage_section([]) is None


def test_every_status_has_a_word() -> None:
    for status in Status:
        if status is not Status.FOUND:
            assert rows(result(Related("x", outcome=Outcome(status))))[0]["result"]
