"""Size does not matter to the emulator's memory: measured from outside, on a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from virustotal.emulator.world.shared import EICAR_SHA256

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc"),
]
KEY = {"x-apikey": "premium-key"}
MEBIBYTE = 1 << 20


def peak(pid: int) -> float:
    """Return the largest resident size of a process so far, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def form(mebibytes: int) -> Iterator[bytes]:
    """Yield a multipart form with a file of that size."""
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
    for _ in range(mebibytes):
        yield b"\0" * MEBIBYTE
    yield b"\r\n--b--\r\n"


def test_large_uploads_and_captures_do_not_grow_it() -> None:
    command = [sys.executable, "-m", "virustotal.emulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        url = json.loads(child.stdout.readline())["url"]
        before = peak(child.pid)
        address = requests.get(f"{url}/api/v3/files/upload_url", headers=KEY, timeout=10).json()["data"]
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        assert requests.post(address, data=form(600), headers=headers, timeout=120).status_code == 200
        fault = {"pattern": "*/pcap", "kind": "big", "size": 200 * MEBIBYTE}
        requests.post(f"{url}/emulator/faults", json=fault, timeout=10)
        capture = f"{url}/api/v3/file_behaviours/{EICAR_SHA256}_Zenbox/pcap"
        with requests.get(capture, headers=KEY, stream=True, timeout=60) as answer:
            assert sum(len(piece) for piece in answer.iter_content(MEBIBYTE)) == 200 * MEBIBYTE
        grown = peak(child.pid) - before
        child.terminate()
    assert grown < 20
