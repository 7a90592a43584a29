"""A task's outcome on one screen: verdict, detections, flagged objects, what scored, and what is missing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from virustotal.cli.result_tree import headline, verdict
from virustotal.cli.section_text import STYLES, draw
from virustotal.core.scoring.words import BAD
from virustotal.local.run_task import TaskOutcome
from virustotal.plugins import detections
from virustotal.rendering import section_parts as parts
from virustotal.rendering.result_data import attached_files, contacts, find_section, table_rows
from virustotal.result import coverage, final_sections, flagged
from virustotal.util.readers import as_text, quantity

#: Rows of each list, and entries of what is missing; what is left out is said.
MOST_ROWS, MOST_MISSING = 8, 5
#: Characters of what is missing, of each part of it.
LONGEST_LINE = 180


def summary(name: str, outcome: TaskOutcome) -> Group:
    """Return the outcome on one screen."""
    sections = outcome.sections
    return Group(headline(name, outcome), *_subjects(sections), *_lists(sections), *_footer(outcome))


def _subjects(sections: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Yield the title of each subject; the facts of the first one, and of those that were not found."""
    heads = [section for section in sections if not section.get("depth") and section.get("body_format") == "MULTI"]
    for number, section in enumerate(heads):
        yield Text(as_text(section.get("title_text")), style="bold")
        for part in parts.body_parts(section):
            if not number or isinstance(part, parts.Text):
                yield Padding(draw(part), (0, 0, 0, 2))


def _lists(sections: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    if engines := list(_engines(sections)):
        yield _one_line(Text.assemble(("Detected by ", "bold"), ", ".join(engines)))
    if section := find_section(sections, flagged.TITLE):
        yield Text(as_text(section["title_text"]), style="bold")
        yield from _flagged(section)
    for section in sections:
        if hosts := contacts(section):
            yield _one_line(Text.assemble((f"{as_text(section['title_text'])}: ", "bold red"), ", ".join(hosts)))
    if section := find_section(sections, final_sections.EXPLANATION):
        yield from _scores(section)
    if missing := list(_missing(sections)):
        yield Text("Missing", style="bold")
        for line in missing[:MOST_MISSING]:
            yield Padding(Text(as_text(line, LONGEST_LINE), style="yellow"), (0, 0, 0, 2))
        yield from _more(len(missing), MOST_MISSING)


def _engines(sections: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the engines that detect a subject, each with its result."""
    for section in sections:
        if not as_text(section.get("title_text")).startswith(detections.ALL):
            continue
        for row in table_rows(section):
            if row.get("category") in BAD:
                engine = row.get("engine", "")
                yield f"{engine} ({row['result']})" if row.get("result") else engine


def _flagged(section: Mapping[str, Any]) -> Iterator[RenderableType]:
    rows = list(table_rows(section))
    grid = Table.grid(Column(no_wrap=True), Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    for row in rows[:MOST_ROWS]:
        level = row.get("Level", "")
        about = ", ".join(filter(None, (row.get("Relationship"), row.get("Threat"))))
        named = Text.assemble(row.get("Object", ""), (f"  {about}", "dim"))
        grid.add_row(Text(level), Text(row.get("Detections", "")), named, style=STYLES.get(level))
    yield Padding(grid, (0, 0, 0, 2))
    yield from _more(len(rows))


def _scores(section: Mapping[str, Any]) -> Iterator[RenderableType]:
    rows = [row for row in table_rows(section) if row.get("counted") not in {"0", "", None}]
    if not rows:
        return
    yield Text(as_text(section["title_text"]), style="bold")
    grid = Table.grid(Column(justify="right"), padding=(0, 2))
    for row in rows[:MOST_ROWS]:
        subject = f"{row['subject']}: " if row.get("subject") else ""
        family, reason = row.get("family", ""), row.get("reason", "")
        points, text = f"+{row['counted']}", f"{subject}{family}: {reason.removeprefix(f'{family}: ')}"
        style = verdict(int(row["counted"]) if row["counted"].isdecimal() else 0)[1]
        grid.add_row(Text(points, style=style), _one_line(Text(text)))
    yield Padding(grid, (0, 0, 0, 2))
    yield from _more(len(rows))


def _missing(sections: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if section := find_section(sections, coverage.TITLE):
        for row in table_rows(section):
            if not _is_complete(row.get("result", "")):
                yield ": ".join(filter(None, (row.get("relationship"), row.get("result"), row.get("detail"))))
    for title, columns in (
        (coverage.DOWNLOADS, ("artefact", "result", "detail")),
        (final_sections.FAILED, ("analyser", "error")),
    ):
        for row in table_rows(find_section(sections, title)):
            if row.get("result") != "attached":
                yield ": ".join(filter(None, (row.get(name) for name in columns)))
    for section in sections:
        if str(section.get("title_text")).startswith((final_sections.NOTES, final_sections.UNLOADED)):
            yield from (part.text for part in parts.body_parts(section) if isinstance(part, parts.Text))


def _is_complete(result: str) -> bool:
    """Whether a relationship's result says that all of it is shown: `none`, or `shown 3 of 3`."""
    words = result.split()
    return result == "none" or (len(words) == 4 and words[0] == "shown" and words[1] == words[3])


def _footer(outcome: TaskOutcome) -> Iterator[RenderableType]:
    for kind, files in attached_files(outcome):
        if names := [file["name"] for file in files if not file["name"].endswith(".ontology")]:
            yield _one_line(Text(f"{kind.capitalize()} files ({len(names)}): {', '.join(names[:MOST_ROWS])}"))
    yield Text(f"{quantity(len(outcome.sections), 'section')}: --full shows, --html FILE writes all.", style="dim")


def _more(count: int, most: int = MOST_ROWS) -> Iterator[Text]:
    if count > most:
        yield Text(f"  … and {count - most} more", style="dim")


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
