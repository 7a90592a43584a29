"""The record by which a plugin registers a function, and what that function is given."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from attrs import field, frozen

from virustotal.core.findings import Finding
from virustotal.core.models import Object, Related, Report, Verdict
from virustotal.core.settings import Settings

#: The version of the plugin surface: hooks, their arguments, and the fields of the exported classes.
HOOK_API = 1
#: The oldest version that a plugin may have been written for.
OLDEST_API = 1

#: The relationship of an analyser of every relationship that no analyser of its kind names.
ANY = "*"


@frozen
class Evidence:
    """The one argument of an analyser.

    report: all that is known about the subject.
    related: what was found under the analyser's own relationship, or None where it has none.
    settings: those of the task.
    judge: returns the verdict of any object of the evidence; pure, and cheap to call twice.
    """

    report: Report
    related: Related | None
    settings: Settings
    judge: Callable[[Object], Verdict] = field(eq=False, repr=False)


Analyze: TypeAlias = Callable[[Evidence], Iterable[Finding]]


@frozen
class Needs:
    """What an analyser reads of its relationship's objects; without a relationship, of its subject.

    attributes: their names; empty for the whole object. What verdicts read is added by the planner.
    """

    attributes: tuple[str, ...] = ()


def never(_settings: Settings) -> bool:
    """The default of `Analyzer.wanted`: only the `relationships` parameter decides."""
    return False


@frozen(eq=False)
class Analyzer:
    """A function from evidence to findings, and when it is called. Never subclassed.

    name: unique; listed, blocked and reported under it.
    kind: the subject's kind: `file`, `url`, `domain`, `ip_address`.
    relationship: the exact relationship it reads, or an empty text for the subject's own attributes.
    analyze: called with the evidence of a found subject; may be a generator.
    wanted: lets it ask for its relationship although the parameter does not name it.
    order: sections appear by (order, name).
    summary: one line for listings and for the docs.
    api: the HOOK_API that it was written for; 1 where nothing is said, in every later service too.
    """

    name: str
    kind: str
    relationship: str = ""
    analyze: Analyze = field(kw_only=True)
    needs: Needs = field(default=Needs(), kw_only=True)
    wanted: Callable[[Settings], bool] = field(default=never, kw_only=True)
    order: int = field(default=500, kw_only=True)
    summary: str = field(default="", kw_only=True)
    api: int = field(default=1, kw_only=True)
