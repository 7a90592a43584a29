"""`virustotal-service scan` over the emulator: what it prints, writes and returns."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.test_tasks import NO_URLS
from virustotal.cli.app import app
from virustotal.emulator.server import Emulator
from virustotal.emulator.world.shared import EICAR, EICAR_SHA256

KEY = "premium-key"
ANALYZE = ("--param", "analyze_relationship=true")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "eicar.com"
    path.write_bytes(EICAR)
    return path


def scan(emulator: Emulator, *arguments: Any, key: str = KEY) -> Result:
    environment = {"VIRUSTOTAL_HOST": emulator.url, "VIRUSTOTAL_API_KEY": key, "SERVICE_API_HOST": None}
    return CliRunner().invoke(app, ["scan", *map(str, arguments)], env=environment)


def charged(emulator: Emulator) -> list[str]:
    """Return the paths of the requests that cost quota; asking for the quota itself is free."""
    return [path.split()[1] for path in emulator.requests.paths() if not path.startswith("GET /users/")]


def test_a_file_with_its_relationships(emulator: Emulator, sample: Path, tmp_path: Path) -> None:
    result = scan(emulator, sample, *ANALYZE, "--json", tmp_path / "out.json", "--files", tmp_path / "files")
    assert result.exit_code == 0, result.output
    for part in ("eicar.com", "(malicious)", "46 of 52 engines", "c2.example.net", "How this score came about"):
        assert part in result.output
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["sha256"] == EICAR_SHA256
    assert written["result"]["score"] >= 1000
    kept = {path.name for path in (tmp_path / "files").iterdir()}
    assert kept == {each["sha256"] for each in written["response"]["supplementary"] + written["response"]["extracted"]}
    assert KEY not in result.output + json.dumps(written)


@pytest.mark.parametrize(("folder", "code"), [("/proc/no/such", 2), ("/proc", 1)])
def test_a_folder_that_cannot_be_written_is_said(emulator: Emulator, sample: Path, folder: str, code: int) -> None:
    result = scan(emulator, sample, *ANALYZE, "--files", folder)
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    assert f"{folder}" in result.output


def test_a_known_file_costs_one_request(emulator: Emulator, sample: Path) -> None:
    assert scan(emulator, sample).exit_code == 0
    assert len(charged(emulator)) == 1


@pytest.mark.parametrize("digest", [EICAR_SHA256, EICAR_SHA256.upper(), "44d88612fea8a8f36de82e1278abb02f"])
def test_a_digest(emulator: Emulator, digest: str) -> None:
    result = scan(emulator, digest)
    assert result.exit_code == 0, result.output
    assert "malicious" in result.output


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ("https://example.com/", {"urls", "domains"}),
        ("example.com", {"domains"}),
        ("c2.example.net", {"domains"}),
    ],
)
def test_urls_and_hosts(emulator: Emulator, target: str, asked: set[str]) -> None:
    result = scan(emulator, target)
    assert result.exit_code == 0, result.output
    assert {path.split("/")[1] for path in charged(emulator)} == asked


@pytest.mark.parametrize(
    "target",
    [
        "no-such-sample.exe",
        "no-such-sample.bin.",
        "missing.d\u00fcll",
        "missing.zip",
        "MISSING.Sh",
        "./missing.com",
        "folder/missing.com",
        "C:\\missing.com",
    ],
)
def test_the_name_of_a_missing_file_is_not_looked_up_as_a_domain(emulator: Emulator, target: str) -> None:
    result = scan(emulator, target)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith(f"Error: {target} is no file that exists")
    assert result.stderr.count("\n") == 1
    assert not charged(emulator)


@pytest.mark.parametrize("target", ["1.2.3", "1.2", "127.1.", "1[.]2.3", "1.2.3.999", "1\u30022\uff0e3"])
def test_digits_and_dots_are_an_address_of_four_parts_or_no_target(emulator: Emulator, target: str) -> None:
    result = scan(emulator, target)
    assert result.exit_code == 2, result.output
    assert result.stderr.splitlines()[-1].startswith(f"Error: {target} is no file that exists, and no digest, URL")
    assert not charged(emulator)


@pytest.mark.parametrize("target", ["evil[.]zip", "https://evil.zip/", "evil.zip.", "evil.zip.example.com", "x.com"])
def test_a_domain_with_the_ending_of_a_file_is_a_target(emulator: Emulator, target: str) -> None:
    assert scan(emulator, target, "--dry-run").exit_code == 0


@pytest.mark.parametrize("target", ["evil.example", "printer.home.arpa", "192.0.2.10", "2001:db8::1"])
def test_hosts_that_are_not_public_are_targets(emulator: Emulator, target: str) -> None:
    assert scan(emulator, target, "--dry-run").exit_code == 0


def test_an_unknown_digest_is_partial_and_never_submitted(emulator: Emulator, tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("allow_dynamic_submit: true\n")
    result = scan(emulator, "ab" * 32, "--config", config, "--param", "dynamic_submit=true")
    assert result.exit_code == 4, result.output
    assert "partial" in result.output
    assert not emulator.uploads


def test_a_file_that_cannot_be_read_is_said(emulator: Emulator, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("virustotal.local.targets.identify", refuse)
    result = scan(emulator, sample)
    assert (result.exit_code, result.stderr) == (1, f"Error: {sample} cannot be read: Permission denied.\n")


def test_a_wrong_key_is_said(emulator: Emulator, sample: Path) -> None:
    result = scan(emulator, sample, key="no-such-key")
    assert result.exit_code == 3
    assert "api_key" in result.stderr
    assert "no-such-key" not in result.output
    assert "Traceback" not in result.output


def test_what_the_key_may_not_see_is_partial(emulator: Emulator, sample: Path) -> None:
    emulator.fault("GET /files/*", status=403)
    result = scan(emulator, sample)
    assert result.exit_code == 4, result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((EICAR_SHA256, "--param", "relationships=embedded_ips"), "needs a premium licence"),
        (("10.0.0.1",), "Not sent to VirusTotal"),
    ],
)
def test_what_stays_as_it_is_does_not_make_a_result_partial(
    emulator: Emulator, arguments: tuple[str, ...], part: str
) -> None:
    result = scan(emulator, *arguments, key="public-key")
    assert result.exit_code == 0, result.output
    assert part in result.output


def test_a_dry_run_asks_nothing_and_needs_no_key(emulator: Emulator, sample: Path) -> None:
    result = scan(emulator, sample, *ANALYZE, "--dry-run", key="")
    assert result.exit_code == 0, result.output
    assert "at most" in result.output
    assert "contacted_domains" in result.output
    assert "max_requests" not in result.output
    assert "max_requests: 3 requests at most" in scan(emulator, sample, "--dry-run", "-p", "max_requests=3").output
    assert not len(emulator.requests)


@pytest.mark.parametrize(
    ("target", "config", "lines"),
    [
        ("", "", ["not submitted: The service's configuration does not set", "no new analysis: The service's"]),
        (
            "",
            "allow_dynamic_submit: true",
            ["submitting it, if it is unknown", "a new analysis, if the last one"],
        ),
        (EICAR_SHA256, "allow_dynamic_submit: true", ["not submitted: Only its hash is known", "a new analysis"]),
        ("example.com", "allow_dynamic_submit: true", []),
    ],
)
def test_a_dry_run_says_whether_something_would_be_submitted(
    emulator: Emulator, sample: Path, tmp_path: Path, target: str, config: str, lines: list[str]
) -> None:
    file = tmp_path / "config.yml"
    file.write_text(config)
    parameters = ("-p", "dynamic_submit=true", "-p", "reanalyze_after_days=2", "-p", "download_pcap=true")
    result = scan(emulator, target or sample, "--dry-run", "--config", file, *ANALYZE, *parameters)
    assert result.exit_code == 0, result.output
    said = [line.strip() for line in result.output.splitlines() if "submit" in line or "new analysis" in line]
    assert len(said) == len(lines)
    assert all(map(str.startswith, said, lines))
    assert "what download_pcap fetches comes on top" in result.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["no such thing"], 2),
        ([EICAR_SHA256, "--param", "nothing=1"], 2),
        ([EICAR_SHA256, "--host", "ftp://example.com"], 3),
        ([EICAR_SHA256, "--no-such-option"], 2),
        ([EICAR_SHA256, "--json", "-", "--html", "-"], 2),
    ],
)
def test_wrong_usage_has_its_code(emulator: Emulator, arguments: list[str], code: int) -> None:
    result = scan(emulator, *arguments)
    assert result.exit_code == code, result.output
    assert not len(emulator.requests)


@pytest.mark.parametrize("text", ["x" * 300, "empty", *NO_URLS], ids=lambda text: text[:30])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["", "dry"])
def test_what_is_no_target_is_one_line_and_exit_code_2(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, dry: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").touch()
    result = scan(emulator, text, *dry)
    assert result.exit_code == 2, result.output
    assert [line for line in result.stderr.splitlines() if line.startswith("Error: ")] == result.stderr.splitlines()[
        -1:
    ]
    assert "Traceback" not in result.output
    assert not len(emulator.requests)


def test_a_key_file_and_a_configuration_as_editors_and_the_docs_write_them(
    emulator: Emulator, sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(b"\xef\xbb\xbf# of the team\r\n\r\n" + KEY.encode() + b"\r\n")
    (tmp_path / "config.yml").write_text(
        "config:\n  allow_dynamic_submit: true\n  submit_policy: {file_types: ['!document/*']}\n"
    )
    options = ("--key-file", tmp_path / "key", "--config", tmp_path / "config.yml")
    result = scan(emulator, sample, *options, key="")
    assert result.exit_code == 0, result.output
    assert "Warning" not in result.stderr


@pytest.mark.parametrize("key", [f"{KEY} # mine", "two words", "cl\u00e9", "k\u202ey"])
def test_a_text_that_is_no_key_is_one_line(emulator: Emulator, sample: Path, tmp_path: Path, key: str) -> None:
    (tmp_path / "key").write_text(key, encoding="utf-8")
    result = scan(emulator, sample, "--key-file", tmp_path / "key", key="")
    assert result.exit_code == 3, result.output
    assert "Error: The VirusTotal API key has characters that no API key has." in result.stderr
    assert key not in result.output
    assert not len(emulator.requests)


@pytest.mark.parametrize(("content", "sent"), [(b"%PDF-1.4\nan invented document\n%%EOF\n", False), (b"text", True)])
def test_an_exclusion_of_file_types_keeps_documents_here(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, sent: bool
) -> None:
    monkeypatch.setattr("virustotal.service.VirusTotal.intervals", (0.02,))
    (tmp_path / "new").write_bytes(content)
    (tmp_path / "config.yml").write_text("allow_dynamic_submit: true\nsubmit_policy: {file_types: ['!document/*']}\n")
    result = scan(emulator, tmp_path / "new", "--config", tmp_path / "config.yml", "-p", "dynamic_submit=true")
    assert bool(emulator.uploads) is sent
    assert ("submit_policy.file_types" in result.output) is not sent


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_file_that_cannot_be_written_is_said(emulator: Emulator, option: str) -> None:
    result = scan(emulator, EICAR_SHA256, option, "/proc/out")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert "Traceback" not in result.output


def test_a_result_that_assemblyline_refuses_is_said(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("the section 'x' has unknown tags: a.b")

    monkeypatch.setattr("virustotal.local.run_task.run_task", refuse)
    result = scan(emulator, EICAR_SHA256)
    assert result.exit_code == 1
    assert "unknown tags: a.b" in result.stderr


def test_no_key_is_said(emulator: Emulator) -> None:
    result = scan(emulator, EICAR_SHA256, key="")
    assert result.exit_code == 3
    assert "VIRUSTOTAL_API_KEY" in result.stderr


def test_the_whole_result_is_shown_on_demand(emulator: Emulator, sample: Path) -> None:
    summary, full = scan(emulator, sample, *ANALYZE).output, scan(emulator, sample, *ANALYZE, "--full").output
    assert len(summary.splitlines()) <= 40
    assert "Coverage" not in summary
    for part in ("Coverage", "Contacted domains", "av.virus_name", "Zillya"):
        assert part in full


def test_screenshots_are_in_the_html_file(emulator: Emulator, tmp_path: Path) -> None:
    options = (*ANALYZE, "--param", "relationships=screenshots")
    result = scan(emulator, EICAR_SHA256, "--html", tmp_path / "report.html", *options)
    assert result.exit_code == 0, result.output
    assert "Missing" not in result.output
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count('<img src="data:image/webp;base64,') == 2
    assert "Screenshot of Zenbox" in text


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_dash_is_standard_output_and_nothing_else(emulator: Emulator, option: str) -> None:
    result = scan(emulator, EICAR_SHA256, option, "-")
    assert result.exit_code == 0, result.output
    assert not result.stderr.strip()
    if option == "--json":
        assert json.loads(result.stdout)["sha256"] == EICAR_SHA256
    else:
        assert result.stdout.startswith("<!DOCTYPE html>")
        assert result.stdout.endswith("</html>\n")


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("hxxp://c2.example[.]net/gate.php", "http://c2.example.net/gate.php"),
        ("hXXps[:]//c2(.)example[dot]net/", "https://c2.example.net/"),
        ("c2[.]example{.}net", "c2.example.net"),
        ("192[.]0[.]2[.]10", "192.0.2.10"),
    ],
)
def test_a_defanged_target_is_understood_and_said(emulator: Emulator, target: str, meant: str) -> None:
    result = scan(emulator, target, "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.stderr == f"Read as {meant}\n"


@pytest.mark.parametrize("target", ["http://[2001:db8::1]/", "https://example.com/?a[]=(b)&c=(.)", "2001:db8::1"])
def test_what_is_not_defanged_stays(emulator: Emulator, target: str) -> None:
    result = scan(emulator, target, "--dry-run")
    assert result.exit_code == 0, result.output
    assert not result.stderr


def test_the_width_is_that_of_the_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = scan(emulator, EICAR_SHA256, "--full").output.splitlines()
    assert max(map(len, lines)) <= 60
