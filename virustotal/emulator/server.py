"""The server: one API origin and one other host, on loopback ports, in a thread of their own."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import attrs
from aiohttp import web

from virustotal.emulator.faults import Fault, Faults
from virustotal.emulator.gate import handle_api
from virustotal.emulator.keys import Clock, Key, parse_keys
from virustotal.emulator.other import handle_other
from virustotal.emulator.record import Leak, Record
from virustotal.emulator.routes.control import handle_control
from virustotal.emulator.state import State
from virustotal.emulator.store import Store, load_folder
from virustotal.emulator.switches import Switches
from virustotal.emulator.world import load_world

#: What starting raises, with a sentence, for a key, switch, folder, address or port that is none or cannot be used.
MISTAKES = (AttributeError, OSError, OverflowError, ValueError)

World = Path | str | Mapping[str, Any] | Store | None

#: Turns of the event loop within which a connection that was accepted begins.
TURNS = 5


def load_store(world: World | Iterable[World] = None) -> Store:
    """Return the index of a world.

    None is the invented world of the package; a path is a folder of reports; a mapping is path -> document; a list of
    these is one over the other. A :class:`Store` is used as it is.
    """
    if isinstance(world, Store):
        return world
    store = Store()
    parts: list[Any] = list(world) if isinstance(world, list | tuple) else [world]
    for part in parts:
        if part is None:
            load_world(store)
        elif isinstance(part, Mapping):
            for path, document in part.items():
                store.add(path, document)
        elif isinstance(part, str | Path):
            if not Path(part).is_dir():
                raise NotADirectoryError(f"{part} is not a folder of reports")
            load_folder(store, Path(part))
        else:
            raise TypeError(f"a world is a folder, a mapping or None, not {type(part).__name__}")
    return store


class Emulator:
    """A running emulator; use it as a context manager.

    ``keys`` maps a key to its tier (``public``, ``premium``, ``gti``, with options as in ``Key.parse``) or to a
    :class:`Key`; None gives the demo keys ``public-key``, ``premium-key`` and ``gti-key``.
    """

    def __init__(
        self,
        world: World | Iterable[World] = None,
        *,
        faults: Iterable[Fault] = (),
        switches: Mapping[str, Any] | None = None,
        keys: Mapping[str, str | Key] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._world, self._keys = world, keys
        self._given_faults = [attrs.evolve(fault) for fault in faults]
        self._given_switches = dict(switches or {})
        self._host, self._port = host, port
        self.state = self._fresh(load_store(world))
        self._version = self.state.store.version
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    def _fresh(self, store: Store) -> State:
        """Return the state as constructed, of a world."""
        state = State(store, parse_keys(self._keys))
        state.switches.set(**self._given_switches)
        for fault in self._given_faults:
            state.faults.append(attrs.evolve(fault, seen=0))
        return state

    @property
    def url(self) -> str:
        """The origin, such as ``http://127.0.0.1:43210``; the API is below ``/api/v3``."""
        return self.state.url

    @property
    def other_url(self) -> str:
        """The origin of the other host: downloads, pictures and, by a switch, uploads."""
        return self.state.other_url

    @property
    def store(self) -> Store:
        """The world; ``store.put(object, relationships)`` adds to it while the server runs."""
        return self.state.store

    @property
    def requests(self) -> Record:
        """Every request to the API since the start or the last :meth:`clear`."""
        return self.state.record

    @property
    def uploads(self) -> Mapping[str, int]:
        """SHA-256 -> how often its bytes arrived completely."""
        return self.state.record.uploads

    @property
    def private_uploads(self) -> Mapping[str, int]:
        """SHA-256 of a file, or id of a URL -> how often it was submitted privately."""
        return self.state.private.uploads

    @property
    def leaks(self) -> list[Leak]:
        """Requests to the other host that carried the API key."""
        return self.state.record.leaks

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self.state.faults

    @property
    def switches(self) -> Switches:
        """The switches; set an attribute to change one."""
        return self.state.switches

    @property
    def clock(self) -> Clock:
        """The emulator's time."""
        return self.state.clock

    @property
    def keys(self) -> dict[str, Key]:
        """The valid keys."""
        return self.state.keys

    def fault(self, pattern: str, kind: str = "status", **values: Any) -> Fault:
        """Add a fault; see :mod:`virustotal.emulator.faults`."""
        return self.state.faults.add(pattern, kind, **values)

    def clear(self) -> None:
        """Forget what happened (requests, uploads, analyses, leaks, quotas, added objects) and start as constructed."""
        store = self.store
        if not isinstance(self._world, Store) and store.version != self._version:
            store = load_store(self._world)
            self._version = store.version
        state = self._fresh(store)
        state.url, state.other_url = self.url, self.other_url
        self.state = state

    def __enter__(self) -> "Emulator":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Serve from a background thread; return when the ports are open."""
        self._ready.clear()
        self._thread = threading.Thread(target=self._run, name="virustotal-emulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Close the ports and wait for the thread."""
        if self._loop is not None and self._stop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None

    def _run(self) -> None:
        try:
            asyncio.run(self.serve())
        except BaseException as error:  # the thread that started this one raises it
            self._failure = error
        finally:
            self._ready.set()

    async def serve(self) -> None:
        """Serve in the running event loop until :meth:`stop`, or until cancelled."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            self.state.other_url = await self._listen(stack, handle_other, 0)
            self.state.url = await self._listen(stack, self._dispatch, self._port)
            self._ready.set()
            await self._stop.wait()

    async def _dispatch(self, state: State, http: web.Request) -> web.StreamResponse:
        if http.path.startswith("/emulator/"):
            return await handle_control(self, http)
        return await handle_api(state, http)

    async def _listen(self, stack: contextlib.AsyncExitStack, handler: Any, port: int) -> str:
        async def handle(http: web.Request) -> web.StreamResponse:
            answer: web.StreamResponse = await handler(self.state, http)
            return answer

        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        assert runner.server is not None  # noqa: S101 - for the type checker
        server = await asyncio.get_running_loop().create_server(runner.server, self._host, port)
        stack.push_async_callback(_end, server)
        bound = server.sockets[0].getsockname()[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{bound}"


async def _end(server: asyncio.Server) -> None:
    """Close the port. Python leaves a connection open that was accepted, but begins after its server has closed."""
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)
    server.close()


def serve(
    folder: str | Path | None = None,
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    keys: Mapping[str, str | Key] | None = None,
    switches: Mapping[str, Any] | None = None,
    faults: Iterable[Fault] = (),
    announce: bool = True,
) -> None:
    """Serve a folder of reports, or the invented world, until interrupted. Raises MISTAKES."""
    emulator = Emulator(folder, keys=keys, switches=switches, faults=faults, host=host, port=port)
    emulator.start()
    if announce:
        print(json.dumps({"url": emulator.url, "other_url": emulator.other_url}), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        emulator.stop()
