"""`make demo`: the service over the embedded emulator, with no key and no network.

Without REPORTS it scans the EICAR test file through the command line; with REPORTS=FOLDER it runs every recorded file,
URL, domain and IP address of that folder through the service, and shows the one with the highest score.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from virustotal.cli.progress import progress
from virustotal.cli.result_tree import verdict
from virustotal.cli.summary import summary
from virustotal.cli.terminal import terminal
from virustotal.emulator.server import Emulator
from virustotal.emulator.world.shared import EICAR
from virustotal.local.run_task import Target, TaskOutcome, run_task, started_service
from virustotal.local.targets import bare_target, digest_target, uri_target
from virustotal.util.readers import as_text

KEY = "premium-key"
PARAMETERS = {"analyze_relationship": "true"}


def main() -> int:
    """Run the demo and return the exit code."""
    reports = os.environ.get("REPORTS")
    if reports and not Path(reports).is_dir():
        print(f"error: REPORTS={reports} is not a folder", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as state, Emulator(Path(reports) if reports else None) as emulator:
        os.environ["XDG_STATE_HOME"] = state  # the store of the demo is its own, not the user's
        return recorded(emulator) if reports else sample(emulator.url)


def sample(host: str) -> int:
    """Scan a sample with the command line, as a user would."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "eicar.com")
        path.write_bytes(EICAR)
        options = [f"--param={name}={value}" for name, value in PARAMETERS.items()]
        command = ["virustotal-service", "scan", str(path), f"--host={host}", *options]
        print(f"$ VIRUSTOTAL_API_KEY={KEY} {' '.join(command)}", flush=True)
        program = Path(sys.executable).with_name(command[0])
        environment = {**os.environ, "VIRUSTOTAL_API_KEY": KEY}
        return subprocess.run([program, *command[1:]], env=environment, check=False).returncode


def recorded(emulator: Emulator) -> int:
    """Run all recorded subjects through the service; 1 if one of them has no result."""
    console = terminal()
    table = Table("subject", "score", "sections", "tags", "ms", box=None)
    outcomes: list[tuple[str, TaskOutcome]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        progress(Console(stderr=True), verbose=False),
        started_service({"host": emulator.url, "api_key": KEY}) as service,
    ):
        for name, target in subjects(emulator, Path(folder)):
            before = time.perf_counter()
            outcome = run_task(service, target, PARAMETERS)
            table.add_row(*row(name, outcome, time.perf_counter() - before))
            outcomes.append((name, outcome))
    console.print(table)
    best, outcome = max(outcomes, key=lambda entry: entry[1].score)
    console.print(summary(best, outcome))
    failed = [name for name, outcome in outcomes if outcome.error]
    print(f"{len(outcomes)} recorded subjects, {len(failed)} without a result")
    return 1 if failed else 0


def subjects(emulator: Emulator, folder: Path) -> Iterator[tuple[str, Target]]:
    """Yield name and target of each file, URL, domain and IP address of the recorded answers."""
    for kind in ("file", "url", "domain", "ip_address"):
        for identifier in emulator.store.identities(kind):
            value: Mapping[str, Any] = emulator.store.get(kind, identifier) or {}
            if kind == "file":
                yield f"file {identifier}", digest_target(identifier)
            elif kind == "url":
                address = as_text((value.get("attributes") or {}).get("url"), 8000)
                if address:
                    yield f"url {address[:100]}", uri_target(address, folder)
            else:
                yield f"{kind} {identifier}", bare_target(identifier, folder)


def row(name: str, outcome: TaskOutcome, seconds: float) -> tuple[str, ...]:
    """Return the cells of one outcome."""
    if outcome.error:
        return name, "-", "-", outcome.message, f"{1000 * seconds:.0f}"
    word, _ = verdict(outcome.score)
    tags = sum(len(section.get("tags") or {}) for section in outcome.sections)
    return name, f"{outcome.score} {word}", str(len(outcome.sections)), str(tags), f"{1000 * seconds:.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
