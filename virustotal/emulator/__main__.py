"""``python -m virustotal.emulator``: serve, or write the invented world as a folder."""

import argparse
import json
from pathlib import Path

from virustotal.emulator.server import MISTAKES, serve
from virustotal.emulator.world import write_world


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, value


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m virustotal.emulator", description=__doc__)
    parser.add_argument("folder", nargs="?", help="folder of report files; without it the invented world")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free port")
    parser.add_argument(
        "--key", type=_pair, action="append", default=[], metavar="KEY=TIER", help="public, premium or gti"
    )
    parser.add_argument("--switch", type=_pair, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--write-world", type=Path, metavar="FOLDER", help="write the invented world there, and end")
    options = parser.parse_args(arguments)
    keys, switches = dict(options.key) or None, dict(options.switch)
    try:
        if options.write_world:
            print(json.dumps({"files": write_world(options.write_world)}))
        else:
            serve(options.folder, options.host, options.port, keys=keys, switches=switches)
    except MISTAKES as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
