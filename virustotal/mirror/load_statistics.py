"""What became of the lines of all packages of a load, and what of those of one package must outlive it."""

from collections import Counter
from typing import Any

from attrs import define, field

from virustotal.mirror.checkpoint import Checkpoint, Reached

#: Reasons that are told apart, and what all further ones are counted as: a package may give each line another.
MOST_REASONS, OTHERS = 50, "other reasons"


@define(eq=False)
class LoadStatistics:
    """What became of the lines.

    Args:
        read: Lines that were read.
        stored: Lines whose objects are in the mirror.
        older: Lines of which the mirror has a newer state.
        again: Lines that an earlier run loaded.
        refused: Reasons with their numbers of lines.
        examples: Where the first line of each reason stands.
        package: Both of the package that is being loaded, as its checkpoint keeps them.
    """

    read: int = 0
    stored: int = 0
    older: int = 0
    again: int = 0
    refused: Counter[str] = field(factory=Counter)
    examples: dict[str, str] = field(factory=dict)
    package: dict[str, tuple[int, str]] = field(factory=dict)
    _checkpoint: Checkpoint | None = field(default=None, init=False)

    def begin(self, checkpoint: Checkpoint) -> Reached:
        """Begin with a package, or go on with it, and return how far it was loaded.

        What an earlier run refused of it is counted as well.
        """
        reached = checkpoint.read()
        if checkpoint != self._checkpoint or reached.done:
            self._checkpoint = checkpoint
            self.package.clear()
            self.again += max(0, reached.lines - sum(lines for lines, _ in reached.refused.values()))
            for reason, (lines, first) in reached.refused.items():
                self.refuse(reason, first, lines)
        return reached

    def as_json(self) -> dict[str, Any]:
        """Return the counts, and each reason with its lines and where the first stands."""
        refused = [
            {"reason": reason, "lines": count, "first": self.examples[reason]}
            for reason, count in self.refused.most_common()
        ]
        counts = {"read": self.read, "stored": self.stored, "older": self.older, "loaded_before": self.again}
        return {**counts, "refused": refused}

    def refuse(self, reason: str, where: str, lines: int = 1) -> None:
        """Count lines that were refused, of which the first stands there."""
        if reason not in self.refused and len(self.refused) >= MOST_REASONS:
            reason = OTHERS
        self.refused[reason] += lines
        self.examples.setdefault(reason, where)
        count, first = self.package.get(reason, (0, where))
        self.package[reason] = count + lines, first
