"""Calls a plugin's code in threads that are waited for and then left behind: nothing can end them from outside."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from attrs import define, field

from virustotal.core.plugin_host.isolation_util import HostError

T = TypeVar("T")

#: Seconds that each hook of an external plugin, and each `wanted`, has in one task, all of its calls together.
HOOK_BUDGET = 20.0


class OutOfTimeError(HostError):
    """A call that was not made, or was left behind. began: it was called."""

    def __init__(self, message: str, *, began: bool = False) -> None:
        super().__init__(message)
        self.began = began


def run_with_timeout(name: str, call: Callable[[], T], busy: dict[str, threading.Thread], seconds: float) -> T:
    """Return what a call in a daemon thread returned within some seconds; raises what it raised, or OutOfTimeError.

    Args:
        name: Of the call, and of its thread.
        call: What is called.
        busy: The threads that were left behind, by name; while one of the same name goes on, the call is not made.
        seconds: None are left where it is 0 or less.
    """
    if name in busy and busy[name].is_alive():
        raise OutOfTimeError("It was not called: it is still busy with an earlier task.")
    if seconds <= 0:
        raise OutOfTimeError("It was not called: no time was left.")
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except KeyboardInterrupt:  # nobody pressed a key in this thread
            answer.set_exception(RuntimeError("it raised KeyboardInterrupt"))
        except BaseException as error:  # nobody above this frame could
            answer.set_exception(error)

    thread = threading.Thread(target=run, name=f"virustotal-{name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        busy[name] = thread
        raise OutOfTimeError(f"It was left behind: its {seconds:.3g} seconds were over.", began=True)
    return answer.result()


@define
class TimeBudget:
    """The time of external hooks in one task: each name has a budget for all of its calls, and no more once it is over.

    deadline: of `time.monotonic()`; no call goes beyond it. over: the names that are not called again in this task.
    """

    _busy: dict[str, threading.Thread]
    _budget: float
    _deadline: float
    over: set[str] = field(factory=set, init=False)
    _used: defaultdict[str, float] = field(factory=partial(defaultdict, float), init=False)

    def call(self, name: str, function: Callable[[], T]) -> T:
        """Return what a function returns; what it raises is raised, too.

        Args:
            name: Whose budget the call counts for.
            function: What is called.

        Raises:
            OutOfTimeError: The budget is used up; the name is `over`.
        """
        began = time.monotonic()
        left = min(self._budget - self._used[name], self._deadline - began)
        try:
            return run_with_timeout(name, function, self._busy, left)
        except OutOfTimeError as error:
            self.over.add(name)
            raise OutOfTimeError(f"{error} It is not called again in this task.") from None
        finally:
            # Not `left` less this: an analyser that was left behind may call it at the same time.
            self._used[name] += time.monotonic() - began
