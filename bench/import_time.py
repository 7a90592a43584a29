"""What importing the service and its plugins adds to importing the framework alone, as `python -X importtime` tells it.

The framework is what its own `run_service` imports. Each run is a fresh interpreter; the fastest of several counts.
"""

import os
import subprocess
import sys

from virustotal.plugins import BUILTIN

FRAMEWORK = ["assemblyline_v4_service.run_service", "assemblyline_v4_service.common.base"]
SERVICE = [*FRAMEWORK, "virustotal.service", *BUILTIN]
RUNS = 5


def microseconds(modules: list[str]) -> int:
    """Return the sum of the own times of all imported modules."""
    program = f"import {', '.join(modules)}"
    environment = {**os.environ, "SERVICE_PATH": "virustotal.service.VirusTotal"}
    command = [sys.executable, "-X", "importtime", "-c", "from virustotal.manifest import use_manifest; use_manifest()"]
    command[-1] += f"; {program}"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    times = [line.removeprefix("import time:").split("|")[0] for line in done.stderr.splitlines() if "|" in line]
    return sum(int(each) for each in times if each.strip().isdigit())


def main() -> None:
    """Print both times and what the service adds."""
    microseconds(SERVICE)  # writes the byte code
    framework = min(microseconds(FRAMEWORK) for _ in range(RUNS))
    service = min(microseconds(SERVICE) for _ in range(RUNS))
    share = 100 * (service - framework) / framework
    print(f"framework {framework / 1000:.0f} ms, with the service {service / 1000:.0f} ms: {share:.1f} % more")


if __name__ == "__main__":
    main()
