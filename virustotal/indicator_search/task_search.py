"""From the tags of earlier services to what VirusTotal says of them: the shell of the exhaustive search."""

from collections.abc import Callable, Iterable, Iterator

from attrs import evolve, frozen

from virustotal import __version__
from virustotal.core.models import Object, Ref, Report, Verdict
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.safelist import Safelist
from virustotal.indicator_search import search
from virustotal.indicator_search.already_known import known_indicators, scored_places
from virustotal.indicator_search.plan import IocPlan, plan_iocs
from virustotal.platform.task import Task
from virustotal.result.models import SubjectResult
from virustotal.sources import KeyClient

_NOTHING = "exhaustive_search: earlier services tagged no domain, IP address or URL in this task."


@frozen
class Searched:
    """What was tagged and how each look-up ended."""

    plan: IocPlan
    answered: tuple[search.Answered, ...]
    notes: tuple[str, ...]

    def contributions(
        self, results: Iterable[SubjectResult], judge: Callable[[Object], Verdict]
    ) -> tuple[AnalyzerOutput, ...]:
        """Return what is shown of it, and what it scores, beside the results of the subjects, if there are any."""
        if not (self.answered or self.plan.refused):
            return ()
        provider, scored = f"VirusTotal {__version__}", scored_places(results)
        return (search.contribution(self.plan, self.answered, judge, provider, scored),)


def search_indicators(
    task: Task, reports: Iterable[tuple[Ref, Report]], client: KeyClient, safelist: Safelist
) -> Searched:
    """Look up what was tagged and is not known yet. Raises AuthenticationError alone.

    reports: of the task's subjects, each with what was asked for.
    """
    settings = task.settings
    known = known_indicators(reports)
    plan = plan_iocs(task.tags, known, safelist, settings.max_iocs, filtered=not settings.ignore_filtering)
    answered = tuple(
        evolve(each, origin=client.source.origins(each.ioc.ref, ()).get("", ""))
        for each in search.search(plan, client.source, task.deadline)
    )
    return Searched(plan, answered, tuple(_notes(plan, bool(answered or plan.refused))))


def _notes(plan: IocPlan, tagged: bool) -> Iterator[str]:
    if not tagged:
        yield _NOTHING
    if plan.unread:
        yield f"exhaustive_search: {plan.unread} tagged values were not read, those that tell least."
