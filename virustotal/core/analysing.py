"""From a report to everything that is known of its subject: analysers, downloads, attachments."""

from pathlib import Path

from attrs import frozen

from virustotal.client.provenance import ProvenanceSource
from virustotal.core.lookup import downloads, planner
from virustotal.core.models import Verdict
from virustotal.core.pipeline import LookedUpSubject
from virustotal.core.plugin_host import runner
from virustotal.core.plugin_host.hooks import HookCaller, LoadedPlugins
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.core.scoring.judge import Judge
from virustotal.core.scoring.safelist import Safelist
from virustotal.platform.attachments import Attachments
from virustotal.platform.task import Task
from virustotal.result.models import SubjectResult


@frozen
class Analysis:
    """What the subjects of one task are analysed with. folder: the task's own, for downloads."""

    task: Task
    plugins: LoadedPlugins
    hooks: HookCaller
    safelist: Safelist
    attacher: Attachments
    source: ProvenanceSource
    folder: Path

    def of(self, looked: LookedUpSubject) -> SubjectResult:
        """Run the analysers over one report, and fetch and attach what they ask for."""
        judge = Judge(self.task.settings, self.hooks, self.safelist)
        contributions = runner.analyse(looked.report, self.plugins, self.task.settings, judge, self.task.deadline)
        fetched = self._fetched(contributions)
        self.attacher.fetched(fetched)
        self.attacher.made(made for each in contributions for made in each.attachments)
        asked = (*looked.plan.embed, *looked.plan.alone, *looked.plan.named)
        return SubjectResult(
            looked.report,
            label=looked.subject.label,
            verdict=judge(looked.report.subject) if looked.report.outcome.found else Verdict(),
            contributions=contributions,
            artefacts=tuple(each.artefact for each in fetched),
            asked=asked,
            origins=self.source.origins(looked.plan.subject, (*asked, *looked.report.related)),
            aliases=planner.aliases(looked.subject.ref.kind, self.task.settings.relationships),
            notes=(*looked.subject.notes, *looked.plan.notes, *looked.notes),
        )

    def _fetched(self, contributions: tuple[AnalyzerOutput, ...]) -> tuple[downloads.Fetched, ...]:
        wanted = [download for output in contributions for download in output.downloads]
        if not wanted:
            return ()
        return downloads.fetch(
            wanted, self.source, self.folder, self.task.settings, self.task.deadline, self.attacher.room
        )
