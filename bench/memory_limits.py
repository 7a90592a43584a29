"""Worst answers of each kind under the memory that the manifest promises. Run: python bench/memory_limits.py

Each kind runs in a process of its own that may have 1 GB of address space: read, masked, parsed, decoded, packed for
the cache and unpacked again. Prints the peak of its resident memory, and how it ended.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

MEGABYTE = 2**20
LIMIT = 1024 * MEGABYTE
SIZE = 32 * MEGABYTE


def _object(attributes: bytes) -> bytes:
    start = b'{"data": {"type": "file", "id": "' + b"a" * 64 + b'", "attributes": {"last_analysis_date": 1, "x": '
    return start + attributes + b"}}}"


KINDS: dict[str, Callable[[], bytes]] = {
    "backslashes": lambda: _object(b'"' + b"\\" * (SIZE - 1000) + b'"'),
    "escaped characters": lambda: _object(b'"' + b"\\u0061" * (SIZE // 6 - 200) + b'"'),
    "wide characters": lambda: _object(b'"' + "\U0001f600".encode() * (SIZE // 4 - 200) + b'"'),
    "empty objects": lambda: _object(b"[" + b",".join([b"{}"] * (SIZE // 3 - 100)) + b"]"),
    "empty objects within the bound": lambda: _object(b"[" + b",".join([b"{}"] * 490_000) + b"]"),
    "small objects within the bound": lambda: _object(b"[" + b",".join([b'{"a":1.5,"b":"c"}'] * 300_000) + b"]"),
    "names": lambda: _object(b"{" + b",".join(b'"%d":%d' % (n, n) for n in range(900_000)) + b"}"),
    "nested": lambda: _object(b"[" * 450_000 + b"]" * 450_000),
    "matches of rules": lambda: _object(
        b"[" + b",".join(b'{"rule_id": "%d", "values": {"a": "%d", "b": "c"}}' % (n, n) for n in range(120_000)) + b"]"
    ),
    "store that inflates": lambda: b"p" + zlib.compress(b" " * (1028 * MEGABYTE), 9),
}


def run(kind: str, path: Path) -> str:
    """Return how the path of an answer ends."""
    from virustotal import api
    from virustotal.client.body_reader import check_entries
    from virustotal.client.cache import packed, unpacked
    from virustotal.client.redaction import redact
    from virustotal.core.errors import VirusTotalError
    from virustotal.core.models import Ref

    body = path.read_bytes()
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    if kind == "store that inflates":
        return "kept" if unpacked(body) else "dropped"
    try:
        check_entries(body)
        payload = api.payload(200, {}, redact(body, ("0123456789abcdef" * 4, "sq/id")))
        api.decode_report(payload, Ref("file", "a" * 64))
        return "understood" if unpacked(packed(body)) else "not kept"
    except VirusTotalError as error:
        return str(error)


def main() -> None:
    """Run each kind in a process of its own."""
    if len(sys.argv) > 2:
        began = time.process_time()
        ended = run(sys.argv[1], Path(sys.argv[2]))
        status = Path("/proc/self/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024  # of this program, not of the one that forked it
        sys.stdout.write(json.dumps({"mb": peak, "seconds": round(time.process_time() - began, 1), "ended": ended}))
        return
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, make) in enumerate(KINDS.items()):
            path = Path(folder) / str(number)
            path.write_bytes(make())
            command = [sys.executable, __file__, kind, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            print(f"{kind:32} {done.stdout or done.stderr.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()
