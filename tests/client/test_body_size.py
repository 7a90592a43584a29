"""Answers that would take too much memory, alone or together, are refused before they are parsed."""

import threading
import time
from contextlib import ExitStack

import pytest

from tests.client.conftest import Server, answer
from virustotal.api import endpoints
from virustotal.client.answer_budget import ENTRY_BYTES, LONG_BODY, MOST_ENTRIES, MOST_LONG, MOST_TOGETHER, AnswerBudget
from virustotal.client.body_reader import LARGEST_ANSWER
from virustotal.client.http_client import HttpClient
from virustotal.core import errors
from virustotal.core.models import Ref

ASK = endpoints.object_request(Ref("file", "a" * 64))
#: Of which three may be parsed in a task and four may not.
THIRD = b"[" + b"1," * (MOST_TOGETHER // (3 * (ENTRY_BYTES + 2)) - 1_000) + b"1]"


def soon() -> float:
    return time.monotonic() + 10


def test_an_answer_with_too_many_values_is_not_parsed(server: Server, client: HttpClient) -> None:
    server.say(answer(b'{"data": [' + b",".join([b"{}"] * MOST_ENTRIES) + b"]}"))
    with pytest.raises(errors.VirusTotalError, match="more than 1,000,000 values"):
        client.ask(ASK, soon())
    assert client.usage.requests == 1


def test_the_number_itself_is_allowed() -> None:
    with AnswerBudget().parse(b"[" + b"1," * (MOST_ENTRIES - 1) + b"1]", soon()):
        pass
    with pytest.raises(errors.VirusTotalError), AnswerBudget().parse(b"[" + b"1," * MOST_ENTRIES + b"1]", soon()):
        pass
    assert LARGEST_ANSWER == 32 * 2**20


def test_the_large_answers_of_a_task_are_bounded_together() -> None:
    budget = AnswerBudget()
    for _ in range(2):
        budget.begin()
        for _ in range(3):
            with budget.parse(THIRD, soon()):
                pass
        with pytest.raises(errors.VirusTotalError, match="more than 320 MB together"), budget.parse(THIRD, soon()):
            pass
        for _ in range(100):  # ordinary ones go on
            with budget.parse(b"[" + b"1," * 50_000 + b"1]", soon()):
                pass


def test_the_client_counts_its_answers(server: Server, client: HttpClient) -> None:
    body = b'{"data": {"type": "file", "id": "' + b"a" * 64 + b'", "attributes": {"x": ' + THIRD + b"}}}"
    server.say(answer(body))
    for _ in range(3):
        client.ask(ASK, soon())
    with pytest.raises(errors.VirusTotalError, match="together"):
        client.ask(ASK, soon())


def test_one_large_answer_is_parsed_at_a_time_and_few_are_read() -> None:
    budget = AnswerBudget()
    with ExitStack() as stack:
        for _ in range(MOST_LONG):
            stack.enter_context(budget.read(soon()))(LONG_BODY + 1)
        stack.enter_context(budget.parse(THIRD, soon()))
        with budget.parse(b"[1]", 0.0), budget.read(0.0) as grow:
            grow(LONG_BODY)  # small ones do not wait
            with pytest.raises(errors.DeadlineError):
                grow(LONG_BODY + 1)
        with pytest.raises(errors.DeadlineError), budget.parse(THIRD, time.monotonic() + 0.05):
            pass
    budget.begin()
    with budget.read(soon()) as grow, budget.parse(THIRD, soon()):
        grow(LONG_BODY + 1)


def test_wide_characters_count_as_what_they_make_of_their_text() -> None:
    for text in (b"a" * 5_000_000 + "\U0001f600".encode(), b"a" * 5_000_000 + b"\\ud83d\\ude00"):
        budget = AnswerBudget()
        for _ in range(16):
            with budget.parse(b'["' + text + b'"]', soon()):
                pass
        with pytest.raises(errors.VirusTotalError, match="together"), budget.parse(b'["' + text + b'"]', soon()):
            pass
    for _ in range(100):
        with budget.parse(b'["' + b"a" * 5_000_000 + b'"]', soon()):
            pass


def test_who_waits_goes_on() -> None:
    budget, parsed = AnswerBudget(), threading.Event()

    def parse() -> None:
        with budget.parse(THIRD, soon()):
            parsed.set()

    with budget.parse(THIRD, soon()):
        thread = threading.Thread(target=parse)
        thread.start()
        assert not parsed.wait(0.05)
    thread.join()
    assert parsed.is_set()
