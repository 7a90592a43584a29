"""Calls a plugin's code in threads that are waited for and then left behind: nothing can end them from outside."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from virustotal.core.plugin_host.isolation_util import HostError

T = TypeVar("T")

#: Seconds that each hook of an external plugin, and each `wanted`, has in one task, all of its calls together.
HOOK_BUDGET = 20.0


class OutOfTimeError(HostError):
    """A call that was stopped or left behind."""


def run_with_timeout(name: str, call: Callable[[], T], busy: dict[str, threading.Thread], seconds: float) -> T:
    """Return what a call in a daemon thread returned within some seconds; raises what it raised.

    Args:
        name: Of the call, and of its thread.
        call: What is called.
        busy: The threads that were left behind, by name; while one of the same name goes on, the call is not made.
        seconds: None are left where it is 0 or less.

    Raises:
        HostError: The call was not made.
        OutOfTimeError: It was left behind.
    """
    if name in busy and busy[name].is_alive():
        raise HostError("It was not called: it is still busy with an earlier task.")
    if seconds <= 0:
        raise HostError("It was not called: no time was left.")
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
        raise OutOfTimeError(f"It was left behind: its {seconds:.3g} seconds were over.")
    return answer.result()
