"""What layout is given and what it gives back: one value a subject, and the final sections."""

from collections.abc import Mapping

from assemblyline_v4_service.common.result import ResultSection
from attrs import field, frozen

from virustotal.core.findings import Download
from virustotal.core.models import Outcome, Report, Verdict
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.util.readers import EMPTY

NO_VERDICT = Verdict()


@frozen
class DownloadOutcome:
    """How one download ended. Where `outcome` is found, the shell attached it.

    detail of the outcome: why it is missing, as one sentence; where it is found, what the analyst may need to know.
    """

    download: Download
    outcome: Outcome


@frozen
class SubjectResult:
    """All that a task learned about one subject (the file, a URL, or the host of a URL).

    label: how the analyst knows it: the URL or the host; empty for VirusTotal's own identifier.
    verdict: what `judge` makes of the subject; the default where it was not found.
    contributions: what its analysers added, in their order.
    artefacts: how its downloads ended.
    asked: the relationships that were asked for, by VirusTotal's names; those of the report are added.
    aliases: a name that was asked for, to the name of VirusTotal that it was understood as.
    origins: who answered where it was not VirusTotal itself, such as `cache, 2 hours old`, by relationship; the
    subject's own under an empty name.
    notes: plain sentences about this subject, such as "The user and password in the URL were left out.".
    """

    report: Report
    label: str = ""
    verdict: Verdict = NO_VERDICT
    contributions: tuple[AnalyzerOutput, ...] = ()
    artefacts: tuple[DownloadOutcome, ...] = ()
    asked: tuple[str, ...] = ()
    aliases: Mapping[str, str] = EMPTY
    origins: Mapping[str, str] = EMPTY
    notes: tuple[str, ...] = ()


@frozen
class Layout:
    """The final result: sections for `Result.add_section` in order, ready to be finalised once.

    score: the sum of all heuristics, equal to what the platform computes.
    partial: True if the platform must not reuse this result; `reasons` says why, one sentence each.
    """

    sections: tuple[ResultSection, ...] = field(default=(), eq=False)
    score: int = 0
    partial: bool = False
    reasons: tuple[str, ...] = ()
