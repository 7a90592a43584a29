"""A task's outcome as a readable tree: titles, scores, bodies, tags and files."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from virustotal.cli.section_text import STYLES, draw
from virustotal.core.scoring.words import score_word
from virustotal.local.run_task import TaskOutcome
from virustotal.rendering.result_data import Section, attached_files, section_tree
from virustotal.util.readers import as_text


def verdict(score: int) -> tuple[str, str]:
    """Return Assemblyline's word for a score, and its style."""
    word = score_word(score)
    return word or "informative", STYLES.get(word, "cyan")


def headline(name: str, outcome: TaskOutcome) -> Text:
    """Return the target's name with the score of its result."""
    word, style = verdict(outcome.score)
    line = Text(as_text(name), style="bold")
    line.append(f"  score {outcome.score} ({word})", style=style)
    if outcome.partial:
        line.append("  partial", style="yellow")
    return line


def outcome_tree(name: str, outcome: TaskOutcome) -> Tree:
    """Return the whole result as a tree."""
    tree = Tree(headline(name, outcome), guide_style="dim")
    _add(tree, section_tree(outcome.sections))
    for kind, files in attached_files(outcome):
        branch = tree.add(Text(f"{kind} files ({len(files)})", style="bold"))
        for file in files:
            branch.add(Text("  ".join(file.values())))
    return tree


def _add(tree: Tree, sections: Iterable[Section]) -> None:
    for section in sections:
        _add(tree.add(Group(*_drawn(section))), section.children)


def _drawn(section: Section) -> Iterator[RenderableType]:
    title = Text(section.title, style="bold")
    if section.score is not None:
        title.append(f"  +{section.score} {section.heuristic}", style=verdict(section.score)[1])
    yield title
    if section.attack:
        yield Text(f"ATT&CK: {', '.join(section.attack)}", style="magenta")
    yield from map(draw, section.parts)
    for kind, values in section.tags:
        yield Text(f"{kind}: {', '.join(values)}", style="green")
