"""Every way in which a plugin can be wrong, as the source of a distribution of its own."""

from attrs import frozen

HEAD = """
import sys, time
from assemblyline_v4_service.common.result import BODY_FORMAT, ResultSection
from virustotal.core import Analyzer, Detection, HOOK_API, Needs, Points, Verdict, hookimpl

def good(title="Something of it"):
    section = ResultSection(title)
    section.add_line("seen")
    return section
"""
HOOK = """
@hookimpl
def virustotal_analyzers(settings):
    return (Analyzer("{name}", "file", "contacted_domains", analyze=analyze{more}),)
"""


@frozen
class Broken:
    """One wrong plugin. state: what the listing says. reason: part of why. kept: titles that are in the result.

    error: part of the error in the result. note: part of what is said to have been cut.
    """

    source: str
    state: str = "loaded"
    reason: str = ""
    error: str = ""
    note: str = ""
    kept: tuple[str, ...] = ()
    refused: str = ""
    twice: bool = False

    def points(self, name: str) -> str:
        """The lines of its entry points."""
        plain = f"virustotal_{name.replace('-', '_')}"
        return f"{name} = {plain}" + (f"\nz-{name} = {plain}" if self.twice else "")


def analyzing(body: str, *, name: str = "broken", more: str = "", head: str = "", **expected: object) -> Broken:
    """A plugin with one analyser whose body is given."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    source = f"{HEAD}\n{head}\ndef analyze(evidence):\n{lines}\n{HOOK.format(name=name, more=more)}"
    return Broken(source, **expected)  # type: ignore[arg-type]


GOOD = ("Something of it",)

BROKEN: dict[str, Broken] = {
    "good": analyzing("yield good()\nyield Points('static', 'seen', 10, 'It was seen.')", kept=GOOD),
    "spy": analyzing("seen.append(evidence)\nyield good()", head="seen = []", name="spy", kept=GOOD),
    "fails-at-import": Broken("raise RuntimeError('first line\\nlast line')", "failed", "RuntimeError: last line"),
    "exits-at-import": Broken("import sys\nsys.exit(3)", "failed", "SystemExit: 3"),
    "is-no-python": Broken("def (:", "failed", "SyntaxError"),
    "lacks-a-module": Broken("import no_such_module_anywhere", "failed", "ModuleNotFoundError"),
    "raises-in-the-hook": Broken(
        HEAD + "@hookimpl\ndef virustotal_analyzers(settings):\n    raise ValueError('plugins.settings.x: no file')",
        "failed",
        "ValueError: plugins.settings.x: no file",
    ),
    "gives-no-analyser": Broken(
        HEAD + "@hookimpl\ndef virustotal_analyzers(settings):\n    yield 'contacted_domains'",
        "failed",
        "is an Analyzer, not str",
    ),
    "raises-at-once": analyzing("raise KeyError('x')", error="KeyError: 'x'"),
    "raises-half-way": analyzing(
        "yield good()\nraise RuntimeError('half\\nway')", kept=GOOD, error="RuntimeError: way"
    ),
    "cannot-say-why": analyzing(
        "yield good()\nraise Odd()",
        head="class Odd(Exception):\n    def __str__(self):\n        raise self\n",
        kept=GOOD,
        error="Odd: (its message cannot be read)",
    ),
    "yields-a-wrong-type": analyzing("yield good()\nyield {'title': 'x'}", kept=GOOD, error="TypeError: yielded dict"),
    "returns-nothing": analyzing("return None", error="is an iterable of findings, not NoneType"),
    "returns-a-text": analyzing("return 'good'", error="is an iterable of findings, not str"),
    "yields-ten-thousand": analyzing(
        "for number in range(10_000):\n    yield good(f'Section {number}')",
        kept=tuple(f"Section {number}" for number in range(100)),
        note="sections beyond the 100 that one plugin may add",
    ),
    "yields-without-end": analyzing(
        "while True:\n    yield Points('plugin', 'x', 0, 'y')", note="Only the first 1000 findings"
    ),
    "sleeps": analyzing("yield good()\ntime.sleep(1.2)\nyield good('Too late')", kept=GOOD, error="left behind"),
    "never-yields": analyzing(
        "end = time.monotonic() + 1.2\nwhile time.monotonic() < end:\n    pass\nyield good()", error="left behind"
    ),
    "changes-its-evidence": analyzing(
        "for each in (evidence.report.subject, *evidence.related.items):\n"
        "    each.attributes.clear()\n    each.context.clear()\n"
        "for name in evidence.report.related:\n"
        "    for each in evidence.report.related[name].items:\n        each.attributes.clear()\n"
        "yield good()",
        kept=GOOD,
    ),
    "exits": analyzing("yield good()\nsys.exit('done')", kept=GOOD, error="SystemExit: done"),
    "recurses": analyzing(
        "yield good()\nyield endless(1)",
        head="def endless(n):\n    return endless(n + 1)\n",
        kept=GOOD,
        error="RecursionError",
    ),
    "is-registered-twice": analyzing("yield good()", kept=GOOD, twice=True),
    "shadows-a-built-in": analyzing("yield good()", name="contacted_domains", refused="relationships.objects"),
    "yields-a-section-twice": analyzing(
        "section = good()\nyield section\nyield section", kept=GOOD, note="more than once, and is shown once"
    ),
    "has-one-in-two": analyzing(
        "inner, one, two = good('Inner'), good('One'), good('Two')\n"
        "one.add_subsection(inner)\ntwo.add_subsection(inner)\nyield one\nyield two",
        kept=("One", "Inner", "Two"),
        note="more than once",
    ),
    "is-inside-itself": analyzing(
        "section = good()\nsection.add_subsection(section)\nyield section", kept=GOOD, note="more than once"
    ),
    "is-too-deep": analyzing(
        "top = section = good('Level 1')\nfor level in range(2, 500):\n"
        "    below = good(f'Level {level}')\n    section.add_subsection(below)\n    section = below\nyield top",
        kept=tuple(f"Level {level}" for level in range(1, 6)),
        note="deeper than 5 levels",
    ),
    "has-a-nan": analyzing(
        "yield good()\nyield ResultSection('Bad', body_format=BODY_FORMAT.JSON, body={'x': float('nan')})",
        kept=GOOD,
        error="BodyError",
    ),
    "has-a-nan-as-text": analyzing(
        "yield good()\nyield ResultSection('Bad', body_format=BODY_FORMAT.JSON, body='{\"x\": NaN}')",
        kept=GOOD,
        error="BodyError",
    ),
    "has-bytes": analyzing("yield good()\nyield ResultSection('Bad', body=b'x')", kept=GOOD, error="BodyError"),
    "has-a-huge-body": analyzing(
        "yield ResultSection('Big', body='x' * 10_000_000)", kept=("Big",), note="characters are not shown"
    ),
    "has-odd-tags": analyzing(
        "section = good()\nsection.set_tags({'network': ['x'], 'network.static.domain': ['example.com', 7.5, 'a b'],"
        " 'network.static.url': ['http://example.com/'], 'file.rule': ['x'], 'file.rule.mine': ['y']})\nyield section",
        kept=GOOD,
        note="no tag type 'network'",
    ),
    "has-thousands-of-tags": analyzing(
        "section = good()\nsection.set_tags({'file.string.extracted': [str(n) for n in range(5000)]})\nyield section",
        kept=GOOD,
        note="4000 tags beyond",
    ),
    "sets-a-heuristic": analyzing(
        "section = good()\nsection.set_heuristic(1)\nyield section", kept=GOOD, note="scores are given by Points"
    ),
    "has-an-empty-title": analyzing("yield good('')", kept=("Untitled",)),
    "has-a-wrong-shape": analyzing(
        "yield good()\nyield ResultSection('Bad', body_format=BODY_FORMAT.TABLE, body='[1, 2]')",
        kept=GOOD,
        error="a row of a TABLE",
    ),
    "has-points-of-nan": analyzing(
        "yield good()\nyield Points('plugin', 'x', float('nan'), 'y')", kept=GOOD, error="TypeError"
    ),
    "asks-for-a-higher-api": analyzing(
        "yield good()", more=", api=HOOK_API + 1", state="refused", reason="plugin API 2"
    ),
    "needs-what-is-no-name": analyzing(
        "yield good()",
        more=", needs=Needs(('text', None))",
        state="failed",
        reason="`needs.attributes` of",
    ),
    "names-a-wrong-kind": Broken(
        HEAD + "@hookimpl\ndef virustotal_analyzers(settings):\n    return [Analyzer('x', 'File', analyze=good)]",
        "failed",
        "no such kind: 'File'",
    ),
    "misspells-a-hook": Broken(
        HEAD + "@hookimpl\ndef virustotal_analysers(settings):\n    return ()",
        "refused",
        "no such hook: virustotal_analysers; is virustotal_analyzers meant?",
    ),
    "names-a-wrong-argument": Broken(
        HEAD + "@hookimpl\ndef virustotal_analyzers(settings, request):\n    return ()", "failed", "request"
    ),
    "gives-a-default": Broken(
        HEAD + "@hookimpl\ndef virustotal_analyzers(settings=None):\n    return ()", "refused", "default"
    ),
    "is-a-wrapper": Broken(
        HEAD + "@hookimpl(wrapper=True)\ndef virustotal_analyzers(settings):\n    return (yield)", "refused", "wrapper"
    ),
    "forgets-the-mark": Broken(
        HEAD + "def virustotal_analyzers(settings):\n    return ()", "refused", "lacks @hookimpl"
    ),
    "has-no-hook": Broken("x = 1", "refused", "no hook"),
    "fails-to-remap": Broken(
        HEAD + "@hookimpl\ndef virustotal_remap(detections):\n    raise RuntimeError('no map')",
        error="RuntimeError: no map",
    ),
    "loses-detections": Broken(
        HEAD + "@hookimpl\ndef virustotal_remap(detections):\n    return detections[1:]", error="detections; mark those"
    ),
    "judges-by-a-text": Broken(
        HEAD + "@hookimpl\ndef virustotal_verdict(obj):\n    return 'malicious'",
        error="is a Verdict, not str",
    ),
    "judges-by-a-nan": Broken(
        HEAD
        + "@hookimpl\ndef virustotal_verdict(obj):\n    obj.attributes.clear()\n    return Verdict(score=float('nan'))",
        error="whole number",
    ),
    "remaps-to-odd-fields": Broken(
        HEAD
        + "@hookimpl\ndef virustotal_remap(detections):\n"
        + "    return tuple(Detection(None, ['malicious'], score='high') for each in detections)",
        error="`engine` of a Detection is a text",
    ),
    "judges-by-odd-fields": Broken(
        HEAD
        + "@hookimpl\ndef virustotal_verdict(obj):\n"
        + "    return Verdict('malicious', (Detection('Acme', 'malicious', score='high'),))",
        error="`score` of a Detection is a whole number",
    ),
    "raises-when-asked": analyzing(
        "yield good()",
        head="def wish(settings):\n    raise RuntimeError('no wish')\n",
        more=", wanted=wish",
        kept=GOOD,
        error="RuntimeError: no wish",
    ),
    "hangs-in-a-verdict": Broken(
        HEAD + "@hookimpl\ndef virustotal_verdict(obj):\n    time.sleep(3)", error="It is not called again in this task"
    ),
    "changes-the-process": analyzing(
        "os.environ['X_MINE'] = 'x'\nlocale.setlocale(locale.LC_ALL, 'C.UTF-8')\nos.chdir('/')\n"
        "warnings.simplefilter('ignore')\nlogging.getLogger().setLevel(1)\nyield good()",
        head="import locale, logging, os, warnings",
        kept=GOOD,
        note="It changed the working directory, the environment, the locale, the filters of warnings, the levels or "
        "handlers of logging of the process; that was undone.",
    ),
    "changes-the-process-in-a-hook": Broken(
        HEAD + "import os\n@hookimpl\ndef virustotal_remap(detections):\n"
        "    os.environ['X_MINE'] = 'x'\n    return detections",
        note="It changed the environment of the process",
    ),
}
