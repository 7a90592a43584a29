"""A source that a test tells what to answer, for the links that wrap one."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field

from virustotal.api.source import Answer, Request, Source
from virustotal.core.errors import NotFoundError

Say = Callable[[Request], Mapping[str, Any]]


def unknown(request: Request) -> Mapping[str, Any]:
    """Say that nothing is known."""
    raise NotFoundError(f"VirusTotal does not know this. ({request.path})", code="NotFoundError")


@define(eq=False)
class Fake(Source):
    """Answers by what `say` returns or raises, and keeps what it was asked."""

    say: Say = unknown
    seconds: float = 0.0
    asked: list[str] = field(factory=list)
    closed: bool = False
    _lock: threading.Lock = field(factory=threading.Lock)

    def ask(self, request: Request, deadline: float) -> Answer:
        with self._lock:
            self.asked.append(request.path + "".join(f"&{name}={value}" for name, value in request.query))
        time.sleep(self.seconds)
        payload = self.say(request)
        return Answer(payload, body=json.dumps(payload, default=dict).encode())

    def close(self) -> None:
        self.closed = True


def soon(seconds: float = 5.0) -> float:
    """A deadline."""
    return time.monotonic() + seconds
