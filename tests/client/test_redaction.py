"""The key, the proxy's password and signed addresses are in no log, message, repr or stack trace."""

import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.conftest import KEY, Server, answer, resets
from virustotal.api import endpoints
from virustotal.api.source import Request, Save, Upload
from virustotal.client.http_client import HttpClient
from virustotal.client.redaction import redact
from virustotal.client.retry import RetryPolicy
from virustotal.core import errors
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials

WORD, SIGNED = "marked-proxy-word", "marked-signature"
ECHO = b'{"error": {"code": "%s", "message": "the key ' + KEY.encode() + b' is bad"}}'
FILE = Ref("file", "a" * 64)

ANSWERS: dict[str, Any] = {
    "reset": resets,
    "silent": lambda connection, heard: time.sleep(0.1),
    "garbage": answer(KEY.encode()),
    "not http": KEY.encode() + b"\r\n\r\n",
    "short": answer(KEY.encode(), length=1000),
    "no data": answer(b'{"%s": 1}' % KEY.encode()),
    "bad gzip": answer(KEY.encode(), "200 OK", "Content-Encoding: gzip"),
    "error with 200": answer(ECHO % b"ForbiddenError"),
    "redirect": answer(b"", "302 Found", f"Location: http://127.0.0.1:1/x?signature={SIGNED}"),
    "redirect back": answer(b"", "302 Found", f"Location: http://user:{SIGNED}@127.0.0.1:1/"),
    "redirect nowhere": answer(b"", "302 Found", f"Location: ftp://{SIGNED}"),
    "redirect broken": answer(b"", "302 Found", f"Location: http://[{SIGNED}"),
    **{
        str(status): answer(ECHO % code.encode(), f"{status} X")
        for status, code in (
            (400, "BadRequestError"),
            (401, "WrongCredentialsError"),
            (403, "ForbiddenError"),
            (404, "NotFoundError"),
            (409, "AlreadyExistsError"),
            (413, "X"),
            (429, "QuotaExceededError"),
            (503, "TransientError"),
        )
    },
    "throttled": answer(ECHO % b"TooManyRequestsError", "429 X"),
}


def requests_(folder: Path) -> dict[str, Request]:
    sample = folder / "sample"
    sample.write_bytes(b"x" * 1000)
    save = Save(folder / "capture", 2**20, (b"PCAP",))
    return {
        "object": endpoints.object_request(FILE, ("votes",)),
        "quotas": endpoints.overall_quotas(KEY),
        "upload": endpoints.upload_file(Upload(sample, "x", WORD)),
        "url": endpoints.submit_url("http://example.com/"),
        "download": endpoints.artefact(FILE, "file", save),
        "signed": endpoints.linked(f"http://127.0.0.1:1/x?signature={SIGNED}", save),
    }


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that it still holds on to: the transport's own know the headers."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def told(error: BaseException, *things: object) -> str:
    """Everything that a log or a result could show of an error and of what was involved."""
    seen: list[str] = [repr(thing) + str(thing) for thing in things]
    for each in chain(error):
        seen += [str(each), repr(each), repr(each.args), repr(vars(each))]
    seen += traceback.TracebackException.from_exception(error).format(chain=True)
    if isinstance(error, errors.VirusTotalError):
        seen.append(repr(error.outcome))
    return "\n".join(seen)


@pytest.mark.parametrize("way", ["object", "quotas", "upload", "url", "download", "signed"])
@pytest.mark.parametrize("broken", [*ANSWERS, "nobody", "proxy", "no TLS"])
def test_no_error_tells_a_secret(
    server: Server,
    make: Callable[..., HttpClient],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    way: str,
    broken: str,
) -> None:
    caplog.set_level(logging.DEBUG, logger="")
    server.say(ANSWERS.get(broken, answer(b"")))
    client = make(
        {
            "nobody": "http://127.0.0.1:1",
            "no TLS": server.url.replace("http", "https"),
        }.get(broken, server.url),
        proxy={"proxy": f"http://user:{WORD}@127.0.0.1:1"}.get(broken, ""),
        policy=RetryPolicy(first=0.002, longest=0.005),
    )
    request = requests_(tmp_path)[way]

    with pytest.raises(errors.VirusTotalError) as raised:
        client.ask(request, time.monotonic() + 0.2)

    shown = told(raised.value, client, Credentials(KEY, f"http://user:{WORD}@127.0.0.1:1"), request.upload)
    shown += caplog.text + "".join(map(repr, capfd.readouterr()))
    if way != "quotas":  # whose request is its own secret, and is never shown
        shown += repr(request)
    for secret in (KEY, WORD, SIGNED):
        assert secret not in shown
    assert not {type(each).__module__.partition(".")[0] for each in chain(raised.value)} & {"requests", "urllib3"}


def test_a_good_answer_leaves_no_key_in_the_log(
    server: Server, client: HttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="")
    server.say(answer(b'{"data": {}}'))

    client.ask(endpoints.overall_quotas(KEY), time.monotonic() + 5)

    assert "/users/***/overall_quotas" in caplog.text
    assert KEY not in caplog.text


def test_what_a_server_echoes_is_masked() -> None:
    assert redact(b"x a/b y a%2Fb z", ("a/b", "")) == b"x *** y *** z"


def escaped(word: str, *, upper: bool = False) -> str:
    return "".join(f"\\u00{ord(each):02X}" if upper else f"\\u00{ord(each):02x}" for each in word)


@pytest.mark.parametrize(
    "echo",
    [
        "a1/Bc",
        "A1/bC",
        "a1%2fbC",
        "a1\\/Bc",
        "\\u0061\\u0031/Bc",
        escaped("a1/Bc"),
        escaped("A1/BC", upper=True),
        "a1\\u0025\\u0032FBc",
    ],
)
def test_an_echo_is_masked_however_json_writes_it(echo: str) -> None:
    body = '{"said": "x \\u003c\\u00e9 %s a1 y"}'

    assert redact((body % echo).encode(), ("a1/Bc",)) == (body % "***").encode()


@pytest.mark.parametrize("word", ["Gr\u00dc\u00dfe\\d", "a.*b", 'q"t'])
def test_any_secret_is_masked_as_it_is_and_in_json(word: str) -> None:
    assert redact(f"x {word} y".encode(), (word,)) == b"x *** y"
    assert redact(json.dumps([word], ensure_ascii=False).encode(), (word,)) == b'["***"]'


def test_a_short_secret_is_masked_in_errors_and_never_in_data(server: Server, make: Callable[..., HttpClient]) -> None:
    client = make(server.url, key="squid")
    server.say(answer(b'{"data": {"type": "file", "id": "%s", "attributes": {"tags": ["squid"]}}}' % (b"a" * 64)))
    assert client.ask(endpoints.object_request(FILE), time.monotonic() + 5).payload["data"]["attributes"]["tags"] == [
        "squid"
    ]
    server.say(answer(b'{"error": {"code": "BadRequestError", "message": "the key squid"}}', "400 X"))
    with pytest.raises(errors.InvalidError, match=r"the key \*\*\*"):
        client.ask(endpoints.object_request(FILE), time.monotonic() + 5)


def test_a_key_is_masked_in_data(server: Server, make: Callable[..., HttpClient]) -> None:
    key = "0123456789abcdef" * 4
    client = make(server.url, key=key)
    server.say(answer(b'{"data": {"type": "file", "id": "x", "attributes": {"tags": ["%s"]}}}' % key.encode()))
    assert client.ask(endpoints.object_request(FILE), time.monotonic() + 5).payload["data"]["attributes"]["tags"] == [
        "***"
    ]


@pytest.mark.parametrize("body", [b"\\" * 2**22, b"\\u0061" * 2**19, (b"a" * 31 + b"\\u0061") * 2**16])
def test_masking_takes_linear_time(body: bytes) -> None:
    began = time.process_time()
    redact(body, ("a" * 32 + "b",))
    assert time.process_time() - began < 4


@pytest.mark.parametrize("status", ["200 OK", "400 X", "503 X"])
@pytest.mark.parametrize("echo", [KEY.upper(), escaped(KEY), escaped(KEY[:1]) + KEY[1:]])
def test_no_error_tells_an_echo_that_is_written_otherwise(
    server: Server, make: Callable[..., HttpClient], status: str, echo: str
) -> None:
    server.say(answer(b'{"error": {"code": "%s", "message": "bad %s"}}' % (echo.encode(), echo.encode()), status))
    client = make(server.url, policy=RetryPolicy(first=0.002, longest=0.005))

    with pytest.raises(errors.VirusTotalError) as raised:
        client.ask(endpoints.object_request(FILE), time.monotonic() + 0.2)

    assert KEY not in told(raised.value).lower()
