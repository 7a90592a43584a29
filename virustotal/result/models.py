"""What layout is given and what it gives back: one value a subject, and the final sections."""

from collections.abc import Mapping

from assemblyline_v4_service.common.result import ResultSection
from attrs import field, frozen

from virustotal.core.lookup.downloads import DownloadOutcome
from virustotal.core.models import Report, Verdict
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.util.readers import EMPTY

NO_VERDICT = Verdict()


@frozen
class SubjectResult:
    """All that a task learned about one subject (the file, a URL, or the host of a URL). Each step evolves it.

    Attributes:
        label: How the analyst knows it: the URL or the host; empty for VirusTotal's own identifier.
        verdict: What `judge` makes of the subject; the default where it was not found.
        contributions: What its analysers added, in their order.
        artefacts: How its downloads ended.
        asked: The relationships that were asked for, by VirusTotal's names; those of the report are added.
        aliases: A name that was asked for, to the name of VirusTotal that it was understood as.
        origins: Who answered where it was not VirusTotal itself, such as `cache, 2 hours old`, by relationship; the
            subject's own under an empty name.
        headline: The first sentence of a private scan; empty for what was not scanned privately.
        linked: Whether VirusTotal's public page is linked.
        notes: Plain sentences about this subject, such as "The user and password in the URL were left out.".
        changing: Why the report may soon change, as a sentence; empty where nothing is known to be on its way.
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
    changing: str = ""
    headline: str = ""
    linked: bool = True


@frozen
class Layout:
    """The final result: sections for `Result.add_section` in order, ready to be finalised once.

    Attributes:
        score: The sum of all heuristics, equal to what the platform computes.
        partial: True if the platform must not reuse this result; `reasons` says why, one sentence each.
    """

    sections: tuple[ResultSection, ...] = field(default=(), eq=False)
    score: int = 0
    partial: bool = False
    reasons: tuple[str, ...] = ()
