"""Values that are too long for a cell: those that neither a tag nor the ontology holds whole, in one text file."""

from collections.abc import Collection, Iterator
from typing import Any

from attrs import define, field

from virustotal.core import Attachment
from virustotal.core.readers import as_text
from virustotal.plugins.sandbox.cell_text import LONGEST_CELL

#: Characters of the file, and values in it.
LONGEST_FILE, MOST_VALUES = 8_000_000, 2_000
FILE_NAME = "virustotal_long_values.txt"


@define
class LongValues:
    """Collects the texts that a table cuts. `cut` shortens one for its cell; `attachment` is the file of the rest."""

    _texts: dict[str, str] = field(factory=dict)

    def cut(self, label: str, value: Any, cell: str | None = None) -> str:
        """Return a text as a cell of at most LONGEST_CELL characters; what it cuts is kept.

        Args:
            label: What the value is, such as `Command line`: its heading in the file.
            value: The value as VirusTotal sent it.
            cell: How it is shown, where that isn't its own text.
        """
        shown = as_text(value, LONGEST_CELL + 1) if cell is None else cell
        if len(shown) <= LONGEST_CELL:
            return shown
        if isinstance(value, str) and len(self._texts) < MOST_VALUES:
            self._texts.setdefault(value, label)
        return shown[: LONGEST_CELL - 1].rstrip() + "…"

    def attachment(self, whole: Collection[str]) -> Iterator[Attachment]:
        """Yield the file of the values that are not among the texts of tags and ontology; nothing without any."""
        room = LONGEST_FILE
        parts = []
        for value, label in self._texts.items():
            if value in whole or value.strip() in whole:
                continue
            parts.append(f"=== {label} ({len(value)} characters)\n{value[:room]}\n")
            room -= min(room, len(value))
        if parts:
            data = "\n".join(parts).encode("utf-8", "replace")
            yield Attachment(FILE_NAME, "Values of the sandbox reports that are cut in the result, whole", data=data)
