"""What tables leave out, as closed text: a heading for each entry, its details below it."""

from collections.abc import Iterable, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ResultTextSection

from virustotal.core import tables

#: Entries that are written out, and characters of one text.
MOST_ENTRIES, LONGEST_TEXT = 100, 200_000


def details_section(title: str, entries: Iterable[tuple[str, Sequence[str]]]) -> Any | None:
    """Return the closed text of entries with details, or None where none has any.

    Args:
        title: The title; the number of entries is added.
        entries: Heading and details of each entry.
    """
    detailed = [(heading, lines) for heading, lines in entries if lines]
    blocks: list[str] = []
    room = LONGEST_TEXT
    for heading, lines in detailed[:MOST_ENTRIES]:
        block = "\n".join((heading, *(f"    {line}" for line in lines)))
        room -= len(block) + 1
        if room < 0:
            break
        blocks.append(block)
    if not detailed:
        return None
    return ResultTextSection(
        tables.counted(title, len(blocks), len(detailed)), body="\n".join(blocks), auto_collapse=True
    )
