"""What a task looks up: the file, the URL it came from, or the URL and host of a URI file."""

from typing import Any

import pytest

from virustotal.api.endpoints import object_request
from virustotal.api.identifiers import url_id
from virustotal.core.lookup.subjects import LONGEST_URL, Facts, Subjects, select_subjects
from virustotal.core.models import Ref
from virustotal.core.settings import Settings

SHA = "a" * 64
FILE = Ref("file", SHA)
URL = "https://www.example.com/a?b=c#d"
ADDRESS = "192.175.48.1"  # AS112: IANA's own, and public


def refs(subjects: Subjects) -> list[Ref]:
    return [subject.ref for subject in subjects.allowed]


def url(given: str) -> Ref:
    return Ref("url", url_id(given.partition("#")[0]))


def facts(**changes: Any) -> Facts:
    return Facts(SHA, **{"file_type": "executable/windows/pe32", **changes})


@pytest.mark.parametrize(
    ("given", "settings", "expected"),
    [
        (facts(), {}, [FILE]),
        (Facts(SHA.upper()), {}, [FILE]),
        (facts(metadata={"submitted_url": URL}), {}, [url(URL)]),
        (facts(metadata={"submitted_url": f"  {URL} "}), {}, [url(URL)]),
        (facts(metadata={"submitted_url": URL}), {"ignore_submitted_url": True}, [FILE]),
        (facts(metadata={"submitted_url": URL}, depth=1), {}, [FILE]),
        (facts(metadata={"submitted_url": ""}), {}, [FILE]),
        (facts(metadata={"submitted_url": None}), {}, [FILE]),
        (facts(metadata={"submitted_url": "HTTP://WWW.Example.com:80#top"}), {}, [url("http://www.example.com/")]),
        (
            facts(metadata={"submitted_url": "https://bücher.example.com"}),
            {},
            [url("https://xn--bcher-kva.example.com/")],
        ),
        (facts(file_type="network/tcpdump"), {}, [FILE]),
        (facts(file_type="uri/https", uri=URL), {}, [url(URL), Ref("domain", "www.example.com")]),
        (
            facts(file_type="uri/http", uri=f"http://{ADDRESS}:8080/x"),
            {},
            [url(f"http://{ADDRESS}:8080/x"), Ref("ip_address", ADDRESS)],
        ),
        (facts(file_type="uri/http", uri="Example.COM."), {}, [Ref("domain", "example.com")]),
        (facts(file_type="uri/http", uri=ADDRESS), {}, [Ref("ip_address", ADDRESS)]),
        (facts(file_type="uri/http", uri="2620:4f:8000::1"), {}, [Ref("ip_address", "2620:4f:8000::1")]),
        (
            facts(file_type="uri/http", uri=URL, metadata={"submitted_url": "https://example.org/"}),
            {},
            [url(URL), Ref("domain", "www.example.com")],
        ),
    ],
)
def test_looked_up(given: Facts, settings: dict[str, Any], expected: list[Ref]) -> None:
    subjects = select_subjects(given, Settings(**settings))

    assert refs(subjects) == expected
    assert not subjects.refused


@pytest.mark.parametrize(
    ("given", "expected", "word"),
    [
        (facts(metadata={"submitted_url": "http://10.0.0.1/x"}), [FILE], "private"),
        (facts(metadata={"submitted_url": "http://0x7f.1/"}), [FILE], "loopback"),
        (facts(metadata={"submitted_url": "http://[::1]/"}), [FILE], "loopback"),
        (facts(metadata={"submitted_url": "http://intranet/"}), [FILE], "without a domain"),
        (facts(metadata={"submitted_url": "http://db.internal./"}), [FILE], ".internal"),
        (facts(metadata={"submitted_url": "javascript:alert(1)"}), [FILE], "not a valid"),
        (facts(metadata={"submitted_url": "/relative"}), [FILE], "not a valid"),
        (facts(metadata={"submitted_url": "www.example.com"}), [FILE], "not a valid"),
        (facts(metadata={"submitted_url": "http://exa mple.com"}), [FILE], "not a valid"),
        (facts(metadata={"submitted_url": "http://example.com/\x00"}), [FILE], "not a valid"),
        (facts(metadata={"submitted_url": "http://[::1"}), [FILE], "not a valid"),
        (facts(metadata={"submitted_url": ["http://example.com"]}), [FILE], "not a valid"),
        (facts(metadata={"submitted_url": "http://example.com:99999/"}), [FILE], "not a valid"),
        (facts(metadata={"submitted_url": "ldap://example.com/x"}), [FILE], "ldap"),
        (facts(metadata={"submitted_url": "http://example.com/" + "a" * 20_000}), [FILE], "longer"),
        (facts(file_type="network/tcpdump", depth=1), [], "capture"),
        (facts(file_type="uri/http", uri=""), [], "no URI"),
        (facts(file_type="uri/http", uri="http://"), [], "not a valid"),
        (facts(file_type="uri/http", uri="example.com/path"), [], "not a valid"),
        (facts(file_type="uri/http", uri="http://192.168.0.1/"), [], "private"),
        (facts(file_type="uri/http", uri="printer.local"), [], ".local"),
        (facts(file_type="uri/ssh", uri="ssh://example.com/"), [Ref("domain", "example.com")], "ssh"),
        (Facts("no digest"), [], "no digest"),
        (Facts("0" * 64), [], "no digest"),
    ],
)
def test_refused_and_said(given: Facts, expected: list[Ref], word: str) -> None:
    subjects = select_subjects(given, Settings())

    assert refs(subjects) == expected
    assert [word in refusal.reason for refusal in subjects.refused] == [True]


@pytest.mark.parametrize(
    "given", ["https://user:pass%2Fword@www.example.com:8443/a?b#c", "https://user@www.example.com:8443/a?b#c"]
)
@pytest.mark.parametrize("uri", [True, False])
def test_user_and_password_are_left_out(given: str, uri: bool) -> None:
    task = facts(file_type="uri/https", uri=given) if uri else facts(metadata={"submitted_url": given})

    found = select_subjects(task, Settings()).allowed[0]

    assert found.url == "https://www.example.com:8443/a?b"
    assert found.ref == url(found.url)
    assert "user" not in found.label
    assert "without them" in found.notes[0]


def test_a_refused_url_shows_no_password() -> None:
    (refusal,) = select_subjects(facts(metadata={"submitted_url": "http://user:secret@10.0.0.1/"}), Settings()).refused
    (broken,) = select_subjects(facts(metadata={"submitted_url": "http://user:secret@[::1/"}), Settings()).refused

    assert "secret" not in f"{refusal} {broken}"


def test_the_longest_url_has_an_identifier_that_is_taken() -> None:

    value = "http://example.com/".ljust(LONGEST_URL, "a")
    (allowed,) = select_subjects(facts(metadata={"submitted_url": value}), Settings()).allowed

    assert object_request(allowed.ref).path.startswith("/urls/")


@pytest.mark.parametrize("digest", ["AB" * 16, "ab" * 20, "Ab" * 32])
def test_a_file_has_whichever_digest_is_known(digest: str) -> None:
    assert refs(select_subjects(Facts(digest), Settings())) == [Ref("file", digest.lower())]


def test_what_is_no_url_shows_no_password() -> None:
    (refused,) = select_subjects(facts(metadata={"submitted_url": "user:hunter2@intranet"}), Settings()).refused
    assert "hunter2" not in refused.what


def test_the_label_of_a_file_is_its_digest_since_the_platform_shows_a_result_to_others() -> None:
    (allowed,) = select_subjects(Facts(SHA), Settings()).allowed
    assert allowed.label == SHA
