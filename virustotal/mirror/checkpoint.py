"""How far each package was loaded into one cluster: a small file for each, so that a load that ended goes on."""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from virustotal.core.settings import MirrorConfig
from virustotal.mirror.documents import indices
from virustotal.util.readers import EMPTY, as_mapping, as_text, integer
from virustotal.util.state_folder import state_folder


@frozen
class Reached:
    """How many lines are in the mirror or were refused, and whether that is all.

    refused: for each reason how many, and where the first stands.
    """

    lines: int = 0
    done: bool = False
    refused: Mapping[str, tuple[int, str]] = EMPTY


@frozen
class Checkpoint:
    """The checkpoint of one package as it is now: another content, size or cluster has another one."""

    path: Path

    def read(self) -> Reached:
        """Return how far it was loaded; nothing where that is not known."""
        try:
            found = as_mapping(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return Reached()
        refused = {
            reason: (lines, as_text(as_mapping(entry).get("first")))
            for reason, entry in as_mapping(found.get("refused")).items()
            if (lines := _count(as_mapping(entry)))
        }
        return Reached(_count(found), found.get("done") is True, refused)

    def write(self, reached: Reached) -> None:
        """Keep how far it was loaded. OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}.new")
        refused = {reason: {"lines": lines, "first": first} for reason, (lines, first) in reached.refused.items()}
        kept = {"lines": reached.lines, "done": reached.done, "refused": refused}
        try:
            fresh.write_text(json.dumps(kept), encoding="utf-8")
            fresh.replace(self.path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()

    def forget(self) -> None:
        """Begin again. OSError."""
        self.path.unlink(missing_ok=True)


def checkpoint_of(package: Path, config: MirrorConfig, folder: Path) -> Checkpoint:
    """Return the checkpoint of a package in a folder. OSError where the package is not there."""
    facts = package.stat()
    names = list(indices(config).values())
    given = [str(package.resolve()), facts.st_size, facts.st_mtime_ns, sorted(config.hosts), names]
    return Checkpoint(folder / f"{hashlib.sha256(json.dumps(given).encode()).hexdigest()}.json")


def _count(found: Mapping[str, Any]) -> int:
    return max(0, integer(found.get("lines")) or 0)


def default_folder() -> Path:
    """Return where checkpoints are kept without an option."""
    return state_folder() / "mirror"
