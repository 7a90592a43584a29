"""What importing the service adds to importing the framework alone, as `python -X importtime` tells it.

The framework is what its own `run_service` imports. Plugins are imported later, when the service is constructed; their
time stands beside it. Each run is a fresh interpreter and gives one share: the time of the modules that the framework
alone does not import, by that of those which it does, so that a busy machine slows both down. The median counts.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping

from virustotal.plugins import BUILTIN

FRAMEWORK = ["assemblyline_v4_service.run_service", "assemblyline_v4_service.common.base"]
SERVICE = [*FRAMEWORK, "virustotal.service"]
RUNS = 7


def own_times(modules: list[str]) -> dict[str, int]:
    """Return the own time of each imported module, in microseconds."""
    program = f"from virustotal.platform.manifest import use_manifest; use_manifest(); import {', '.join(modules)}"
    # With byte code, as installed packages have it.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**inherited, "SERVICE_PATH": "virustotal.service.VirusTotal"}
    command = [sys.executable, "-X", "importtime", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    rows = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines() if line.count("|") == 2]
    return {name.strip(): int(own) for own, _, name in rows if own.strip().isdigit()}


def share(times: Mapping[str, int], framework: frozenset[str]) -> float:
    """Return the time of all that is not the framework's by the time of the framework, in per cent."""
    known = sum(own for name, own in times.items() if name in framework)
    return 100 * (sum(times.values()) - known) / known


def main() -> None:
    """Print the time of the framework, and what service and plugins add."""
    own_times([*SERVICE, *BUILTIN])  # writes the byte code
    alone = own_times(FRAMEWORK)
    framework = frozenset(alone)
    runs = [(own_times(SERVICE), own_times([*SERVICE, *BUILTIN])) for _ in range(RUNS)]
    service = statistics.median(share(each, framework) for each, _ in runs)
    plugins = statistics.median(share(each, framework) for _, each in runs)
    print(f"the service adds {service:.1f} % to the {sum(alone.values()) / 1000:.0f} ms of the framework's import")
    print(f"its {len(BUILTIN)} plugin modules, imported when it is constructed, make that {plugins:.1f} %")


if __name__ == "__main__":
    main()
