"""A real server that speaks the API of OpenSearch, in memory, and objects for it."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror.feed_loader import Loader
from virustotal.mirror.search_client import SearchClient

SHA = "a1" * 32
LINK = "b2" * 32


@contextmanager
def opensearch() -> Iterator[str]:
    """Run osmem-server, and give its address; skip where it is not installed."""
    spec = find_spec("osmem_server")
    if spec is None or spec.origin is None:
        pytest.skip("osmem-server is not installed")
    binary = Path(spec.origin).parent / "bin" / "osmem-server"
    command = [str(binary), "-addr", "127.0.0.1:0", "-no-stdin-watch", "-no-ja", "-parent-pid", str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            assert server.stdout is not None
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.kill()


def an_object(kind: str, id: str, changed: int = 1_700_000_000, **more: Any) -> dict[str, Any]:
    """Return an object as a line of a feed has it; `more` beside its attributes, such as `relationships`."""
    attributes = {"last_modification_date": changed, **more.pop("attributes", {})}
    return {"type": kind, "id": id, "attributes": attributes, "context_attributes": {"submitter": {"id": "x"}}, **more}


def descriptors(kind: str, *ids: str, cursor: str = "") -> dict[str, Any]:
    """Return an inline block."""
    meta = {"meta": {"cursor": cursor}} if cursor else {}
    return {"data": [{"type": kind, "id": id} for id in ids], **meta}


def fill(config: MirrorConfig, objects: list[Mapping[str, Any]], folder: Path) -> Loader:
    """Load objects as a package would be."""
    from virustotal.mirror.checkpoint import Checkpoint

    package = folder / f"package-{time.monotonic_ns()}.jsonl"
    package.write_text("".join(json.dumps(object) + "\n" for object in objects), encoding="utf-8")
    loader = Loader(SearchClient(config, Credentials()), config)
    loader.prepare()
    loader.load(package, Checkpoint(package.with_suffix(".done")))
    loader.cluster.close()
    return loader
