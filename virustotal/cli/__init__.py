"""The terminal shell: `virustotal-service`. It needs the extra `cli` (click, Jinja2, rich)."""

import importlib.util
import sys


def main() -> None:
    """Run the command line, or say in one line what to install for it."""
    missing = [name for name in ("click", "jinja2", "rich") if importlib.util.find_spec(name) is None]
    if missing:
        print(
            f"virustotal-service needs {' and '.join(missing)}: pip install 'assemblyline-service-virustotal[cli]'",
            file=sys.stderr,
        )
        raise SystemExit(2)
    from virustotal.cli.app import app

    app(prog_name="virustotal-service")
