"""What is installed is listed, checked, and begun from the terminal."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from virustotal.cli.app import app
from virustotal.cli.terminal import table


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})


def test_plugins_are_listed() -> None:
    answer = call("plugins")
    assert answer.exit_code == 0, answer.output
    for part in ("detections", "contacted_domains", "loaded", "virustotal_remap"):
        assert part in answer.output


def test_no_name_is_cut_where_there_is_room() -> None:
    answer = call("plugins")
    assert {"domain_assessment", "embedded_ips", "embedded_domains"} <= set(answer.output.split())
    assert "…" not in answer.output


def test_names_are_whole_in_80_columns() -> None:
    output = CliRunner().invoke(app, ["plugins"], env={"COLUMNS": "80"}).output
    names = {"assessment", "domain_assessment", "relationships.community", "ip_address_related_attack_techniques"}
    assert names <= set(output.split())
    assert "behaviours:" in output  # what `pcap` reads


def test_a_narrow_terminal_folds_names() -> None:
    rows = table("plugin", "state")
    rows.add_row("comment-words-of-others", "loaded")
    console = Console(file=io.StringIO(), width=20)
    console.print(rows)
    assert console.file.getvalue().split()[2:] == ["comment-wo", "loaded", "rds-of-oth", "ers"]  # type: ignore[attr-defined]


def test_the_listing_is_json_too() -> None:
    listing = json.loads(call("plugins", "--json").output)
    analyzers = {analyzer["relationship"] for plugin in listing for analyzer in plugin["analyzers"]}
    assert {"contacted_domains", "contacted_ips", "contacted_urls", "dropped_files", "behaviours"} <= analyzers
    assert {plugin["state"] for plugin in listing if not plugin["external"]} == {"loaded"}


def test_a_blocked_plugin_says_why(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("plugins: {disabled: [detections]}\n")
    answer = call("plugins", "--config", str(config))
    assert "detections: blocked: " in answer.output


def test_warnings_of_the_service_are_plain_text(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("plugins: {disabled: [detektions]}\n")
    answer = call("plugins", "--config", str(config))
    assert answer.exit_code == 0, answer.output
    assert answer.stderr.startswith("plugins.disabled names detektions: ")


def test_a_plugin_is_checked() -> None:
    answer = call("plugins", "check", "detections")
    assert answer.exit_code == 0, answer.output
    assert " 0 problems" in answer.output


def test_a_plugin_is_checked_with_the_settings_that_it_needs(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("config:\n  plugins: {disabled: [detections]}\n")
    for arguments in (
        ("plugins", "check", "detections", "--config", str(tmp_path / "config.yml")),
        ("plugins", "--config", str(tmp_path / "config.yml"), "check", "detections"),
    ):
        answer = call(*arguments)
        assert answer.exit_code == 1
        assert "problem: Not loaded, blocked: " in answer.output


def test_an_unknown_plugin_is_wrong_usage() -> None:
    answer = call("plugins", "check", "nothing")
    assert answer.exit_code == 2
    assert "no plugin is named nothing" in answer.output


def test_a_plugin_is_begun(tmp_path: Path) -> None:
    arguments = ("new-plugin", "comment-words", "--relationship", "comments", "--folder", str(tmp_path))
    assert call(*arguments).exit_code == 0
    assert (tmp_path / "virustotal-comment-words" / "pyproject.toml").is_file()
    again = call(*arguments)
    assert again.exit_code == 1
    assert "exists already" in again.output


def test_the_prefix_of_a_new_plugin_is_not_doubled(tmp_path: Path) -> None:
    answer = call("new-plugin", "virustotal-comment-words", "--folder", str(tmp_path))
    assert answer.exit_code == 0, answer.output
    assert [path.name for path in tmp_path.iterdir()] == ["virustotal-comment-words"]
    assert (tmp_path / "virustotal-comment-words" / "virustotal_comment_words.py").is_file()


@pytest.mark.parametrize(
    "arguments", [("Bad Name",), ("virustotal-",), ("good", "--relationship", "nothing"), ("good", "--kind", "wrapper")]
)
def test_a_wrong_name_or_relationship_is_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    answer = call("new-plugin", *arguments, "--folder", str(tmp_path))
    assert answer.exit_code == 2
    assert "Traceback" not in answer.output
    assert not list(tmp_path.iterdir())
