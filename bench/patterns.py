"""Growth of the time of patterns over report text (`python -m bench.patterns`); 1 where one is not linear."""

import sys
import time
from collections.abc import Callable, Mapping

from bench.behaviours import HASH, run
from virustotal.core import Object, Ref
from virustotal.core.scoring.safelist import read_safelist
from virustotal.plugins.sandbox.processes import image_of
from virustotal.plugins.subjects import url

SIZES = (4_000, 8_000, 16_000, 32_000)
#: Where the text is four times as long, the time may be this many times as long.
MOST_GROWTH = 10.0
#: Below this many seconds nothing is said of the growth.
NOISE = 0.01


def sandbox_report(text: str) -> Object:
    """Return a report with command lines of a thousand characters, as processes and by themselves: 5 MB at most."""
    lines = [text[start : start + 1_000] for start in range(0, len(text), 1_000)] * 156
    tree = [{"process_id": number, "name": line} for number, line in enumerate(lines)]
    return Object(Ref("file_behaviour", f"{HASH}_Zenbox"), {"processes_tree": tree, "command_executions": lines})


SAFELIST = read_safelist({"regex": {"av.virus_name": [r"trojan\..*", r"[a-z]+\.[a-z]+"]}})
#: Function over text, and what is repeated in it.
CASES: Mapping[str, tuple[Callable[[str], object], str]] = {
    "headers with ;token": (url._header, ";token"),
    "headers with ?key=": (url._header, "?key="),
    "users in URLs": (url.without_credentials, "//a@"),
    "command lines of blanks": (image_of, "C:\\ "),
    "command lines of quotes": (image_of, '"a '),
    "sandbox report of commands": (lambda text: run([sandbox_report(text)]), "C:\\a -x  "),
    "safelist": (lambda text: SAFELIST.matches("av.virus_name", text), "trojan."),
}


def seconds(function: Callable[[str], object], text: str) -> float:
    """Return the least time of three calls."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        function(text)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> int:
    """Print the times by size; return 1 where one grows faster than its text."""
    code = 0
    for name, (function, unit) in CASES.items():
        times = [seconds(function, (unit * size)[:size]) for size in SIZES]
        growth = times[-1] / max(times[1], 1e-9)
        bad = times[-1] > NOISE and growth > MOST_GROWTH
        code |= bad
        print(f"{name:28}", *(f"{1000 * moment:8.3f} ms" for moment in times), "NOT LINEAR" if bad else "")
    return code


if __name__ == "__main__":
    sys.exit(main())
