"""Write docs/api.md out of the code; `--check` only says whether it is up to date."""

import enum
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from virustotal import core, testing
from virustotal.core import (
    assemblyline,
    certificates,
    hookspecs,
    noise,
    readers,
    relationships,
    tables,
    threats,
    verdicts,
    whois,
)
from virustotal.core.plugin_host.limits import EXTERNAL, LONGEST_TITLE
from virustotal.core.plugin_host.runner import BUDGET
from virustotal.core.plugin_host.timeout import HOOK_BUDGET

PAGE = Path(__file__).resolve().parent.parent / "docs" / "api.md"

#: The public modules beside `virustotal.core`, in the order of the page.
MODULES = (tables, readers, verdicts, threats, relationships, noise, assemblyline, certificates, whois)

HEAD = f"""\
# API for plugins

<!-- Written by tools/api.py out of the code. Do not edit. -->

What is on this page is the public surface: `virustotal.core`, the modules beside it that are listed under
[Modules](#modules), and the kit for tests. The built-in plugins import nothing else (`tests/test_contract.py`).
`HOOK_API` counts the changes of the surface: it is **{core.HOOK_API}**. A new hook, argument, function, or field with a
default does not change it. An analyser that asks for a higher number is refused by an older service, and so is its
plugin. Whatever else the package has may change at any time.

An implementation of a hook names only the arguments that it needs, and gives none a default.
"""


#: Sections of a docstring in Google style.
SECTIONS = ("Args:", "Returns:", "Raises:", "Example:")
ANY = "the relationship of an analyser that reads every relationship without one of its own"
FINDING = "`ResultSection` (of `assemblyline_v4_service`), `Download`, `Attachment`, `OntologyPart` or `Points`"


def hooks() -> dict[str, Any]:
    """Return the specification of each hook by name, in their order."""
    return {
        name: function
        for name, function in vars(hookspecs).items()
        if name.startswith("virustotal_") and inspect.isfunction(function)
    }


def short(annotation: Any) -> str:
    """Return a type as a plugin's author would write it."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"Outcome\(status=<[^>]*>, detail=''\)", "FOUND", text)
    text = re.sub(r" = Object\(ref=.*?error=''\)", " = UNKNOWN", text)
    return re.sub(r"\b(?:\w+\.)+(?=[A-Z])", "", text)


def signature(name: str, function: Any) -> str:
    """Return a hook as it is written."""
    return name + short(str(inspect.signature(function)).replace("virustotal.core.", ""))


def default(attribute: Any) -> str:
    """Return the default of a field."""
    value = attribute.default
    if value is attrs.NOTHING:
        return "needed"
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        return "empty"
    if callable(value) and not isinstance(value, type):
        return f"`{value.__name__}`" if hasattr(value, "__name__") else "`...`"
    return f"`{value.value!r}`" if hasattr(value, "value") else f"`{short(repr(value))}`"


def fields(exported: type) -> Iterator[str]:
    """Yield the rows of the fields and properties of a class."""
    yield from ("| field | type | default |", "|---|---|---|")
    for attribute in attrs.fields(exported):
        kind = short(attribute.type).replace("|", "\\|")
        yield f"| `{attribute.name}` | `{kind}` | {default(attribute)} |"
    for name, member in vars(exported).items():
        if isinstance(member, property):
            kind = short(inspect.signature(member.fget).return_annotation)
            yield f"| `{name}` | `{kind}` | {inspect.getdoc(member)} |"


def members(exported: type) -> Iterator[str]:
    """Yield the rows of the fields of a class, or of the values of an enumeration."""
    if issubclass(exported, enum.Enum):
        yield f"Values: {', '.join(f'`{value.name}` (`{value.value}`)' for value in exported)}."
    elif exported is core.Settings:
        yield "Its fields have the names of the configuration's keys and of the submission parameters (README)."
        yield from (
            "",
            f"- `{signature('plugin', exported.plugin).replace('self, ', '')}`: {inspect.getdoc(exported.plugin)}",
        )
    else:
        yield from fields(exported)


def module_lines(module: ModuleType) -> Iterator[str]:
    """Yield the section of a public module: its constants, then its functions and classes."""
    yield from ("", f"### {module.__name__}", "", *documented(module))
    exports = {name: getattr(module, name) for name in module.__all__}
    constants = {name: value for name, value in exports.items() if not callable(value)}
    if constants:
        yield from ("", f"Constants: {', '.join(f'`{name}`{shown(value)}' for name, value in constants.items())}.")
    for name, value in exports.items():
        if isinstance(value, type):
            yield from ("", f"#### {name}", "", *documented(value), "", *members(value))
        elif callable(value):
            yield from ("", "```python", signature(name, value), "```", "", *documented(value))


def shown(value: Any) -> str:
    """Return the value of a constant where it is short."""
    if isinstance(value, frozenset):
        value = tuple(sorted(value))
    return f" = `{value!r}`" if isinstance(value, int | str | tuple) else ""


def documented(exported: Any) -> Iterator[str]:
    """Yield the lines of a docstring: what it says of fields and arguments as a list, examples as code."""
    section, listed = "", False
    for line in (inspect.getdoc(exported) or "").splitlines():
        if line in SECTIONS:
            if section == "Example:":
                yield "```"
            section = line
            yield from (
                () if line == "Args:" else ("", "```python") if line == "Example:" else ("", f"**{line[:-1]}**", "")
            )
            continue
        if section == "Example:":
            yield line.removeprefix("    ")
            continue
        line = line.removeprefix("    ") if section else line
        named = re.match(r"(\w+(?:, \w+)*): (.+)", line)
        if named and not listed:
            yield ""
        listed = bool(named) or (listed and bool(line))
        yield f"- `{named[1]}`: {named[2]}" if named else f"  {line.strip()}" if listed else line
    if section == "Example:":
        yield "```"


def lines() -> Iterator[str]:
    """Yield the page."""
    yield from HEAD.splitlines()
    yield from ("", "## Hooks")
    for name, function in hooks().items():
        yield from ("", f"### {name}", "", "```python", signature(name, function), "```", "")
        yield from documented(function)
        yield from ("", f"[With an example](plugins/{name}.md).")
    yield from ("", "### hookimpl", "", "The mark of an implementation: `@hookimpl`. Wrappers are refused.")
    yield from ("", "## Classes", "", "All are frozen: `attrs.evolve` makes a changed copy.")
    for name in core.__all__:
        if isinstance(exported := getattr(core, name), type):
            yield from ("", f"### {name}", "", *documented(exported), "", *members(exported))
    yield from ("", f"`ANY` is `{core.ANY!r}`, {ANY}. `Finding` is the type of what an analyser yields: {FINDING}.")
    yield from ("", "## Modules")
    for module in MODULES:
        yield from module_lines(module)
    yield from (
        "",
        "## Bounds",
        "",
        "What one external plugin may add to the result of one subject; the rest is cut and said.",
    )
    yield from ("", "| of | at most |", "|---|---|")
    for limit in attrs.fields(type(EXTERNAL)):
        yield f"| {limit.name} | {getattr(EXTERNAL, limit.name):,} |"
    yield f"| characters of a title | {LONGEST_TITLE} |"
    yield f"| seconds of one analyser | {BUDGET:.0f} |"
    yield f"| seconds of one hook, all of its calls in a task | {HOOK_BUDGET:.0f} |"
    yield from ("", *documented(type(EXTERNAL)))
    yield from ("", "## The kit", "", "`virustotal.testing` is for tests; [how it is used](plugins/testing.md).")
    for name in testing.__all__:
        exported = getattr(testing, name)
        yield from ("", f"### testing.{name}", "")
        if isinstance(exported, type):
            yield from (*documented(exported), "", *(fields(exported) if attrs.has(exported) else methods(exported)))
        elif callable(exported):
            yield from ("```python", signature(name, exported), "```", "", *documented(exported))
        else:
            yield f"`{exported!r}`"


def methods(exported: type) -> Iterator[str]:
    """Yield what the public methods and properties of a class are for, as a list."""
    for name, member in vars(exported).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            declaration = f"`{name}: {short(inspect.signature(member.fget).return_annotation)}`"
        else:
            declaration = f"`{signature(name, member).replace('self, ', '').replace('(self)', '()')}`"
        yield f"- {declaration}: {(inspect.getdoc(member) or '').splitlines()[0]}"


def page() -> str:
    """Return the page as it should be."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE.name} is not up to date: python tools/api.py")
