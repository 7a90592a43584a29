"""The result that the service makes of findings, to be looked at."""

from collections.abc import Iterable, Mapping
from typing import Any

from virustotal.core.findings import Finding
from virustotal.core.plugin_host.finding_collector import FindingCollector
from virustotal.core.plugin_host.limits import EXTERNAL, Usage
from virustotal.core.settings import Settings
from virustotal.result.layout import compose
from virustotal.testing.plugins import as_settings
from virustotal.testing.text import as_text


def render(
    findings: Iterable[Finding], settings: Settings | Mapping[str, Any] | None = None, *, html: bool = False
) -> str:
    """Return what a result has of the findings of one analyser.

    Sections are rebuilt, cut and scored as in a result, tags that it does not have are gone, and what was cut is said.

    Args:
        findings: What the analyser yielded.
        settings: `Settings`, or a `config` as in the manifest.
        html: As an HTML page, which a browser shows, in place of text; needs the extra `cli`.
    """
    collector = FindingCollector(Usage(EXTERNAL), external=True)
    for finding in findings:
        if not collector.add(finding):
            break
    output = collector.output("analyser", "plugin")
    sections = compose((), as_settings(settings), beside=[output]).sections
    if html:
        return _page(list(sections))
    files = (*output.downloads, *output.attachments, *output.ontology)
    return "\n".join(filter(None, (as_text(sections), as_text(files))))


def _page(sections: list[Any]) -> str:
    from assemblyline_v4_service.common.result import Result

    from virustotal.local.run_task import TaskOutcome, resolve_heuristics  # it imports the whole service
    from virustotal.rendering.html_report import html_report

    stored = {"result": Result(sections).finalize()}
    stored["result"]["score"] = resolve_heuristics(stored["result"]["sections"])
    return html_report("Findings of a plugin", TaskOutcome(stored=stored))
