"""The rules that a plugin must keep to be loaded, beyond those of pluggy."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from virustotal.api import relationships
from virustotal.core import hookspecs
from virustotal.core.analyzer import ANY, HOOK_API, OLDEST_API, Analyzer, Needs
from virustotal.core.plugin_host.field_checks import entries, expect, iterable
from virustotal.core.plugin_host.isolation_util import HostError
from virustotal.util.readers import clean

_TEXTS = ("name", "kind", "relationship", "summary")
#: The types of the fields of an analyser; those of its functions are checked apart.
_KINDS: Mapping[str, type] = {**dict.fromkeys(_TEXTS, str), "order": int, "api": int, "needs": Needs}


#: The names of all hooks.
HOOKS = tuple(sorted(name for name in dir(hookspecs) if name.startswith("virustotal_")))


def check_hooks(module: Any, hooks: Sequence[tuple[str, Any]]) -> None:
    """Check the hooks of a module for what pluggy ignores silently or, depending on its version, treats differently.

    Args:
        module: The plugin's.
        hooks: The name of each hook that it implements, with pluggy's record of it (`pluggy.HookImpl`).

    Raises:
        HostError: A function breaks a rule, or none is a hook.
    """
    for name in HOOKS:
        function = getattr(module, name, None)
        if inspect.isroutine(function) and not hasattr(function, f"{hookspecs.PROJECT}_impl"):
            raise HostError(f"{name} lacks @hookimpl")
    if not hooks:
        raise HostError("it has no hook: no function is marked with @hookimpl")
    for name, hook in hooks:
        if name not in HOOKS:
            if hook.optionalhook:
                continue  # written for a later service
            raise HostError(f"no such hook: {name}{_meant(name, HOOKS)}")
        if hook.wrapper or hook.hookwrapper:
            raise HostError(f"{name} is a wrapper; a plugin answers for itself alone")
        for asked in ("tryfirst", "trylast"):
            if getattr(hook, asked):
                raise HostError(f"{name} asks for {asked}; the order is the host's: built-ins first, then by name")
        for parameter in inspect.signature(hook.function).parameters.values():
            if parameter.default is not parameter.empty:
                raise HostError(f"{name} gives its argument {parameter.name} a default, which is never used")


def stated_api(module: Any) -> int:
    """Return the plugin API that a module states in `VIRUSTOTAL_API`; 1 where it states none.

    Raises:
        HostError: It is no whole number.
    """
    api = getattr(module, "VIRUSTOTAL_API", 1)
    if type(api) is not int:
        raise HostError(f"VIRUSTOTAL_API is a whole number, not {type(api).__name__}")
    return api


def check_api(api: int) -> None:
    """Check that this service has a plugin API.

    Raises:
        HostError: It does not; the message says which of both to update.
    """
    if not OLDEST_API <= api <= HOOK_API:
        supported = str(HOOK_API) if OLDEST_API == HOOK_API else f"{OLDEST_API} to {HOOK_API}"
        newer = "the service" if api > HOOK_API else "the plugin"
        raise HostError(f"it was written for plugin API {api}; this service supports {supported}: update {newer}")


def checked_analyzers(answer: Any) -> tuple[Analyzer, ...]:
    """Return the analysers that a hook returned.

    Raises:
        TypeError: One is no Analyzer, or a field has another type.
        ValueError: Two have one name, or there is no such kind of subject.
    """
    analyzers = tuple(iterable("the answer of virustotal_analyzers", answer, "Analyzer"))
    names: set[str] = set()
    for analyzer in analyzers:
        _check(analyzer)
        if analyzer.name in names:
            raise ValueError(f"two of its analysers are named {analyzer.name}")
        names.add(analyzer.name)
    return analyzers


def warning(analyzer: Analyzer) -> str:
    """Return why a valid analyser may never be called, as a sentence, or an empty text.

    VirusTotal may have relationships that the catalogue does not know, so that they are not refused.
    """
    name = analyzer.relationship
    private = relationships.PRIVATE.get(analyzer.kind, ())
    if name in ("", ANY, *private) or relationships.find(analyzer.kind, name) is not None:
        return ""
    near = _meant(name, [entry.name for entry in relationships.of_kind(analyzer.kind)])
    return f"VirusTotal is not known to have {clean(name, 64)} of a {analyzer.kind}{near or '.'}"


def _meant(name: str, names: Sequence[str]) -> str:
    import difflib  # only where something is misspelt

    near = difflib.get_close_matches(name, names, 1)
    return f"; is {near[0]} meant?" if near else ""


def _check(analyzer: Any) -> None:
    expect("an entry of the answer of virustotal_analyzers", analyzer, Analyzer)
    owner = f"the analyser {analyzer.name!r}"
    for name, kind in _KINDS.items():
        expect(f"`{name}` of {owner}", getattr(analyzer, name), kind)
    if not analyzer.name or not analyzer.kind:
        raise ValueError("an analyser has a name and a kind")
    if analyzer.kind not in relationships.KINDS:
        hint = _meant(analyzer.kind.lower(), relationships.KINDS) or f"; there are {', '.join(relationships.KINDS)}"
        raise ValueError(f"{owner} has no such kind: {analyzer.kind!r}{hint}")
    if not callable(analyzer.analyze) or not callable(analyzer.wanted):
        raise TypeError(f"`analyze` and `wanted` of {owner} are functions")
    # A generator can be read once, and a text is a name and no names.
    expect(f"`needs.attributes` of {owner}", analyzer.needs.attributes, tuple)
    entries(f"`needs.attributes` of {owner}", analyzer.needs.attributes, str)
