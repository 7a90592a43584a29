"""The command line is checked before anything starts, and a key never stands on it."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from virustotal.cli.app import app
from virustotal.cli.config_input import api_key, configuration, key_of_file, parameters, read_configuration
from virustotal.core.errors import ConfigurationError


def exit_code(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stderr


def test_keys_come_from_file_environment_or_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("of-file\n")
    monkeypatch.setenv("VIRUSTOTAL_API_KEY", "of-environment")
    assert api_key(file, {"api_key": "of-config"}) == "of-file"
    assert api_key(None, {"api_key": "of-config"}) == "of-environment"
    monkeypatch.delenv("VIRUSTOTAL_API_KEY")
    assert api_key(None, {"api_key": "of-config"}) == "of-config"


def test_no_key_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRUSTOTAL_API_KEY", raising=False)
    code, message = exit_code("quota")
    assert code == 3
    assert message.count("\n") == 1
    assert "VIRUSTOTAL_API_KEY" in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("max_related: many", "max_related"),
        ("config: {max_related: many}", "max_related"),
        ("config: []", "expected the names"),
        ("config: {inline: true}\nmax_related: 5", "beside config: max_related"),
        ("- a", "expected the names"),
        ("a: [", "not readable YAML"),
        ("\x00", "not readable YAML"),
    ],
)
def test_wrong_configuration(tmp_path: Path, text: str, part: str) -> None:
    file = tmp_path / "config.yml"
    file.write_text(text)
    code, message = exit_code("cache", "--config", str(file))
    assert code == 3
    assert part in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("max_related: 5\napi_key: sesame: b\n", "mapping values are not allowed here, in line 2, column 16"),
        ("api_key: 'sesame\n", "found unexpected end of stream"),
        ('api_key: "sesame\\q"\n', "found unknown escape character 'q'"),
        ("api_key: sesame\n\tproxy: x\n", "found character '\\t' that cannot start any token, in line 2, column 1"),
        ("api_key: [sesame\n", "but got '<stream end>'"),
        ("api_key: *sesame\n", "found undefined alias …, in line 1, column 10"),
        ("api_key: !sesame a\n", "for the tag …"),
        ("api_key: !sesame!a b\n", "found undefined tag handle …"),
        ("api_key: !!int sesame\n", "not readable YAML."),
        ("api_key: 2026-13-01\n", "not readable YAML."),
        ("api_key: sesame\x07\n", "special characters are not allowed"),
        ("api_key:sesame\n", "expected the names"),
    ],
)
def test_no_error_shows_a_key(tmp_path: Path, text: str, part: str) -> None:
    file = tmp_path / "config.yml"
    file.write_text(text)
    code, message = exit_code("cache", "--config", str(file))
    assert code == 3
    assert part in message
    assert "sesame" not in message
    assert message.count("\n") == 1


def test_unknown_names_are_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.yml"
    file.write_text("{api_key:sesame, av_config: {hit: 1}}\n")
    configuration(file)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["api_key", "av_config.hit"]
    assert "sesame" not in " ".join(lines)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"\xef\xbb\xbfof-file\r\n", "of-file"),
        ("of-file\n".encode("utf-16"), "of-file"),
        (b"\n# my key\n\n  of-file  \n\n", "of-file"),
        (b"# none yet\n", ""),
        (b"", ""),
    ],
)
def test_a_key_file_as_editors_write_it(tmp_path: Path, content: bytes, key: str) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    assert key_of_file(file) == key


@pytest.mark.parametrize("content", [b"one\ntwo\n", b"\xff\x00\xfe"])
def test_a_file_that_is_no_key_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"^The key file"):
        key_of_file(file)


def test_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text("\ufeffname: VirusTotal\nconfig:\n  max_related: 7\n", encoding="utf-8")
    assert read_configuration(file) == {"max_related": 7}
    file.write_text("config:\n")
    assert read_configuration(file) == {}
    file.write_text("max_related: 7\n")
    assert read_configuration(file) == {"max_related": 7}
    file.write_text("")
    assert read_configuration(file) == {}
    assert read_configuration(None) == {}


def test_in_the_image_the_services_own_configuration_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = tmp_path / "service_manifest.yml"
    manifest.write_text("name: VirusTotal\nversion: 4.7.0\nconfig: {api_key: of-service, max_related: 7}\n")
    monkeypatch.setenv("SERVICE_MANIFEST_PATH", str(manifest))
    monkeypatch.setenv("SERVICE_PATH", "virustotal.service.VirusTotal")
    assert read_configuration(None) == {"api_key": "of-service", "max_related": 7}
    other = tmp_path / "other.yml"
    other.write_text("max_related: 9\n")
    assert read_configuration(other) == {"max_related": 9}
    monkeypatch.delenv("SERVICE_PATH")
    assert read_configuration(None) == {}


def test_the_mirrors_secrets_are_all_of_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.yml"
    file.write_text("mirror_user: reader\nmirror_password: word\n")
    assert read_configuration(file) == {"mirror_user": "reader", "mirror_password": "word"}
    monkeypatch.setenv("VIRUSTOTAL_MIRROR_API_KEY", "of-environment")
    found = {"mirror_api_key": "of-environment", "mirror_user": "", "mirror_password": ""}
    assert read_configuration(file) == found
    assert read_configuration(None) == found


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
