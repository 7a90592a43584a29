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
    found = call("plugins")
    assert found.exit_code == 0, found.output
    for part in ("detections", "contacted_domains", "loaded", "virustotal_remap"):
        assert part in found.output


def test_no_name_is_cut_where_there_is_room() -> None:
    found = call("plugins")
    assert {"domain_assessment", "embedded_ips", "embedded_domains"} <= set(found.output.split())
    assert "…" not in found.output


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
    analyzers = {each["relationship"] for plugin in listing for each in plugin["analyzers"]}
    assert {"contacted_domains", "contacted_ips", "contacted_urls", "dropped_files", "behaviours"} <= analyzers
    assert {plugin["state"] for plugin in listing if not plugin["external"]} == {"loaded"}


def test_a_blocked_plugin_says_why(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("plugins: {disabled: [detections]}\n")
    found = call("plugins", "--config", str(config))
    assert "detections: blocked: " in found.output


def test_warnings_of_the_service_are_plain_text(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("plugins: {disabled: [detektions]}\n")
    found = call("plugins", "--config", str(config))
    assert found.exit_code == 0, found.output
    assert found.stderr.startswith("plugins.disabled names detektions, ")


def test_a_plugin_is_checked() -> None:
    found = call("plugins", "check", "detections")
    assert found.exit_code == 0, found.output
    assert " 0 problems" in found.output


def test_a_plugin_is_checked_with_the_settings_that_it_needs(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("config:\n  plugins: {disabled: [detections]}\n")
    for arguments in (
        ("plugins", "check", "detections", "--config", str(tmp_path / "config.yml")),
        ("plugins", "--config", str(tmp_path / "config.yml"), "check", "detections"),
    ):
        found = call(*arguments)
        assert found.exit_code == 1
        assert "problem: Not loaded, blocked: " in found.output


def test_an_unknown_plugin_is_wrong_usage() -> None:
    found = call("plugins", "check", "nothing")
    assert found.exit_code == 2
    assert "no plugin is named nothing" in found.output


def test_a_plugin_is_begun(tmp_path: Path) -> None:
    arguments = ("new-plugin", "comment-words", "--relationship", "comments", "--folder", str(tmp_path))
    assert call(*arguments).exit_code == 0
    assert (tmp_path / "virustotal-comment-words" / "pyproject.toml").is_file()
    again = call(*arguments)
    assert again.exit_code == 1
    assert "exists already" in again.output


def test_the_prefix_of_a_new_plugin_is_not_doubled(tmp_path: Path) -> None:
    found = call("new-plugin", "virustotal-comment-words", "--folder", str(tmp_path))
    assert found.exit_code == 0, found.output
    assert [path.name for path in tmp_path.iterdir()] == ["virustotal-comment-words"]
    assert (tmp_path / "virustotal-comment-words" / "virustotal_comment_words.py").is_file()


@pytest.mark.parametrize(
    "arguments", [("Bad Name",), ("virustotal-",), ("good", "--relationship", "nothing"), ("good", "--kind", "wrapper")]
)
def test_a_wrong_name_or_relationship_is_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    found = call("new-plugin", *arguments, "--folder", str(tmp_path))
    assert found.exit_code == 2
    assert "Traceback" not in found.output
    assert not list(tmp_path.iterdir())
