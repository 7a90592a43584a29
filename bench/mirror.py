"""Loading a feed package into a real server in memory (osmem-server): lines a second and peak memory by their number.

Beside them stand the lines a second of the loader's own work, without the waiting for the server, and of decompressing
and parsing the same package alone, both by the processor's time. The peak is of the loading
process, beside what it had before. Exits with 1 where it grows with the lines: a package is read as a stream.
Usage: python -m bench.mirror [LINES...]
"""

import bz2
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.mirror.clusters import opensearch
from virustotal.api import endpoints
from virustotal.core.models import Ref
from virustotal.core.settings import Credentials, MirrorConfig, Settings
from virustotal.mirror.checkpoint import Checkpoint
from virustotal.mirror.feed_loader import Loader
from virustotal.mirror.search_client import SearchClient
from virustotal.sources import build

ENGINES = 75
LOOK_UPS = 200
#: Megabytes by which peaks differ of themselves; a tenth of this is usual.
NOISE = 3.0


def lines(count: int) -> Iterator[bytes]:
    """Files as feeds have them: some 15 KB each, no two alike."""
    rng = random.Random(7)
    for number in range(count):
        results = {
            f"Engine{engine}": {
                "category": "malicious" if rng.random() < 0.3 else "undetected",
                "engine_name": f"Engine{engine}",
                "engine_update": "20260101",
                "engine_version": f"{engine}.{rng.randrange(99)}",
                "method": "blacklist",
                "result": f"Trojan.Example.{rng.randrange(10**6)}",
            }
            for engine in range(ENGINES)
        }
        attributes = {
            "last_analysis_results": results,
            "last_modification_date": 1_700_000_000 + number,
            "names": [f"sample-{rng.randrange(10**9)}.exe" for _ in range(30)],
            "md5": f"{number:032x}",
        }
        yield json.dumps({"type": "file", "id": f"{number:064x}", "attributes": attributes}).encode() + b"\n"


def peak() -> float:
    """The most memory that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(package: Path, address: str) -> None:
    """Load one package, in a process of its own, and print what it took as JSON."""
    config = MirrorConfig(hosts=(address,), files=package.stem)
    loader = Loader(SearchClient(config, Credentials()), config)
    loader.prepare()
    began = time.process_time()
    with bz2.open(package) as file:
        for line in file:
            json.loads(line)
    parsing = time.process_time() - began
    before, began, began_working = peak(), time.monotonic(), time.process_time()
    loader.load(package, Checkpoint(package.with_suffix(".done")))
    seconds, working = time.monotonic() - began, time.process_time() - began_working
    source = build(Settings(mirror=MirrorConfig((address,), package.stem, only=True)), Credentials())
    began = time.monotonic()
    for number in range(LOOK_UPS):
        source.ask(endpoints.object_request(Ref("file", f"{number:064x}")), time.monotonic() + 10)
    look_up = (time.monotonic() - began) / LOOK_UPS * 1000
    print(json.dumps([loader.statistics.stored, seconds, working, parsing, before, peak(), look_up]))


def grown(count: int, address: str, folder: Path) -> float:
    """Load as many lines in a process of its own, print one row, and return the megabytes by which that grew."""
    package = folder / f"files-{count}.bz2"
    with bz2.open(package, "wb", 1) as file:
        file.writelines(lines(count))
    command = [sys.executable, "-m", "bench.mirror", "--one", str(package), address]
    stored, seconds, working, parsing, before, most, look_up = json.loads(subprocess.check_output(command))
    rates = f"{stored / seconds:>9.0f}  {stored / working:>8.0f}  {stored / parsing:>15.0f}"
    print(f"{stored:>8}  {rates}  {before:>9.1f}  {most:>9.1f}  {look_up:>14.2f}", flush=True)
    return float(most - before)


def verdict(growth: Mapping[int, float]) -> int:
    """Return 0 where the memory is as large for most lines as it is for least, else 1, and say so."""
    least, most = min(growth), max(growth)
    if growth[most] <= growth[least] + NOISE:
        return 0
    print(f"Memory grows with the lines: by {growth[least]:.1f} MB for {least}, by {growth[most]:.1f} MB for {most}.")
    return 1


def main() -> int:
    """Load packages of each size, each in a process of its own."""
    if sys.argv[1:2] == ["--one"]:
        one(Path(sys.argv[2]), sys.argv[3])
        return 0
    counts = [int(each) for each in sys.argv[1:]] or [1000, 10_000]
    print("   lines    lines/s  worked/s   parsed alone/s  MB before    MB peak  ms a look-up", flush=True)
    with opensearch() as address, tempfile.TemporaryDirectory() as folder:
        return verdict({count: grown(count, address, Path(folder)) for count in counts})


if __name__ == "__main__":
    sys.exit(main())
