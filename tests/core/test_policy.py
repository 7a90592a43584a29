"""The policy as a table: every rule, allowed and refused."""

from typing import Any

import pytest

from virustotal.api.identifiers import url_id
from virustotal.core.lookup.subjects import Facts, Subject
from virustotal.core.models import Ref
from virustotal.core.settings import Settings
from virustotal.core.settings.service_config import service_settings
from virustotal.core.submission.policy import (
    MEGABYTE,
    allows_file_type,
    look_up_ruling,
    reanalyse_ruling,
    submit_ruling,
)

LEVELS = ["TLP:C", "TLP:G", "TLP:A", "TLP:R"]


#: What would be sent, and the task's file.
Candidate = tuple[Subject, Facts]


def above(classification: str, bound: str) -> bool:
    return LEVELS.index(classification) > LEVELS.index(bound)


def settings(**config: Any) -> Settings:
    return service_settings({"allow_dynamic_submit": True, **config})


def a_file(**changes: Any) -> Candidate:
    facts = Facts("a" * 64, **{"size": 68, "file_type": "text/plain", "classification": "TLP:C", **changes})
    return Subject(Ref("file", facts.sha256), facts.sha256), facts


def a_url(url: str, **changes: Any) -> Candidate:
    return Subject(Ref("url", url_id(url)), url, url), Facts("", **{"classification": "TLP:C", **changes})


POLICY = {"max_size_mb": 1, "file_types": ["executable/*", "text/plain"], "max_depth": 1, "max_classification": "TLP:G"}


@pytest.mark.parametrize(
    ("candidate", "config", "rule"),
    [
        (a_file(), {}, ""),
        (a_file(), {"allow_dynamic_submit": False}, "allow_dynamic_submit"),
        (a_url("https://example.com/a"), {"allow_dynamic_submit": False}, "allow_dynamic_submit"),
        (a_file(classification="TLP:A"), {"max_classification": "TLP:G"}, "max_classification"),
        (a_file(classification="TLP:G"), {"max_classification": "TLP:G"}, ""),
        (a_file(classification="TLP:A"), {"submit_policy": POLICY}, "submit_policy.max_classification"),
        (a_file(classification="TLP:G"), {"submit_policy": POLICY}, ""),
        (
            a_url("https://example.com/a", classification="TLP:R"),
            {"submit_policy": POLICY},
            "submit_policy.max_classification",
        ),
        (a_file(depth=1), {}, "submit_policy.max_depth"),
        (a_file(depth=1), {"submit_policy": POLICY}, ""),
        (a_file(depth=2), {"submit_policy": POLICY}, "submit_policy.max_depth"),
        (a_url("https://example.com/a", depth=1), {}, "submit_policy.max_depth"),
        (a_file(file_type="executable/windows/pe64"), {"submit_policy": POLICY}, ""),
        (a_file(file_type="document/pdf"), {"submit_policy": POLICY}, "submit_policy.file_types"),
        (a_file(file_type=""), {"submit_policy": POLICY}, "submit_policy.file_types"),
        (a_file(file_type=""), {}, ""),
        (a_file(file_type="text/plain"), {"submit_policy": {"file_types": []}}, "submit_policy.file_types"),
        (a_file(size=MEGABYTE), {"submit_policy": POLICY}, ""),
        (a_file(size=MEGABYTE + 1), {"submit_policy": POLICY}, "submit_policy.max_size_mb"),
        (a_file(size=650 * MEGABYTE), {}, ""),
        (a_file(size=650 * MEGABYTE + 1), {}, "submit_policy.max_size_mb"),
        (a_file(size=0), {}, "content"),
        (a_url("https://example.com/a"), {}, ""),
        (a_url("https://example.com/a@b"), {}, ""),
        (a_url("https://example.com?mail=a@example.org"), {}, ""),
        (a_url("https://user:word@example.com/a"), {}, "credentials"),
        (a_url("https://user@example.com/a"), {}, "credentials"),
        (a_url("http://192.168.0.1/a"), {}, "host"),
        (a_url("http://[::1]/a"), {}, "host"),
        (a_url("http://0x7f.1/a"), {}, "host"),
        (a_url("http://intranet/a"), {}, "host"),
        (a_url("http://printer.local/a"), {}, "host"),
        (a_url("javascript:alert(1)"), {}, "host"),
        (a_url("/relative"), {}, "host"),
    ],
)
def test_each_rule(candidate: Candidate, config: dict[str, Any], rule: str) -> None:
    ruling = submit_ruling(*candidate, settings(**config), above)
    assert (ruling.rule if not ruling.allowed else "") == rule
    assert ruling.allowed is (not rule)
    if rule:
        assert ruling.reason.endswith(".")


@pytest.mark.parametrize(
    ("classification", "bound", "allowed"), [("TLP:R", "", True), ("TLP:C", "TLP:G", True), ("TLP:A", "TLP:G", False)]
)
def test_above_the_bound_not_even_a_hash_leaves(classification: str, bound: str, allowed: bool) -> None:
    ruling = look_up_ruling(classification, settings(max_classification=bound), above)
    assert ruling.allowed is allowed
    assert allowed or "max_classification" in ruling.reason


@pytest.mark.parametrize(
    ("candidate", "config", "rule"),
    [
        (a_file(), {}, ""),
        (a_file(size=0), {}, ""),
        (a_file(size=900 * MEGABYTE, file_type="document/pdf"), {"submit_policy": POLICY}, ""),
        (a_file(), {"allow_dynamic_submit": False}, "allow_dynamic_submit"),
        (a_file(classification="TLP:A"), {"max_classification": "TLP:G"}, "max_classification"),
        (a_file(classification="TLP:A"), {"submit_policy": POLICY}, "submit_policy.max_classification"),
        (a_file(depth=1), {}, "submit_policy.max_depth"),
        (a_url("https://example.com/a"), {}, ""),
        (a_url("http://192.168.0.1/a"), {}, "host"),
    ],
)
def test_a_new_analysis_sends_no_content(candidate: Candidate, config: dict[str, Any], rule: str) -> None:
    ruling = reanalyse_ruling(*candidate, settings(**config), above)
    assert (ruling.rule if not ruling.allowed else "") == rule


@pytest.mark.parametrize(
    ("file_type", "patterns", "allowed"),
    [
        ("document/pdf", ("!document/*",), False),
        ("executable/windows/pe64", ("!document/*",), True),
        ("executable/windows/pe64", ("executable/*", "!*/pe64"), False),
        ("executable/linux/elf64", ("executable/*", "!*/pe64"), True),
        ("code/js", ("executable/*", "!*/pe64"), False),
        ("code/js", (), False),
    ],
)
def test_file_types_with_exclusions(file_type: str, patterns: tuple[str, ...], allowed: bool) -> None:
    assert allows_file_type(file_type, patterns) is allowed
