"""How much memory the answers of one task may take: a process runs one task at a time."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from virustotal.core.errors import DeadlineError, VirusTotalError

MEGABYTE = 2**20
#: The most values of one JSON answer.
MOST_ENTRIES = 1_000_000
#: Bytes that a value takes once it is parsed; up to 300 for each entry of a large object (bench/memory_limits.py).
ENTRY_BYTES = 150
#: Bytes that the large answers of a task may take together, and from which on an answer is a large one. A page of 40
#: files takes some 8 MB.
MOST_TOGETHER, LARGE = 320 * MEGABYTE, 16 * MEGABYTE
#: Bytes of a body from which on it is one of the few that are read at once, and how many these are.
LONG_BODY, MOST_LONG = 2 * MEGABYTE, 3


class AnswerBudget:
    """Thread-safe."""

    def __init__(self) -> None:
        self._used = 0
        self._lock = threading.Lock()
        self._parsing = threading.Lock()
        self._reading = threading.BoundedSemaphore(MOST_LONG)

    def begin(self) -> None:
        """Begin a task: the answers of the one before are gone."""
        with self._lock:
            self._used = 0

    @contextlib.contextmanager
    def read(self, deadline: float) -> Iterator[Callable[[int], None]]:
        """Lend a function that takes the size of a body while it grows, and lets few be long at once.

        Raises:
            DeadlineError: Others are read until the deadline.
        """
        with contextlib.ExitStack() as stack:
            waited = False

            def grow(size: int) -> None:
                nonlocal waited
                if size > LONG_BODY and not waited:
                    stack.enter_context(_held(self._reading, deadline))
                    waited = True

            yield grow

    @contextlib.contextmanager
    def parse(self, body: bytes, deadline: float) -> Iterator[None]:
        """Admit a body that is parsed within, one at a time where it is a large one.

        Raises:
            DeadlineError: Others are parsed until the deadline.
            VirusTotalError: It takes too much memory, alone or with those before.
        """
        with _held(self._parsing, deadline) if self._admit(body) else contextlib.nullcontext():
            yield

    def _admit(self, body: bytes) -> bool:
        """Return whether it is a large one."""
        entries = body.count(b",") + body.count(b"{") + body.count(b"[")  # at least one for each value
        if entries > MOST_ENTRIES:
            raise VirusTotalError(f"The answer has more than {MOST_ENTRIES:,} values.", code="LocalTooLarge")
        # One wide character makes all of its text wide.
        width = 1 if body.isascii() and b"\\u" not in body else 4
        size = width * len(body) + ENTRY_BYTES * entries
        if size <= LARGE:
            return False
        with self._lock:
            if self._used + size > MOST_TOGETHER:
                raise VirusTotalError(
                    f"The answers of this task take more than {MOST_TOGETHER // MEGABYTE} MB together.",
                    code="LocalTooLarge",
                )
            self._used += size
        return True


@contextlib.contextmanager
def _held(lock: "threading.Lock | threading.Semaphore", deadline: float) -> Iterator[None]:
    if not lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
        raise DeadlineError("The time for this task ended while other large answers were read.")
    try:
        yield
    finally:
        lock.release()
