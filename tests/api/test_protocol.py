"""Requests and answers as tables."""

import contextlib
import json
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virustotal.api import decoding, deep_json, endpoints, error_mapping, identifiers
from virustotal.api.error_mapping import retry_after
from virustotal.api.source import Request, Save, Upload
from virustotal.core import errors
from virustotal.core.models import Ref, Status

SHA = "a" * 64
FILE = Ref("file", SHA)
SAVE = Save(Path("x"), 10)


@pytest.mark.parametrize(
    ("request_", "path", "query"),
    [
        (endpoints.object_request(FILE), f"/files/{SHA}", ()),
        (endpoints.object_request(Ref("file", "A" * 32)), f"/files/{'a' * 32}", ()),
        (
            endpoints.object_request(FILE, ("votes", "behaviours")),
            f"/files/{SHA}",
            (("relationships", "votes,behaviours"),),
        ),
        (
            endpoints.object_request(FILE, ("votes",), (("relationship_attributes[votes]", "date"),)),
            f"/files/{SHA}",
            (("relationships", "votes"), ("relationship_attributes[votes]", "date")),
        ),
        (endpoints.object_request(Ref("url", "AbC-_9")), "/urls/AbC-_9", ()),
        (endpoints.object_request(Ref("url", "F" * 64)), f"/urls/{'f' * 64}", ()),
        (endpoints.object_request(Ref("domain", "B\u00fccher.Example.com.")), "/domains/xn--bcher-kva.example.com", ()),
        (endpoints.object_request(Ref("domain", "_dmarc.example.com")), "/domains/_dmarc.example.com", ()),
        (endpoints.object_request(Ref("ip_address", "2001:DB8:0::1")), "/ip_addresses/2001%3Adb8%3A%3A1", ()),
        (
            endpoints.object_request(Ref("file_behaviour", f"{SHA}_Dr.Web vxCube/x")),
            f"/file_behaviours/{SHA}_Dr.Web%20vxCube%2Fx",
            (),
        ),
        (endpoints.object_request(Ref("resolution", "192.0.2.1example.com")), "/resolutions/192.0.2.1example.com", ()),
        (
            endpoints.relationship_page(FILE, "contacted_ips", "a=b c", 400),
            f"/files/{SHA}/contacted_ips",
            (("limit", "40"), ("cursor", "a=b c")),
        ),
        (endpoints.relationship_page(FILE, "votes", limit=0), f"/files/{SHA}/votes", (("limit", "1"),)),
        (endpoints.analysis("MDk5OjE="), "/analyses/MDk5OjE%3D", ()),
        (endpoints.upload_url(), "/files/upload_url", ()),
        (endpoints.overall_quotas("a/b"), "/users/a%2Fb/overall_quotas", ()),
        (endpoints.analyse(FILE), f"/files/{SHA}/analyse", ()),
        (endpoints.artefact(Ref("file_behaviour", "x y"), "pcap", SAVE), "/file_behaviours/x%20y/pcap", ()),
        (endpoints.artefact(Ref("file_behaviour", "x"), "evtx", SAVE), "/file_behaviours/x/evtx", ()),
        (endpoints.artefact(Ref("file_behaviour", "x"), "memdump", SAVE), "/file_behaviours/x/memdump", ()),
        (endpoints.artefact(Ref("file_behaviour", "x"), "html", SAVE), "/file_behaviours/x/html", ()),
        (endpoints.artefact(FILE, "file", SAVE), f"/files/{SHA}/download", ()),
    ],
)
def test_requests(request_: Request, path: str, query: Any) -> None:
    assert (request_.path, request_.query) == (path, query)


def test_requests_that_send_something() -> None:
    upload = Upload(Path("x"), "x")

    assert endpoints.submit_url("http://a/") == Request("POST", "/urls", form=(("url", "http://a/"),))
    assert endpoints.upload_file(upload) == Request("POST", "/files", upload=upload)
    assert endpoints.upload_file(upload, "https://u/") == Request("POST", "", upload=upload, address="https://u/")
    assert endpoints.linked("https://p/", SAVE) == Request("GET", "", save=SAVE, address="https://p/")


@pytest.mark.parametrize(
    ("kind", "id"),
    [
        *(("file", id) for id in ("", "a" * 63, "g" * 64, "../x", SHA + "/..", SHA + "\n", "a" * 65)),
        *(("url", id) for id in ("", "a+b", "a/b", "YQ==", "abcde", "http://a/", "\u00e4", "a" * 9000)),
        *(("domain", id) for id in ("", "..", "a/b", "a b.com", "a" * 64 + ".com", "a..b", "%2e")),
        *(("ip_address", id) for id in ("", "256.1.1.1", "1.2.3", "example.com", "fe80::1%eth0", "0x7f.1")),
        *(("file_behaviour", id) for id in ("", ".", "..", " .. ", "a\x00b", "a\nb", "\ud800", " ")),
        ("sandbox", "x"),
    ],
)
def test_identifiers_that_are_refused_before_anything_is_sent(kind: str, id: str) -> None:
    with pytest.raises(errors.InvalidError, match=r"not the identifier|no look-up"):
        endpoints.object_request(Ref(kind, id))


@pytest.mark.parametrize("name", ["", "a/b", "..", "Votes", "a,b", "a" * 65, "vo tes"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(errors.InvalidError):
        endpoints.relationship_page(FILE, name)
    with pytest.raises(errors.InvalidError):
        endpoints.object_request(FILE, (name, "votes"))


@pytest.mark.parametrize(("ref", "kind"), [(FILE, "pcap"), (Ref("file_behaviour", "x"), "file"), (FILE, "x")])
def test_artefacts_that_do_not_exist(ref: Ref, kind: str) -> None:
    with pytest.raises(errors.InvalidError):
        endpoints.artefact(ref, kind, SAVE)


@given(st.text(max_size=80))
def test_any_identifier_is_one_segment_or_refused(id: str) -> None:
    for kind in (*identifiers.COLLECTIONS, "other"):
        try:
            segment = identifiers.segment(kind, id)
        except errors.InvalidError:
            continue
        assert segment.isascii()
        assert segment.isprintable()
        assert not set(segment) & set("/?# ")
        assert segment.strip(".")


@pytest.mark.parametrize(
    ("url", "id"),
    [
        ("http://example.com/", "aHR0cDovL2V4YW1wbGUuY29tLw"),
        ("http://example.com/?>>", "aHR0cDovL2V4YW1wbGUuY29tLz8-Pg"),
        ("http://example.com/\u00ff\u00ff", "aHR0cDovL2V4YW1wbGUuY29tL8O_w78"),
    ],
)
def test_url_ids(url: str, id: str) -> None:
    assert identifiers.url_id(url) == id
    assert identifiers.valid_id("url", id) == id


def body(code: str, message: str = "said") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


OK = b'{"data": {}}'


@pytest.mark.parametrize(
    ("status", "content", "error", "outcome"),
    [
        (400, body("BadRequestError"), errors.InvalidError, "invalid"),
        (400, body("InvalidArgumentError"), errors.InvalidError, "invalid"),
        (400, body("NotAvailableYet"), errors.NotAvailableYetError, "pending"),
        (400, body("UnselectiveContentQueryError"), errors.InvalidError, "invalid"),
        (400, body("SomethingNewError"), errors.InvalidError, "invalid"),
        (400, b"<html>not a proxy request", errors.UnavailableError, "failed"),
        (401, body("AuthenticationRequiredError"), errors.AuthenticationError, "failed"),
        (401, body("UserNotActiveError"), errors.AuthenticationError, "failed"),
        (401, body("WrongCredentialsError"), errors.AuthenticationError, "failed"),
        (401, b"", errors.UnavailableError, "failed"),
        (401, b"<html>log in to the proxy", errors.UnavailableError, "failed"),
        (403, body("ForbiddenError"), errors.ForbiddenError, "forbidden"),
        (403, b"<html>blocked", errors.UnavailableError, "failed"),
        (404, body("NotFoundError"), errors.NotFoundError, "unknown"),
        (404, b"", errors.UnavailableError, "failed"),
        (404, b"<html>another server", errors.UnavailableError, "failed"),
        (405, b"", errors.InvalidError, "invalid"),
        (408, b"", errors.UnavailableError, "failed"),
        (409, body("AlreadyExistsError"), errors.AlreadyExistsError, "failed"),
        (413, b"too large", errors.InvalidError, "invalid"),
        (424, body("FailedDependencyError"), errors.UnavailableError, "failed"),
        (429, body("QuotaExceededError"), errors.QuotaError, "quota"),
        (429, body("TooManyRequestsError"), errors.ThrottledError, "quota"),
        (429, b"slow down", errors.ThrottledError, "quota"),
        (500, b"", errors.UnavailableError, "failed"),
        (502, b"<html>", errors.UnavailableError, "failed"),
        (503, body("TransientError"), errors.UnavailableError, "failed"),
        (504, body("DeadlineExceededError"), errors.UnavailableError, "failed"),
        (302, b"", errors.VirusTotalError, "failed"),
        (204, b"", errors.VirusTotalError, "failed"),
        (200, b"", errors.UnavailableError, "failed"),
        (200, b"<html>", errors.UnavailableError, "failed"),
        (200, b'{"data": {', errors.UnavailableError, "failed"),
        (200, b"[1]", errors.UnavailableError, "failed"),
        (200, b"null", errors.UnavailableError, "failed"),
        (200, b'"text"', errors.UnavailableError, "failed"),
        (200, b"{}", errors.UnavailableError, "failed"),
        (200, body("QuotaExceededError"), errors.QuotaError, "quota"),
        (200, body("NotFoundError"), errors.NotFoundError, "unknown"),
        (404, OK, errors.UnavailableError, "failed"),
        (500, b'{"error": "text"}', errors.UnavailableError, "failed"),
        (500, b'{"error": {"code": 7, "message": ["x"]}}', errors.UnavailableError, "failed"),
        (403, b'{"error": {"code": null}}', errors.ForbiddenError, "forbidden"),
    ],
)
def test_errors(status: int, content: bytes, error: type[errors.VirusTotalError], outcome: str) -> None:
    with pytest.raises(error) as raised:
        error_mapping.payload(status, {}, content)

    assert type(raised.value) is error
    assert raised.value.outcome.status == Status(outcome)
    assert raised.value.outcome.detail.endswith((".", ")"))


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_was_sent_is_refused_for_good_whoever_says_so_and_says_nothing_of_the_key(status: int) -> None:
    with pytest.raises(errors.VirusTotalError, match=rf"HTTP {status}\) is not VirusTotal's") as caught:
        error_mapping.payload(status, {}, b"<html>", posted=True)
    assert type(caught.value) is errors.VirusTotalError


def test_an_error_says_status_code_and_message() -> None:
    with pytest.raises(errors.ForbiddenError, match=r"HTTP 403, ForbiddenError: not\ufffdyou") as raised:
        error_mapping.payload(403, {"Retry-After": "7"}, body("ForbiddenError", "not\x00you"))

    assert (raised.value.code, raised.value.retry_after) == ("ForbiddenError", 7.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("", None), ("7", 7.0), (" 12 ", 12.0), ("-3", None), ("soon", None), ("\u0663", None), ("9" * 40, 999_999_999.0)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}) == seconds
    assert retry_after({"retry-after": value}) == seconds


def test_retry_after_as_date() -> None:
    now = datetime.now(UTC)

    assert 25 < (retry_after({"Retry-After": format_datetime(now + timedelta(seconds=30), usegmt=True)}) or 0) <= 30
    assert retry_after({"Retry-After": format_datetime(now - timedelta(days=1), usegmt=True)}) == 0


@pytest.mark.parametrize("depth", [10, 2_000, 12_000])
def test_deep_answers(depth: int) -> None:
    content = b'{"data": ' + b'{"children": [' * depth + b"1" + b"]}" * depth + b"}"
    data = error_mapping.payload(200, {}, content)["data"]
    for _ in range(depth):
        data = data["children"][0]

    assert data == 1


def test_answers_that_are_too_deep() -> None:
    content = b"[" * (deep_json.DEEPEST + 10) + b"]" * (deep_json.DEEPEST + 10)
    with pytest.raises(errors.UnavailableError):
        error_mapping.payload(200, {}, content)


def test_numbers_and_bytes_that_the_standard_parser_refuses() -> None:
    digits = str(sys.get_int_max_str_digits() + 1)
    content = b'{"data": {"a": NaN, "b": ' + b"1" * int(digits) + b', "c": "\xff\x00", "d": -Infinity, "e": 1e999}}'

    data = error_mapping.payload(200, {}, content)["data"]

    assert data == {"a": None, "b": None, "c": "\ufffd\x00", "d": None, "e": None}


@pytest.mark.parametrize("depth", [1, 2_000])
def test_numbers_beyond_all_bounds_are_null_at_any_depth(depth: int) -> None:
    found = decoding.parse(b"[" * depth + b"1e999, -1e999, 1.5, -0.0" + b"]" * depth)
    for _ in range(depth - 1):
        found = found[0]
    assert found == [None, None, 1.5, 0.0]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 1]))
def test_both_parsers_agree(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)

    assert deep_json.parse_deep(text) == json.loads(text) == value


@given(st.text(alphabet='{}[]",: \\u01truefalsn-e.x', max_size=25))
def test_both_parsers_refuse_the_same(text: str) -> None:
    def outcome(parse: Any) -> Any:
        try:
            return repr(parse())
        except ValueError:
            return "refused"

    assert outcome(lambda: deep_json.parse_deep(text)) == outcome(lambda: decoding.parse(text.encode()))


PLAIN: dict[str, Any] = {"type": "domain", "id": "example.com"}
OTHER = PLAIN | {"id": "other.example"}


@pytest.mark.parametrize(
    ("data", "whole", "error"),
    [
        (PLAIN, False, ""),
        (PLAIN | {"attributes": {}}, True, ""),
        (PLAIN | {"attributes": None}, False, ""),
        (PLAIN | {"attributes": [1], "links": 7, "context_attributes": "x"}, False, ""),
        (PLAIN | {"error": {"code": "NotFoundError"}}, True, "NotFoundError"),
        (PLAIN | {"error": "gone"}, True, "error"),
        (PLAIN | {"error": {"code": 7}}, True, "7"),
    ],
)
def test_objects(data: dict[str, Any], whole: bool, error: str) -> None:
    obj = decoding.decode_object(data)

    assert obj is not None
    assert (obj.ref, obj.whole, obj.error) == (Ref("domain", "example.com"), whole, error)


def test_a_number_as_identifier() -> None:
    assert decoding.decode_object({"type": "analysis", "id": 1735689600}) == decoding.decode_object(
        {"type": "analysis", "id": "1735689600"}
    )


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        7,
        {},
        {"type": "file", "id": True},
        {"type": "file"},
        {"id": "x"},
        {"type": 7, "id": "x"},
        {"type": "a", "id": ["x"]},
    ],
)
def test_no_objects(data: Any) -> None:
    assert decoding.decode_object(data) is None


@pytest.mark.parametrize(
    ("payload", "ids", "cursor", "total", "left_out"),
    [
        ({"data": []}, [], "", None, 0),
        ({"data": None}, [], "", None, 0),
        ({}, [], "", None, 0),
        ({"data": PLAIN, "meta": {"count": 1}}, ["example.com"], "", 1, 0),
        ({"data": [PLAIN, None, 7, {"id": "x"}]}, ["example.com"], "", None, 3),
        ({"data": "text"}, [], "", None, 1),
        ({"data": [PLAIN], "meta": {"cursor": "c", "count": "95"}}, ["example.com"], "c", 95, 0),
        ({"data": [PLAIN], "meta": {"cursor": 7, "count": -1}}, ["example.com"], "", None, 0),
        ({"data": [PLAIN], "meta": "x"}, ["example.com"], "", None, 0),
        ({"data": [PLAIN], "meta": {"cursor": "c" * 10_000}}, ["example.com"], "", None, 0),
    ],
)
def test_pages(payload: Any, ids: list[str], cursor: str, total: int | None, left_out: int) -> None:
    page = decoding.decode_page(payload)

    assert ([item.ref.id for item in page.items], page.cursor, page.total) == (ids, cursor, total)
    assert page.left_out == left_out


@pytest.mark.parametrize(
    ("block", "count", "total", "complete", "detailed"),
    [
        ({"data": []}, 0, 0, True, False),
        ({"data": None}, 0, 0, True, False),
        (None, 0, 0, True, False),
        ({"data": PLAIN}, 1, 1, True, False),
        ({"data": [PLAIN]}, 1, 1, True, False),
        ({"data": [PLAIN], "meta": {"cursor": "x"}}, 1, None, False, False),
        ({"data": [PLAIN], "meta": {"cursor": "x", "count": 30}}, 1, 30, False, False),
        ({"data": [PLAIN, OTHER], "meta": {"cursor": "x", "count": 1}}, 2, None, False, False),
        ({"data": [PLAIN | {"attributes": {"name": "x"}}]}, 1, 1, True, True),
        ({"data": [PLAIN | {"attributes": {"name": "x"}}, OTHER]}, 2, 2, True, False),
    ],
)
def test_inline_blocks(block: Any, count: int, total: int | None, complete: bool, detailed: bool) -> None:
    related = decoding.decode_related("x", block)

    assert (len(related.items), related.total, related.complete, related.detailed) == (count, total, complete, detailed)
    assert not any(item.whole for item in related.items)


def test_entries_left_out_are_said() -> None:
    assert "2 entries" in decoding.decode_related("x", {"data": [PLAIN, 7, None]}).outcome.detail


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        (FILE, FILE, True),
        (FILE, Ref("file", SHA.upper()), True),
        (Ref("file", "b" * 32), FILE, True),
        (Ref("file", "b" * 64), FILE, False),
        (Ref("url", "aHR0cDovLw"), Ref("url", SHA), True),
        (Ref("url", "aHR0" * 16), Ref("url", SHA), True),
        (Ref("url", "b" * 64), Ref("url", SHA), False),
        (Ref("domain", "Example.com."), Ref("domain", "example.com"), True),
        (Ref("domain", "example.com"), Ref("domain", "example.org"), False),
        (Ref("ip_address", "2001:db8:0::1"), Ref("ip_address", "2001:db8::1"), True),
        (Ref("ip_address", "192.0.2.1"), Ref("domain", "192.0.2.1"), False),
        (Ref("file", "b" * 64), Ref("url", "b" * 64), False),
    ],
)
def test_the_answer_is_of_the_object_asked_for(asked: Ref, answered: Ref, same: bool) -> None:
    payload = {"data": {"type": answered.kind, "id": answered.id, "relationships": {"votes": {"data": []}, "x": 7}}}
    if same:
        report = decoding.decode_report(payload, asked)
        assert report.subject.ref == Ref(answered.kind, answered.id.lower())
        assert set(report.related) == {"votes", "x"}
    else:
        with pytest.raises(errors.UnavailableError):
            decoding.decode_report(payload, asked)


@pytest.mark.parametrize(
    ("asked", "data"),
    [
        (FILE, {"type": "file", "id": "../x", "attributes": {}}),
        (FILE, {"type": "file", "id": "b" * 64, "attributes": {}}),
        (FILE, {"type": "file", "id": 1735689600, "attributes": {}}),
        (FILE, {"type": "file", "attributes": {}}),
        (FILE, {"type": "url", "id": SHA, "attributes": {}}),
        (FILE, {"type": "file", "id": SHA, "attributes": None}),
        (FILE, {"type": "file", "id": SHA, "attributes": [1]}),
        (Ref("file", "b" * 32), {"type": "file", "id": SHA, "attributes": {"md5": "c" * 32}}),
        (Ref("file", "b" * 32), {"type": "file", "id": "c" * 40, "attributes": {}}),
        (Ref("file", "b" * 40), {"type": "file", "id": SHA, "attributes": {"sha1": "c" * 40}}),
        (Ref("domain", "example.com"), {"type": "domain", "id": "..", "attributes": {}}),
        (Ref("domain", "example.com"), {"type": "domain", "id": "example.org", "attributes": {}}),
        (Ref("ip_address", "192.0.2.1"), {"type": "ip_address", "id": 3221225985, "attributes": {}}),
        (Ref("collection", "a"), {"type": "collection", "id": "b", "attributes": {}}),
        (FILE, None),
        (FILE, "text"),
    ],
)
def test_an_answer_of_something_else_is_neither_kept_nor_believed(asked: Ref, data: Any) -> None:
    for read in (
        lambda: decoding.check(endpoints.object_request(asked), {"data": data}),
        lambda: decoding.decode_report({"data": data}, asked),
    ):
        with pytest.raises(errors.UnavailableError) as caught:
            read()
        assert caught.value.outcome.status is Status.FAILED


@pytest.mark.parametrize(
    ("request_", "data"),
    [
        (endpoints.object_request(FILE), {"type": "file", "id": SHA, "attributes": {}}),
        (endpoints.object_request(Ref("file", "b" * 32)), {"type": "file", "id": SHA, "attributes": {"md5": "B" * 32}}),
        (endpoints.object_request(Ref("url", "aHR0cDovLw")), {"type": "url", "id": SHA, "attributes": {}}),
        (endpoints.relationship_page(FILE, "votes"), []),
        (endpoints.relationship_page(FILE, "votes"), None),
        (endpoints.relationship_page(FILE, "sigma_analysis"), {"type": "sigma_analysis", "id": "x"}),
        (endpoints.upload_url(), "https://upload.example/"),
        (endpoints.analysis("x"), {"type": "analysis", "id": 7, "attributes": {}}),
        (endpoints.user("name"), {"type": "user", "id": "other"}),
        (endpoints.submit_url("http://example.com/"), {"type": "analysis", "id": "x"}),
    ],
)
def test_an_answer_of_what_was_requested_is_taken(request_: Any, data: Any) -> None:
    decoding.check(request_, {"data": data})


def test_a_page_that_is_no_list_of_objects_is_not_taken() -> None:
    with pytest.raises(errors.UnavailableError, match="not a list"):
        decoding.check(endpoints.relationship_page(FILE, "votes"), {"data": "text"})


def test_a_url_is_known_by_the_digest_in_the_identifier_of_its_analysis() -> None:
    asked = Ref("url", SHA)
    assert decoding.decode_report({"data": {"type": "url", "id": f"u-{SHA}-1735689600"}}, asked).subject.ref == asked


@pytest.mark.parametrize("data", [None, [], "x", {"type": "file"}])
def test_answers_without_an_object(data: Any) -> None:
    with pytest.raises(errors.UnavailableError, match="no object"):
        decoding.decode_report({"data": data}, FILE)


@given(VALUES)
def test_decoding_never_raises_anything_else(value: Any) -> None:
    decoding.decode_page({"data": value, "meta": value})
    decoding.decode_related("x", value)
    with contextlib.suppress(errors.VirusTotalError):
        decoding.decode_report({"data": value}, FILE)


def test_a_url_that_is_named_by_its_analysis_keeps_an_identifier_that_can_be_asked_for() -> None:
    sha256 = "ab" * 32
    obj = decoding.decode_object({"type": "url", "id": f"u-{sha256}-1599122231", "attributes": {}})
    assert obj is not None
    assert obj.ref == Ref("url", sha256)


@pytest.mark.parametrize(
    ("kind", "id", "one"),
    [
        ("file", SHA.upper(), SHA),
        ("ip_address", "2001:DB8:0:0::1", "2001:db8::1"),
        ("domain", "Example.COM", "example.com"),
        ("domain", "\u270c.example.com", "xn--7bi.example.com"),
        ("domain", "a b", "a b"),
        ("file_behaviour", f"{SHA.upper()}_CAPE", f"{SHA.upper()}_CAPE"),
    ],
)
def test_an_identifier_has_one_spelling(kind: str, id: str, one: str) -> None:
    decoded = decoding.decode_object({"type": kind, "id": id})
    assert decoded is not None
    assert decoded.ref.id == one


@pytest.mark.parametrize(
    ("entries", "ids", "total"),
    [
        ([PLAIN, PLAIN | {"id": "EXAMPLE.com"}], ["example.com"], 1),
        ([PLAIN, PLAIN | {"attributes": {"a": 1}}, OTHER], ["example.com", "other.example"], 2),
        ([{"type": "file", "id": SHA.upper()}, {"type": "file", "id": SHA}], [SHA], 1),
        ([{"type": "url", "id": "_"}, {"type": "url", "id": "?"}], ["_", "?"], 2),
        ([{"type": "file_behaviour", "id": "a_X"}, {"type": "file_behaviour", "id": "a_x"}], ["a_X", "a_x"], 2),
    ],
)
def test_an_object_stands_once_in_a_list(entries: list[Any], ids: list[str], total: int) -> None:
    payload = {"data": entries, "meta": {"count": len(entries)}}
    page = decoding.decode_page(payload)
    assert ([item.ref.id for item in page.items], page.total, page.left_out) == (ids, total, 0)
    related = decoding.decode_related("x", payload)
    assert ([item.ref.id for item in related.items], related.total, related.complete) == (ids, total, True)


def test_of_an_object_that_stands_twice_the_one_with_attributes_is_kept() -> None:
    page = decoding.decode_page({"data": [PLAIN, PLAIN | {"attributes": {"a": 1}}]})
    assert page.items[0].attributes == {"a": 1}


def test_a_list_of_a_million_descriptors_is_bounded() -> None:
    related = decoding.decode_related("x", {"data": [{"type": "a", "id": f"{number}"} for number in range(1_000_000)]})
    assert (len(related.items), related.complete) == (1_000, False)
    assert "999000 entries were left out" in related.outcome.detail
