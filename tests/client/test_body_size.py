"""An answer that would take too much memory is refused before it is parsed."""

import time

import pytest

from tests.client.conftest import Server, answer
from virustotal import api
from virustotal.client.body_reader import LARGEST_ANSWER, MOST_ENTRIES, check_entries
from virustotal.client.http_client import HttpClient
from virustotal.core import errors
from virustotal.core.models import Ref


def test_an_answer_with_too_many_values_is_not_parsed(server: Server, client: HttpClient) -> None:
    server.say(answer(b'{"data": [' + b",".join([b"{}"] * MOST_ENTRIES) + b"]}"))
    with pytest.raises(errors.VirusTotalError, match="more than 1,000,000 values"):
        client.ask(api.object_request(Ref("file", "a" * 64)), time.monotonic() + 10)
    assert client.usage.requests == 1


def test_the_number_itself_is_allowed() -> None:
    check_entries(b"[" + b"1," * (MOST_ENTRIES - 1) + b"1]")
    with pytest.raises(errors.VirusTotalError):
        check_entries(b"[" + b"1," * MOST_ENTRIES + b"1]")
    assert LARGEST_ANSWER == 32 * 2**20
