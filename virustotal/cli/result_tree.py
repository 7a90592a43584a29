"""A task's outcome as a readable tree: titles, scores, bodies, tags and files."""

from collections.abc import Iterator, Mapping
from typing import Any

from assemblyline.common.dict_utils import flatten
from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from virustotal.cli.section_text import MOST_SHOWN, body
from virustotal.local.run_task import TaskOutcome
from virustotal.util.readers import as_list, as_mapping, as_mappings, as_text

#: Assemblyline's default verdicts by score, highest first, with the colour of each.
VERDICTS = ((1000, "malicious", "bold red"), (700, "highly suspicious", "red"), (300, "suspicious", "yellow"))


def verdict(score: int) -> tuple[str, str]:
    """Return Assemblyline's word for a score, and its style."""
    for least, word, style in VERDICTS:
        if score >= least:
            return word, style
    return "informative", "cyan"


def outcome_tree(name: str, outcome: TaskOutcome, most: int = MOST_SHOWN) -> Tree:
    """Return the result as a tree. most: rows of one body at most, 0 for all."""
    word, style = verdict(outcome.score)
    root = Text(as_text(name), style="bold")
    root.append(f"  score {outcome.score} ({word})", style=style)
    if outcome.partial:
        root.append("  partial", style="yellow")
    tree = Tree(root, guide_style="dim")
    branches = [tree]
    for section in outcome.sections:
        depth = min(int(section.get("depth", 0)), len(branches) - 1)
        del branches[depth + 1 :]
        branches.append(branches[depth].add(Group(*_section(section, most))))
    _files(tree, outcome)
    return tree


def _section(section: Mapping[str, Any], most: int) -> Iterator[RenderableType]:
    heuristic = as_mapping(section.get("heuristic"))
    title = Text(as_text(section.get("title_text")), style="bold")
    if heuristic:
        score = int(heuristic.get("score", 0))
        title.append(f"  +{score} {as_text(heuristic.get('name'))}", style=verdict(score)[1])
    yield title
    if attack := [_technique(each) for each in as_mappings(heuristic.get("attack"))]:
        yield Text(f"ATT&CK: {', '.join(attack)}", style="magenta")
    if (drawing := body(section, most)) is not None:
        yield drawing
    yield from _tags(section, most)


def _technique(attack: Mapping[str, Any]) -> str:
    return f"{as_text(attack.get('attack_id'))} {as_text(attack.get('pattern'))}"


def _tags(section: Mapping[str, Any], most: int) -> Iterator[Text]:
    for kind, values in sorted(flatten(section.get("tags") or {}).items()):
        found = [as_text(value) for value in as_list(values)]
        shown = ", ".join(found[:most] if most else found)
        more = f" and {len(found) - most} more" if most and len(found) > most else ""
        yield Text(f"{as_text(kind)}: {shown}{more}", style="green")


def _files(tree: Tree, outcome: TaskOutcome) -> None:
    response = as_mapping(outcome.stored.get("response"))
    for kind in ("extracted", "supplementary"):
        files = [each for each in as_mappings(response.get(kind)) if not each.get("is_section_image")]
        if files:
            branch = tree.add(Text(f"{kind} files ({len(files)})", style="bold"))
            for each in files:
                branch.add(
                    Text(f"{as_text(each.get('name'))}  {as_text(each.get('description'))}  {each.get('sha256')}")
                )
