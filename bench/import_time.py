"""What importing the service adds to importing the framework alone, as `python -X importtime` tells it.

The framework is what its own `run_service` imports. Plugins are imported later, when the service is constructed; their
time stands beside it. Each run is a fresh interpreter; the fastest of several counts.
"""

import os
import subprocess
import sys

from virustotal.plugins import BUILTIN

FRAMEWORK = ["assemblyline_v4_service.run_service", "assemblyline_v4_service.common.base"]
SERVICE = [*FRAMEWORK, "virustotal.service"]
RUNS = 7


def seconds(modules: list[str]) -> float:
    """Return the sum of the own times of all imported modules."""
    program = f"from virustotal.manifest import use_manifest; use_manifest(); import {', '.join(modules)}"
    environment = {**os.environ, "SERVICE_PATH": "virustotal.service.VirusTotal"}
    command = [sys.executable, "-X", "importtime", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    times = [line.removeprefix("import time:").split("|")[0] for line in done.stderr.splitlines() if "|" in line]
    return sum(int(each) for each in times if each.strip().isdigit()) / 1e6


def main() -> None:
    """Print the three times, and what the service adds."""
    programs = (FRAMEWORK, SERVICE, [*SERVICE, *BUILTIN])
    # In turn, so that a busy machine slows all of them down alike.
    runs = [[seconds(program) for program in programs] for _ in range(RUNS)]
    framework, service, plugins = map(min, zip(*runs, strict=True))
    print(f"framework           {1000 * framework:6.0f} ms")
    print(f"with the service    {1000 * service:6.0f} ms: {100 * (service / framework - 1):.1f} % more")
    print(f"with {len(BUILTIN):3} plugins     {1000 * plugins:6.0f} ms: {100 * (plugins / framework - 1):.1f} % more")


if __name__ == "__main__":
    main()
