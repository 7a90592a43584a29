"""A file of 600 MB sent to the emulator: seconds, and growth of memory as the kernel counts it from outside.

Beside it plain `requests` with the file in memory. Usage: python -m bench.submit [MEGABYTES]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEGABYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 600

STREAMED = """
import sys, time
from pathlib import Path
from virustotal.api import endpoints
from virustotal.core.settings import Credentials
from virustotal.core.settings.service_config import service_settings
from virustotal.api.source import Upload
from virustotal.sources import build
source = build(service_settings({"host": sys.argv[1]}), Credentials("premium-key"))
deadline = time.monotonic() + 600
address = str(source.ask(endpoints.upload_url(), deadline).payload["data"])
def send():
    source.ask(endpoints.upload_file(Upload(Path(sys.argv[2]), "sample"), address), deadline)
"""
PLAIN = """
import sys
import requests
address = requests.get(sys.argv[1] + "/api/v3/files/upload_url", headers={"x-apikey": "premium-key"}).json()["data"]
def send():
    with open(sys.argv[2], "rb") as file:
        requests.post(address, headers={"x-apikey": "premium-key"}, files={"file": file}).raise_for_status()
"""
TIMED = """
print("ready", flush=True)
sys.stdin.readline()
import time
began = time.monotonic()
send()
print(time.monotonic() - began, flush=True)
sys.stdin.readline()
"""


def peak(process: subprocess.Popen[str]) -> int:
    """The most memory that a process ever held, in kB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def run(code: str, url: str, path: Path) -> tuple[float, int]:
    """Return the seconds of one upload, and the growth of memory meanwhile, in kB."""
    command = [sys.executable, "-c", code + TIMED, url, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        before = peak(process)
        print(file=process.stdin, flush=True)
        seconds = float(process.stdout.readline())
        grown = peak(process) - before
        process.stdin.close()
    return seconds, grown


def main() -> None:
    emulator = subprocess.Popen(
        [sys.executable, "-m", "virustotal.emulator", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert emulator.stdout is not None
    try:
        url = json.loads(emulator.stdout.readline())["url"]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sample"
            with path.open("wb") as file:
                for _ in range(MEGABYTES):
                    file.write(os.urandom(2**20))
            print(f"{'':24} {'seconds':>8} {'MB/s':>8} {'memory growth':>16}")
            for name, code in (("streamed by the client", STREAMED), ("requests, in memory", PLAIN)):
                seconds, grown = run(code, url, path)
                print(f"{name:24} {seconds:8.2f} {MEGABYTES / seconds:8.0f} {grown / 1024:13.1f} MB")
    finally:
        emulator.terminate()
        time.sleep(0.1)


if __name__ == "__main__":
    main()
