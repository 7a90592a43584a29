"""How far packages were loaded into one cluster: small files, so that a load that ended goes on."""

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
    """How far a package was loaded.

    Args:
        lines: Lines that are in the mirror or were refused.
        done: Whether that is all.
        refused: For each reason the number of lines, and where the first stands.
    """

    lines: int = 0
    done: bool = False
    refused: Mapping[str, tuple[int, str]] = EMPTY


@frozen
class Checkpoint:
    """A file that says how far a package was loaded.

    Args:
        path: The file.
        package: The name of a package of a feed; all packages of a feed share one file, which is about the last one.
    """

    path: Path
    package: str = ""

    def read(self) -> Reached:
        """Return how far the package was loaded; nothing where that is not known."""
        package, reached = self.last()
        return reached if package == self.package else Reached()

    def last(self) -> tuple[str, Reached]:
        """Return the name of the package that was loaded last, and how far."""
        try:
            content = as_mapping(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return "", Reached()
        refused = {
            reason: (lines, as_text(as_mapping(entry).get("first")))
            for reason, entry in as_mapping(content.get("refused")).items()
            if (lines := _count(as_mapping(entry)))
        }
        return as_text(content.get("package")), Reached(_count(content), content.get("done") is True, refused)

    def write(self, reached: Reached) -> None:
        """Keep how far the package was loaded.

        Raises:
            OSError: The file cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(f".{os.getpid()}.new")
        refused = {reason: {"lines": lines, "first": first} for reason, (lines, first) in reached.refused.items()}
        content = {"package": self.package, "lines": reached.lines, "done": reached.done, "refused": refused}
        try:
            new.write_text(json.dumps(content), encoding="utf-8")
            new.replace(self.path)
        finally:
            new.unlink(missing_ok=True)

    def forget(self) -> None:
        """Begin again.

        Raises:
            OSError: The file cannot be deleted.
        """
        self.path.unlink(missing_ok=True)


def checkpoint_of(package: Path, config: MirrorConfig, folder: Path) -> Checkpoint:
    """Return the checkpoint of a file. Another content, size or cluster has another one.

    Raises:
        OSError: There is no such file.
    """
    status = package.stat()
    return Checkpoint(_path(config, folder, str(package.resolve()), status.st_size, status.st_mtime_ns))


def checkpoint_of_feed(feed: str, config: MirrorConfig, folder: Path) -> Checkpoint:
    """Return the checkpoint of the packages of a feed."""
    return Checkpoint(_path(config, folder, feed))


def _path(config: MirrorConfig, folder: Path, *identity: str | int) -> Path:
    cluster = [sorted(config.hosts), list(indices(config).values())]
    return folder / f"{hashlib.sha256(json.dumps([*identity, *cluster]).encode()).hexdigest()}.json"


def _count(entry: Mapping[str, Any]) -> int:
    return max(0, integer(entry.get("lines")) or 0)


def default_folder() -> Path:
    """Return where checkpoints are kept without an option."""
    return state_folder() / "mirror"
