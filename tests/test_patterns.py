"""Regular expressions of the package are linear, or what they are applied to is bounded."""

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import virustotal
from virustotal.core.scoring import safelist
from virustotal.core.scoring.safelist import read_safelist
from virustotal.plugins.sandbox.processes import image_of
from virustotal.plugins.subjects import url

_SKIPPED = ("virustotal.emulator", "virustotal.cli", "virustotal.pytest_plugin")
#: Repetitions from which on a bound is none.
MANY = 200
#: Patterns that the check cannot prove linear -> why they are.
LISTED: Mapping[str, str] = {
    "virustotal.plugins.sandbox.cell_text._ATTRIBUTE": "each repetition begins with `_`, which the others do not take",
}

#: Patterns that a function builds -> why they are linear, or what bounds them.
BUILT: Mapping[str, str] = {
    "virustotal.client.redaction.redact": "one alternative of fixed length for each character of a secret",
    "virustotal.core.scoring.families._sources": "an escaped name between two look-arounds of one character",
    "virustotal.core.scoring.safelist._compiled": "the platform's: `regex` with a timeout",
    "virustotal.plugins.av_remap._words": "an escaped term between two look-arounds of one character",
    "virustotal.emulator.faults.matches": "a rule of a test; no part of the service",
    "virustotal.emulator.ids": "applied to 253 characters at most; no part of the service",
}
#: Functions of `re` and `regex` whose first argument is a pattern.
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}

CHARACTERS = [chr(number) for number in range(256)]


def patterns() -> dict[str, re.Pattern[str]]:
    """Every compiled pattern that a module of the package holds, by module and name."""
    names = [module.name for module in pkgutil.walk_packages(virustotal.__path__, "virustotal.")]
    modules = [importlib.import_module(name) for name in names if not name.startswith(_SKIPPED)]
    return {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str)
    }


def written() -> Iterator[tuple[str, ast.expr, bool]]:
    """Every call with a pattern in the package: module and function, the pattern, and whether a name holds it.

    What a module compiles into a name is in `patterns`, whatever it is built of.
    """
    root = Path(virustotal.__file__).parent
    for path in sorted(root.rglob("*.py")):
        module = ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        held = {node.value for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)}
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module in REGEX], path
        inside = {
            call: function.name
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for call in ast.walk(function)
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in FUNCTIONS:
                of = call.func.value
                if isinstance(of, ast.Name) and of.id in REGEX and call.args:
                    skipped = module.startswith(_SKIPPED)
                    yield f"{module}.{inside.get(call, '')}".rstrip("."), call.args[0], call in held and not skipped


REGEX = {"re", "regex"}


def first_characters(tree: Any) -> set[str]:
    """The characters that any part of a parsed pattern takes; over-estimated."""
    taken: set[str] = set()
    for operator, argument in tree:
        name = str(operator)
        if name == "LITERAL":
            taken |= {chr(argument)}
        elif name == "NOT_LITERAL":
            taken |= set(CHARACTERS) - {chr(argument)}
        elif name in {"ANY", "CATEGORY", "GROUPREF"}:
            taken |= set(CHARACTERS)
        elif name == "IN":
            taken |= characters_of_set(argument)
        else:
            taken |= set().union(*map(first_characters, below(name, argument)))
    return taken


def characters_of_set(entries: Any) -> set[str]:
    written = _set_pattern(entries)
    return {character for character in CHARACTERS if written.match(character)}


def _set_pattern(entries: Any) -> re.Pattern[str]:
    parts = []
    for operator, argument in entries:
        name = str(operator)
        if name == "NEGATE":
            parts.append("^")
        elif name == "LITERAL":
            parts.append(re.escape(chr(argument)))
        elif name == "RANGE":
            parts.append(f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}")
        else:
            parts.append({"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}.get(str(argument).rpartition("_")[2], r"\W\w"))
    return re.compile(f"[{''.join(parts)}]")


def below(name: str, argument: Any) -> list[Any]:
    """The parts inside an operator."""
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return [argument[2]]
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "BRANCH":
        return list(argument[1])
    if name == "ATOMIC_GROUP":
        return [argument]
    return []


def ambiguities(tree: Any, inside: set[str] = frozenset()) -> Iterator[str]:  # type: ignore[assignment]
    """Yield why a pattern may backtrack: one repetition inside another, or two next to each other, that share input."""
    open_repeat: set[str] = set()  # what the repetition before, still adjacent, takes
    for operator, argument in tree:
        name = str(operator)
        taken = first_characters([(operator, argument)])
        repeated = name in {"MAX_REPEAT", "MIN_REPEAT"} and (argument[1] is _constants.MAXREPEAT or argument[1] >= MANY)
        if repeated:
            if inside and begins_ambiguously(argument[2], inside):
                yield "a repetition inside a repetition"
            if open_repeat & taken:
                yield "two repetitions next to each other share characters"
        for part in below(name, argument):
            yield from ambiguities(part, taken if repeated else inside)
        if repeated:
            open_repeat = taken
        elif name != "AT" and not (taken and taken <= open_repeat) and not optional(name, argument):
            open_repeat = set()
        else:
            open_repeat |= set().union(*(repeats(part) for part in below(name, argument)))


def begins_ambiguously(part: Any, outer: set[str]) -> bool:
    return bool(first_characters(part) & outer)


def optional(name: str, argument: Any) -> bool:
    return name in {"MAX_REPEAT", "MIN_REPEAT"} and argument[0] == 0


def repeats(part: Any) -> set[str]:
    taken: set[str] = set()
    for operator, argument in part:
        if str(operator) in {"MAX_REPEAT", "MIN_REPEAT"} and argument[1] >= MANY:
            taken |= first_characters([(operator, argument)])
        taken |= set().union(*(repeats(inner) for inner in below(str(operator), argument)))
    return taken


def problems(pattern: str, flags: int = 0) -> list[str]:
    return sorted(set(ambiguities(_parser.parse(pattern, flags & re.VERBOSE))))


def test_every_pattern_is_linear() -> None:
    found = {
        name: problems(compiled.pattern, compiled.flags)
        for name, compiled in patterns().items()
        if problems(compiled.pattern, compiled.flags)
    }
    assert len(patterns()) > 40
    assert found.keys() == LISTED.keys(), found


def test_every_pattern_that_is_written_anywhere_is_linear() -> None:
    """Those in tables and functions too, and those of the emulator and the command line."""
    built, found = set(), {}
    for place, pattern, held in written():
        if isinstance(pattern, ast.Constant):
            text = pattern.value.decode("latin-1") if isinstance(pattern.value, bytes) else pattern.value
            # Verbose patterns are held by names: as they are written, blanks would count.
            if not held and (why := problems(text)):
                found[place] = why
        elif not held:
            built.add(place)
    assert not found
    assert built == BUILT.keys()


@pytest.mark.parametrize(
    ("pattern", "linear"),
    [
        ("(a+)+$", False),
        ("[^=&#]*(?:token|auth)[^=&#]*=", False),
        (r"\s*[\s,]*x", False),
        ("(?:[a-z]|[0-9a-z]+)*x", False),
        ("[a-z]+[0-9]+", True),
        ("a{1,9}b+c", True),
        ("[^a]*a[^a]*", True),
    ],
)
def test_the_check_itself(pattern: str, linear: bool) -> None:
    assert (not problems(pattern)) is linear


def seconds(function: Any, *arguments: Any) -> float:
    began = time.thread_time()
    function(*arguments)
    return time.thread_time() - began


def test_headers_of_many_tokens_and_command_lines_of_blanks() -> None:
    """4 KB of `;token` took 32 seconds, a command line of blanks grew with its square."""
    assert seconds(url._header, ";token" * 700) < 0.2
    assert seconds(lambda: [image_of("C:\\" + "a " * 16_000) for _ in range(50)]) < 0.5


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("/a?token=abc&b=1", "/a?token=(left out)&b=1"),
        ("/a?token=abc;def?g=1 and more", "/a?token=(left out) and more"),
        ("url=http://h/?api_key=k#x", "url=http://h/?api_key=(left out)#x"),
        ("sid=1; path=/", "sid=(left out) path=/"),
        ("side=1&code=", "side=1&code="),
        ("plain text", "plain text"),
        ("x=1&PWD=2", "x=1&PWD=(left out)"),
    ],
)
def test_secrets_in_headers_are_left_out(header: str, shown: str) -> None:
    assert url._header(header) == shown


def test_an_expression_of_the_platform_that_explodes_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(safelist, "PATTERN_SECONDS", 0.05)
    listed = read_safelist({"regex": {"av.virus_name": ["(a|aa)+$", "good"]}})
    value = "a" * 60 + "b"
    assert seconds(listed.matches, "av.virus_name", value) < 1.0
    assert seconds(listed.matches, "av.virus_name", value) < 0.02
    assert listed.matches("av.virus_name", "GOOD")
    assert "takes too long" in caplog.text
