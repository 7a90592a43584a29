"""Configuration is read strictly, parameters leniently, and no secret reaches `Settings`."""

from typing import Any

import attrs
import pytest

from virustotal.core.errors import ConfigurationError
from virustotal.core.settings import DEEP_SCAN_RELATED, DEFAULT_RELATIONSHIPS, Settings
from virustotal.core.settings.config_values import relationship_names
from virustotal.core.settings.service_config import CONFIG_KEYS, SECRETS, service_settings, unknown_settings
from virustotal.core.settings.submission_params import credentials, task_settings


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"av_config": {"hit_threshold": -1}}, "av_config.hit_threshold"),
        ({"av_config": {"hit_threshold": "2"}}, "av_config.hit_threshold"),
        ({"av_config": {"hit_threshold": True}}, "av_config.hit_threshold"),
        ({"av_config": {"revised_sig_score_map": {"A.b": "many"}}}, "av_config.revised_sig_score_map.A.b"),
        ({"av_config": {"revised_kw_score_map": {"adware": -5}}}, "av_config.revised_kw_score_map.adware"),
        ({"av_config": {"revised_kw_score_map": ["adware"]}}, "av_config.revised_kw_score_map"),
        ({"av_config": {"term_blocklist": "adware"}}, "av_config.term_blocklist"),
        ({"av_config": {"term_blocklist": ["engine: "]}}, "av_config.term_blocklist"),
        ({"av_config": {"specific_AVs": [1]}}, "av_config.specific_AVs"),
        ({"av_config": []}, "av_config"),
        ({"allow_dynamic_submit": "false"}, "allow_dynamic_submit"),
        ({"max_related": 0}, "max_related"),
        ({"max_related": 40.0}, "max_related"),
        ({"host": "www.virustotal.com"}, "host"),
        ({"host": "ftp://example.com"}, "host"),
        ({"host": "https://user:secret@example.com"}, "host"),
        ({"host": "https://:secret@example.com"}, "host"),
        ({"host": "https://example.com/path"}, "host"),
        ({"host": "https://example.com/?"}, "host"),
        ({"submit_file_name": ["hash"]}, "submit_file_name"),
        ({"host": "https://example.com:99999"}, "host"),
        ({"submit_file_name": "path"}, "submit_file_name"),
        ({"submit_policy": {"max_size_mb": 651}}, "submit_policy.max_size_mb"),
        ({"plugins": {"external": 1}}, "plugins.external"),
        ({"plugins": {"settings": "x"}}, "plugins.settings"),
        ({"api_key": 5}, "api_key"),
    ],
)
def test_a_wrong_entry_is_named_by_its_path(config: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        service_settings(config)
    assert str(caught.value).startswith(f"{path}:")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        *({name: value} for name in SECRETS for value in (98765432, {"key": "98765432"}, ["98765432"])),
        {"storage": 98765432},
        {"storage": ["redis://:98765432@redis.example.com"]},
        {"host": ["https://user:98765432@example.com"]},
        {"host": "https://user:98765432"},
        {"mirror": "https://user:98765432@example.com"},
        {"mirror": ["https://user:98765432@example.com"]},
        {"mirror": {"hosts": {"https://user:98765432@example.com": None}}},
        {"mirror": {"hosts": [5, "https://user:98765432@example.com"]}},
        {"mirror": {"hosts": ["https://user:98765432"]}},
        {"mirror": {"files": "https://user:98765432@example.com/files"}},
        {"plugins": {"settings": ["98765432"]}},
        {"inline": {"api_key": "98765432"}},
        {"inline": "98765432"},
        {"max_related": 98765432},
        {"submit_file_name": "98765432"},
        {"av_config": {"term_blocklist": [98765432]}},
        {"av_config": {"revised_kw_score_map": {"adware": 98765432}}},
        {"max_related": {"api_key": "98765432"}},
        {"submit_file_name": ["98765432"]},
    ],
)
def test_no_error_shows_a_secret(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        service_settings(config)
    assert str(caught.value).startswith(next(iter(config)))
    assert "98765432" not in str(caught.value)


def test_unknown_names_are_warnings_with_advice() -> None:
    config = {
        "ocr": {"banned": []},
        "api_key": "k",
        "max_relatd": 5,
        "quota": {"week": 1},
        "av_config": {"specific_avs": []},
        "cache": {"backends": [{"hosts": ["http://user:98765432@example.com"]}], "hours": 1},
        "allow_dynamic_resubmit": True,
        "mirror": {"hosts:https://user:98765432@example.com": None},
    }
    assert service_settings(config).cache.hours == 1
    warnings = unknown_settings(config)
    assert [line.split()[0] for line in warnings] == [
        "max_relatd",
        "quota.week",
        "av_config.specific_avs",
        "cache.backends",
        "allow_dynamic_resubmit",
        "mirror.hosts",
    ]
    assert "98765432" not in " ".join(warnings)
    assert "mirror.hosts" in warnings[3]
    assert unknown_settings(dict.fromkeys(CONFIG_KEYS)) == ()


def test_null_and_absent_both_mean_the_default() -> None:
    assert service_settings({}) == Settings()
    assert service_settings(dict.fromkeys(CONFIG_KEYS)) == Settings()
    assert service_settings({"ocr": {"banned": []}, "av_config": {"term_blocklist": None}}) == Settings()
    assert service_settings({"av_config": {"revised_kw_score_map": {"adware": None}}}) == Settings()
    nested = {field.name: field.default for field in attrs.fields(Settings) if attrs.has(type(field.default))}
    nulls = {name: dict.fromkeys(attrs.asdict(value, recurse=False)) for name, value in nested.items()}
    assert service_settings(nulls) == Settings()


@pytest.mark.parametrize("host", ["https://example.com/", "https://example.com/api/v3", "https://example.com/api/v3/"])
def test_host_is_the_origin(host: str) -> None:
    assert service_settings({"host": host}).host == "https://example.com"


def test_configuration_is_not_shared_with_its_reader() -> None:
    config = {"plugins": {"settings": {"blocklist": {"hosts": ["a.example"]}}}}
    settings = service_settings(config)
    config["plugins"]["settings"]["blocklist"]["hosts"].append("b.example")
    assert settings.plugin("blocklist")["hosts"] == ("a.example",)
    with pytest.raises(TypeError):
        settings.plugin("blocklist")["hosts"] = ()  # type: ignore[index]
    assert settings.plugin("other") == {}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("contacted_ips, Contacted_Domains ,,contacted_ips,", ("contacted_ips", "contacted_domains")),
        ("", ()),
        (" , ", ()),
        (["comments", " votes "], ("comments", "votes")),
        ("comments;votes\nurls", ("comments", "votes", "urls")),
    ],
)
def test_relationship_names_are_tolerant(value: Any, names: tuple[str, ...]) -> None:
    assert relationship_names(value) == names


def test_parameters() -> None:
    settings, notes = task_settings(
        Settings(),
        {"relationships": None, "dynamic_submit": "true", "analyze_relationship": "maybe", "max_related": "x"},
    )
    assert settings.relationships == DEFAULT_RELATIONSHIPS
    assert settings.dynamic_submit
    assert not settings.analyze_relationship
    assert {note.split()[2] for note in notes} == {"analyze_relationship", "max_related"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("max_requests", 100_000, 100_000),
        ("max_requests", 100_001, None),
        ("max_requests", "-1", None),
        ("max_requests", " ", 0),
        ("max_requests", True, None),
        ("max_requests", 4.0, None),
        ("reanalyze_after_days", "36500", 36_500),
        ("reanalyze_after_days", "36501", None),
        ("download_evtx", 1, True),
        ("download_evtx", " YES ", True),
        ("download_evtx", "off", False),
        ("download_evtx", 2, None),
        ("download_evtx", [True], None),
    ],
)
def test_parameters_are_texts_or_typed_and_wrong_ones_have_a_note(name: str, value: Any, expected: Any) -> None:
    settings, notes = task_settings(Settings(), {name: value})
    assert getattr(settings, name) == (getattr(Settings(), name) if expected is None else expected)
    assert [name in note for note in notes] == [True] * (expected is None)


@pytest.mark.parametrize(
    ("parameters", "line", "internet", "notes"),
    [
        ({}, "/a", True, 0),
        ({"command_line": "", "enable_internet": False}, "/a", True, 0),
        ({"command_line": " /b ", "enable_internet": "true"}, "/b", True, 0),
        ({"command_line": "x" * 1024}, "x" * 1024, True, 0),
        ({"command_line": "x" * 1025}, "/a", True, 1),
        ({"command_line": 5, "enable_internet": "maybe"}, "/a", True, 2),
    ],
)
def test_parameters_of_private_scans(parameters: dict[str, Any], line: str, internet: bool, notes: int) -> None:
    configured = service_settings({"private": {"command_line": "/a", "enable_internet": True}})
    settings, shown = task_settings(configured, parameters)
    assert (settings.private.command_line, settings.private.enable_internet, len(shown)) == (line, internet, notes)


@pytest.mark.parametrize(
    ("value", "deep", "expected"),
    [(0, False, 40), (None, False, 40), (95, False, 95), (0, True, DEEP_SCAN_RELATED), (12, True, 12), ("7", False, 7)],
)
def test_max_related(value: Any, deep: bool, expected: int) -> None:
    assert task_settings(Settings(), {"max_related": value}, deep_scan=deep)[0].max_related == expected


@pytest.mark.parametrize(("configured", "expected"), [(199, 200), (200, 200), (201, 201), (5000, 5000)])
def test_a_deep_scan_never_lowers_max_related(configured: int, expected: int) -> None:
    assert task_settings(Settings(max_related=configured), {}, deep_scan=True)[0].max_related == expected


def test_the_submissions_key_goes_first_and_no_secret_is_shown() -> None:
    secrets = credentials({"api_key": "configured", "proxy": "http://user:word@192.0.2.1:3128"}, {"api_key": " own "})
    assert secrets.api_key == "own"
    assert credentials({"api_key": "configured"}, {"api_key": ""}).api_key == "configured"
    assert repr(secrets) == "Credentials()"
    names = {attribute.name for attribute in attrs.fields(Settings)}
    assert not names & set(SECRETS)


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        ("/var/lib/store.sqlite3", "/var/lib/store.sqlite3"),
        ("/var//lib/a:b.sqlite3", "/var//lib/a:b.sqlite3"),
        ("a@b/store.sqlite3", "a@b/store.sqlite3"),
        ("rediss://user:hidden@redis.example.com:6380/0", "rediss://redis.example.com:6380/0"),
        ("redis://:hid@den@redis.example.com", "redis://redis.example.com"),
        (" redis://redis.example.com ", "redis://redis.example.com"),
    ],
)
def test_the_settings_never_hold_the_password_of_the_store(storage: str, shown: str) -> None:
    assert service_settings({"storage": storage}).storage == shown


@pytest.mark.parametrize("storage", ["redis//hidden@oops", "redis:/oops", "rediss:hidden@oops", "oops:6379"])
def test_a_misspelt_address_of_the_store_is_no_file(storage: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^storage: expected a file, redis://… or rediss://…$"):
        service_settings({"storage": storage})


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"quota": {"minute": -1}}, "quota.minute"),
        ({"quota": 4}, "quota"),
        ({"cache": {"hours": "6"}}, "cache.hours"),
        ({"cache": {"negative_minutes": -5}}, "cache.negative_minutes"),
        ({"cache": {"max_mb": 0}}, "cache.max_mb"),
    ],
)
def test_a_wrong_quota_or_cache_is_named(config: dict[str, object], path: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{path}: "):
        service_settings(config)
