"""From the tags of earlier services to what VirusTotal says of them: the shell of the exhaustive search."""

from collections.abc import Callable, Iterator

from attrs import field, frozen

from virustotal import __version__
from virustotal.core import exhaustive
from virustotal.core.iocs import IocPlan, plan_iocs
from virustotal.core.models import Object, Verdict
from virustotal.core.safelist import Safelist
from virustotal.core.sections import Contribution
from virustotal.core.subjects import Subject
from virustotal.looking import Wire
from virustotal.task import Task

#: Why the platform's result cache must not answer: it does not know the tags.
DEPENDS = "The result depends on what earlier services tagged in this task."
_NOTHING = "exhaustive_search: earlier services tagged no domain, IP address or URL in this task."


@frozen
class Searched:
    """What was tagged and how each look-up ended; nothing where the parameter is off."""

    plan: IocPlan = field(factory=IocPlan)
    answered: tuple[exhaustive.Answered, ...] = ()
    notes: tuple[str, ...] = ()

    def contributions(self, judge: Callable[[Object], Verdict]) -> tuple[Contribution, ...]:
        """Return what is shown of it, and what it scores, beside the subjects, of which there may be none."""
        if not (self.answered or self.plan.refused):
            return ()
        return (exhaustive.contribution(self.plan, self.answered, judge, f"VirusTotal {__version__}"),)


def search(task: Task, found: tuple[Subject, ...], wire: Wire, safelist: Safelist) -> Searched:
    """Look up what was tagged, where the parameter asks for it. Raises AuthenticationError alone."""
    settings = task.settings
    if not settings.exhaustive_search:
        return Searched()
    plan = plan_iocs(task.tags, found, safelist, settings.max_iocs, filtered=not settings.ignore_filtering)
    answered = exhaustive.search(plan, wire.source, task.deadline)
    return Searched(plan, answered, tuple(_notes(plan, bool(answered or plan.refused))))


def _notes(plan: IocPlan, tagged: bool) -> Iterator[str]:
    if not tagged:
        yield _NOTHING
    if plan.unread:
        yield f"exhaustive_search: {plan.unread} tagged values were not read, those that tell least."
