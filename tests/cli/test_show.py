"""A result as a tree: depth, scores, tags and files."""

import io
from typing import Any

import pytest
from rich.console import Console

from virustotal.cli.result_tree import outcome_tree, verdict
from virustotal.local.run_task import TaskOutcome


def shown(outcome: TaskOutcome) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(outcome_tree("eicar.com", outcome))
    return console.file.getvalue()  # type: ignore[attr-defined]


def section(title: str, depth: int = 0, **given: Any) -> dict[str, Any]:
    return {"title_text": title, "depth": depth, "body_format": "TEXT", "body": None, "tags": {}, **given}


def result(*sections: dict[str, Any], score: int = 0, partial: bool = False, **response: Any) -> TaskOutcome:
    stored = {"result": {"sections": list(sections), "score": score}, "response": response}
    return TaskOutcome(handed={"partial": partial}, stored=stored)


@pytest.mark.parametrize(
    ("score", "word"),
    [(0, "informative"), (299, "informative"), (300, "suspicious"), (700, "highly suspicious"), (1000, "malicious")],
)
def test_scores_have_assemblylines_words(score: int, word: str) -> None:
    assert verdict(score)[0] == word


def test_the_tree_has_everything() -> None:
    heuristic = {
        "heur_id": 1,
        "name": "Detected by engines",
        "score": 500,
        "attack": [{"attack_id": "T1059", "pattern": "Command Interpreter"}],
    }
    output = shown(
        result(
            section("Detections", heuristic=heuristic, body="3 of 70"),
            section("Engines", depth=1, tags={"av": {"virus_name": ["EICAR"]}}),
            section("Coverage"),
            score=500,
            partial=True,
            extracted=[{"name": "a.pcap", "description": "a capture", "sha256": "ab" * 32}],
            supplementary=[{"name": "a.png", "description": "", "sha256": "cd" * 32, "is_section_image": True}],
        )
    )
    expected = """\
eicar.com  score 500 (suspicious)  partial
├── Detections  +500 Detected by engines
│   ATT&CK: T1059 Command Interpreter
│   3 of 70
│   └── Engines
│       av.virus_name: EICAR
├── Coverage
└── extracted files (1)
"""
    assert output.startswith(expected)
    assert "a.pcap  a capture  abab" in output
    assert "a.png" not in output


def test_titles_are_inert() -> None:
    output = shown(result(section("[red]x[/red]\x1b[2J")))
    assert "[red]x[/red]" in output
    assert "\x1b" not in output
