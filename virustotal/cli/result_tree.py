"""A task's outcome as a readable tree: titles, scores, bodies, tags and files."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from virustotal.cli.section_text import STYLES, body
from virustotal.core.scoring.words import score_word
from virustotal.local.run_task import TaskOutcome
from virustotal.rendering.result_data import attached_files, section_tags, techniques
from virustotal.rendering.section_parts import Node, section_tree
from virustotal.util.readers import as_mapping, as_text


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
            branch.add(Text(f"{as_text(file.get('name'))}  {as_text(file.get('description'))}  {file.get('sha256')}"))
    return tree


def _add(tree: Tree, nodes: Iterable[Node]) -> None:
    for node in nodes:
        _add(tree.add(Group(*_section(node.section))), node.children)


def _section(section: Mapping[str, Any]) -> Iterator[RenderableType]:
    heuristic = as_mapping(section.get("heuristic"))
    title = Text(as_text(section.get("title_text")), style="bold")
    if heuristic:
        score = int(heuristic.get("score", 0))
        title.append(f"  +{score} {as_text(heuristic.get('name'))}", style=verdict(score)[1])
    yield title
    if attack := ", ".join(techniques(section)):
        yield Text(f"ATT&CK: {attack}", style="magenta")
    if (drawing := body(section)) is not None:
        yield drawing
    for kind, values in section_tags(section):
        yield Text(f"{kind}: {', '.join(values)}", style="green")
