"""Texts that the result cuts are whole in a tag, in the ontology, or in the one file of long values."""

from typing import Any

import pytest

from virustotal.core.models import Object
from virustotal.plugins import sandbox
from virustotal.plugins.file_attributes import malware_config, office, scripts, unknown_attributes
from virustotal.plugins.relationships import community
from virustotal.result import long_values as module
from virustotal.result.long_values import FILE_NAME, long_values
from virustotal.result.models import SubjectResult
from virustotal.testing import evidence, isolated, obj

SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
LONG = "v" * 5_000


def text(plugin: Any, *reports: Object, **attributes: Any) -> str:
    """Return the text of the file; empty where there is none."""
    given = evidence("file", "behaviours" if reports else "", related=reports, **attributes)
    outputs = isolated(plugin, given)
    assert not any(output.error for output in outputs)
    files = list(long_values([SubjectResult(given.report, contributions=outputs)]))
    assert all(file.name == FILE_NAME for file in files)
    return "".join(file.data.decode() for file in files)


def report(**attributes: Any) -> Object:
    return obj("file_behaviour", f"{SHA256}_Zenbox", sandbox_name="Zenbox", **attributes)


@pytest.mark.parametrize("size", [8_000, 8_001])
def test_a_command_longer_than_a_tag_is_whole_in_the_file(size: int) -> None:
    command = ("cmd /c " + "a" * 9_000)[:size]
    assert (command in text(sandbox, report(command_executions=[command]))) is (size == 8_001)


@pytest.mark.parametrize(
    "attributes",
    [
        {"registry_keys_set": [{"key": "HKCU\\a", "value": LONG}]},
        {"text_decoded": [LONG]},
        {"smtp_conversations": [{"message_from": "a@example.com", "txt_body": LONG}]},
        {"processes_tree": [{"name": "cmd /c " + "v" * 40_000}]},
        {"processes_created": ["cmd /c " + "v" * 40_000]},
        {"sigma_analysis_results": [{"rule_title": "R", "match_context": [{"values": {"Script": LONG}}]}]},
        {"new_attribute": {"deep": [LONG]}},
    ],
)
def test_a_value_of_a_sandbox_that_no_tag_and_no_part_holds_whole(attributes: dict[str, Any]) -> None:
    written = text(sandbox, report(**attributes))
    assert LONG in written
    assert written.startswith("=== ")


@pytest.mark.parametrize(
    ("module", "attributes"),
    [
        (office, {"office_info": {"macros": [{"vba_code": LONG}]}}),
        (scripts, {"html_info": {"title": LONG}}),
        (unknown_attributes, {"new_attribute": LONG}),
        (malware_config, {"malware_config": {"families": [{"configs": [{"txt_configs": [LONG]}]}]}}),
    ],
)
def test_an_attribute_of_the_file_that_is_shown_and_cut(module: Any, attributes: dict[str, Any]) -> None:
    assert LONG in text(module, **attributes)


def of_comment(**attributes: Any) -> str:
    related = (obj("comment", "f-1", **attributes),)
    given = evidence("file", "comments", related=related)
    outputs = isolated(community, given)
    return "".join(file.data.decode() for file in long_values([SubjectResult(given.report, contributions=outputs)]))


def test_a_text_of_a_related_object_that_is_shown_and_cut() -> None:
    assert of_comment(text=LONG).startswith("=== comments f-1.text (5000 characters)")
    assert of_comment(text="short") == ""
    assert of_comment(text="short", html=LONG, session_token=LONG, last_analysis_results={"A": {"result": LONG}}) == ""


def test_a_session_within_a_related_object_is_never_written() -> None:
    assert of_comment(text=LONG[:20], login={"Set-Cookie": LONG, "password": [LONG]}) == ""


def test_lines_of_attributes_that_no_column_shows_need_no_file() -> None:
    assert of_comment(text="short", new_attribute=LONG) == ""


def test_what_is_not_shown_or_shown_whole_needs_no_file() -> None:
    assert text(office, other=LONG) == ""
    assert text(office, office_info={"macros": [{"vba_code": "short"}]}) == ""
    password = {"message_from": "a@example.com", "auth_pass": LONG}
    assert text(sandbox, report(smtp_conversations=[password])) == ""


def test_only_so_many_texts_are_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    monkeypatch.setattr(module, "_is_cut", lambda text, shown: searched.append(text))
    texts = [f"{number} {'v' * 1_100}" for number in range(module.MOST_TEXTS + 500)]
    given = evidence("file", "behaviours", related=(report(text_decoded=texts),))
    assert not list(long_values([SubjectResult(given.report)]))
    assert len(searched) == module.MOST_TEXTS
