"""Which downloads are asked for, under which names, and what is said where none is."""

from typing import Any

import pytest

from virustotal.core import Download, Object, Ref
from virustotal.core.findings import Role
from virustotal.core.models import Outcome, Status
from virustotal.core.settings import Settings
from virustotal.testing import evidence, obj, run

from .conftest import ANALYZERS, SHA256, report, titles

PARAMETERS = {
    "evtx": ("download_evtx", "has_evtx"),
    "pcap": ("download_pcap", "has_pcap"),
    "memdump": ("download_memdump", "has_memdump"),
    "html_report": ("download_html_report", "has_html_report"),
}


def settings(*parameters: str, analyze: bool = True, **values: Any) -> Settings:
    return Settings(analyze_relationship=analyze, **dict.fromkeys(parameters, True), **values)


def recordings(name: str, *reports: Any, analyze: bool = True, **options: Any) -> list[Any]:
    given = evidence(
        "file", "behaviours", related=reports, settings=settings(PARAMETERS[name][0], analyze=analyze), **options
    )
    return run(ANALYZERS[name], given)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("evtx", ("evtx", "VirusTotal_Jujubox_275a021b.evtx", Role.EXTRACTED, "DYNAMIC", (b"ElfFile\x00",))),
        ("memdump", ("memdump", "VirusTotal_Jujubox_275a021b.memdump", Role.EXTRACTED, "MEMDUMP", ())),
    ],
)
def test_a_recording_becomes_a_download(name: str, expected: tuple[Any, ...]) -> None:
    flag = PARAMETERS[name][1]
    (found,) = recordings(name, report("VirusTotal Jujubox", **{flag: True}), report("Zenbox", **{flag: False}))
    assert (found.kind, found.name, found.role, found.relation, found.magic) == expected
    assert found.ref == Ref("file_behaviour", f"{SHA256}_VirusTotal Jujubox")


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_sandbox_that_has_one_is_asked(name: str) -> None:
    flag = PARAMETERS[name][1]
    found = recordings(name, *(report(f"Box {number}", **{flag: True}) for number in range(3)))
    assert [each.ref.id[65:] for each in found] == ["Box 0", "Box 1", "Box 2"]
    assert len({each.name for each in found}) == 3


@pytest.mark.parametrize(
    "magic", [b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a"]
)
def test_captures_of_all_sorts_are_taken(magic: bytes) -> None:
    (found,) = recordings("pcap", report(has_pcap=True))
    assert magic in found.magic


def test_html_is_hostile_and_stays_supplementary() -> None:
    (found,) = recordings("html_report", report(has_html_report=True))
    assert found.role is Role.SUPPLEMENTARY
    assert not b'{"error":'.startswith(found.magic)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_line_says_that_none_has_it(name: str) -> None:
    (title,) = titles(recordings(name, report()))
    assert title.startswith("No sandbox has a ")


@pytest.mark.parametrize("flag", [None, "", "no", [], {}, 0])
def test_flags_of_another_type_are_no_recording(flag: Any) -> None:
    assert not [recording for recording in recordings("pcap", report(has_pcap=flag)) if isinstance(recording, Download)]


@pytest.mark.parametrize(
    ("reports", "options", "title", "line"),
    [
        (
            1,
            {"detailed": False},
            "No network capture was downloaded",
            "VirusTotal returned only the names of the sandboxes.",
        ),
        (
            1,
            {"detailed": False, "outcome": Outcome(Status.FORBIDDEN)},
            "No network capture was downloaded",
            "Not all reports of sandboxes came: forbidden.\nVirusTotal returned only the names of the sandboxes.",
        ),
        (
            0,
            {"outcome": Outcome(Status.FAILED, "HTTP 503.")},
            "No network capture was downloaded",
            "Not all reports of sandboxes came: HTTP 503.",
        ),
        (
            1,
            {"outcome": Outcome(Status.FAILED, "HTTP 503."), "complete": False},
            "A network capture may be missing",
            "Not all reports of sandboxes came: HTTP 503.",
        ),
        (
            1,
            {"complete": False},
            "A network capture may be missing",
            "There are more reports of sandboxes than max_related let the service fetch.",
        ),
    ],
)
def test_reports_that_did_not_come_are_said(reports: int, options: dict[str, Any], title: str, line: str) -> None:
    *fetched, section = recordings("pcap", *[report(has_pcap=True)] * reports, **options)
    assert (section.title_text, section.body) == (title, line)
    assert len(fetched) == int(title.startswith("A "))


def test_nothing_without_the_flag() -> None:
    given = report(has_pcap=True)
    assert recordings("pcap", given, analyze=False) == []
    assert run(ANALYZERS["pcap"], evidence("file", "behaviours", related=[given], settings=settings())) == []


@pytest.mark.parametrize(
    ("sandbox", "expected"),
    [
        ("../../etc/passwd", "etc_passwd_275a021b.pcap"),
        ("a/b\\c:d*e", "a_b_c_d_e_275a021b.pcap"),
        ("\u202eevil", "evil_275a021b.pcap"),
        ("x" * 500, "x" * 79 + "_275a021b.pcap"),
        ("沙箱", "unnamed_275a021b.pcap"),
    ],
)
def test_names_are_built_of_allowed_characters(sandbox: str, expected: str) -> None:
    (found,) = recordings("pcap", report(sandbox, has_pcap=True))
    assert found.name == expected


@pytest.mark.parametrize("name", [*PARAMETERS, "download_dropped_files"])
def test_wanted_needs_the_parameter_and_the_flag(name: str) -> None:
    parameter = PARAMETERS[name][0] if name in PARAMETERS else name
    wanted = ANALYZERS[name].wanted
    assert wanted(settings(parameter))
    assert not wanted(settings(parameter, analyze=False))
    assert not wanted(settings())


@pytest.mark.parametrize("analyze", [True, False])
def test_a_missing_flag_is_said_in_one_line(analyze: bool) -> None:
    given = evidence("file", settings=settings("download_pcap", "download_evtx", analyze=analyze))
    result = run(ANALYZERS["artefacts"], given)
    if analyze:
        assert result == []
    else:
        (section,) = result
        assert (
            section.body == "Set analyze_relationship as well: without it, download_evtx, download_pcap does nothing."
        )


def dropped(*related: Any, **options: Any) -> list[Any]:
    chosen = options.pop("settings", settings("download_dropped_files"))
    return run(
        ANALYZERS["download_dropped_files"],
        evidence("file", "dropped_files", related=related, settings=chosen, **options),
    )


def test_dropped_files_are_downloads_with_their_digest_the_worst_first() -> None:
    bad = {"A": {"category": "malicious"}, "B": {"category": "malicious"}}
    dropped_files = dropped(
        obj("file", "a" * 64), obj("file", "B" * 64, last_analysis_results=bad, meaningful_name="../x y.exe")
    )
    assert [file.sha256 for file in dropped_files] == ["b" * 64, "a" * 64]
    assert [file.name for file in dropped_files] == ["x_y.exe_BBBBBBBB", "dropped_aaaaaaaa"]
    assert {file.kind for file in dropped_files} == {"file"}


def test_dropped_files_that_cannot_be_had_are_said() -> None:
    dropped_files = dropped(
        obj("file", "a" * 64, error="NotFoundError"),
        obj("file", "b" * 64, size=2 * 2**20),
        settings=settings("download_dropped_files", max_download_mb=1),
        complete=False,
    )
    (section,) = dropped_files
    assert section.body.splitlines() == [
        "VirusTotal knows 1 file by hash only.",
        "1 file larger than max_download_mb (1).",
        "There are more dropped files than max_related let the service fetch.",
    ]


def test_what_came_is_downloaded_where_a_later_page_fails() -> None:
    files = [obj("file", f"{number:064x}") for number in range(40)]
    *dropped_files, section = dropped(*files, outcome=Outcome(Status.FAILED, "HTTP 503."), total=60, complete=False)
    assert len(dropped_files) == 40
    assert section.body == "Not all dropped files came: HTTP 503."


@pytest.mark.parametrize("id", ["../../etc/x", "a" * 32, "g" * 64, "", "a" * 65, "a" * 63 + "\n"])
def test_a_dropped_file_without_a_sha256_is_said_and_the_others_are_downloaded(id: str) -> None:
    dropped_files, section = dropped(Object(Ref("file", id)), obj("file", "b" * 64))
    assert dropped_files.sha256 == "b" * 64
    assert section.body == "VirusTotal gives no SHA-256 of 1 file."


def test_the_submitted_file_is_not_downloaded_again() -> None:
    dropped_files, section = dropped(obj("file", SHA256.upper()), obj("file", "b" * 64), id=SHA256)
    assert dropped_files.sha256 == "b" * 64
    assert section.body == "The submitted file drops itself, and is not downloaded again."
