"""The command line is checked before anything starts, and a key never stands on it."""

from pathlib import Path

import click
import pytest

from virustotal.cli.inputs import api_key, configuration, parameters


def exit_code(capsys: pytest.CaptureFixture[str], call: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught:
        call()  # type: ignore[operator]
    return int(str(caught.value.code)), capsys.readouterr().err


def test_keys_come_from_file_environment_or_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("of-file\n")
    monkeypatch.setenv("VIRUSTOTAL_API_KEY", "of-environment")
    assert api_key(file, {"api_key": "of-config"}) == "of-file"
    assert api_key(None, {"api_key": "of-config"}) == "of-environment"
    monkeypatch.delenv("VIRUSTOTAL_API_KEY")
    assert api_key(None, {"api_key": "of-config"}) == "of-config"


def test_no_key_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("VIRUSTOTAL_API_KEY", raising=False)
    code, message = exit_code(capsys, lambda: api_key(None, {}))
    assert code == 3
    assert message.count("\n") == 1
    assert "VIRUSTOTAL_API_KEY" in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("max_related: many", "max_related"),
        ("av_config: {hit: 1}", "av_config.hit"),
        ("nothing: 1", "no such setting"),
        ("- a", "expected the names"),
        ("a: [", "not readable YAML"),
        ("\x00", "not readable YAML"),
    ],
)
def test_wrong_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, part: str) -> None:
    file = tmp_path / "config.yml"
    file.write_text(text)
    code, message = exit_code(capsys, lambda: configuration(file))
    assert code == 3
    assert part in message
    assert message.count("\n") == 1


def test_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text("max_related: 7\n")
    assert configuration(file) == {"max_related": 7}
    file.write_text("")
    assert configuration(file) == {}
    assert configuration(None) == {}


def test_parameters() -> None:
    given = ("relationships=a,b=c", "analyze_relationship=true")
    assert parameters(given) == {"relationships": "a,b=c", "analyze_relationship": "true"}


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("relationships", "name=value"),
        ("relation=a", "there is no parameter relation"),
        ("max_related=many", "not a value"),
        ("dynamic_submit=perhaps", "not a value"),
        ("api_key=secret", "VIRUSTOTAL_API_KEY"),
    ],
)
def test_wrong_parameters(given: str, part: str) -> None:
    with pytest.raises(click.BadParameter, match=part) as caught:
        parameters((given,))
    assert "secret" not in caught.value.message
