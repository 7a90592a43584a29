"""The public surface for plugin authors."""

from virustotal.core.analyzer import HOOK_API, Analyzer, Needs
from virustotal.core.findings import Attachment, Download, Finding, OntologyPart, Points
from virustotal.core.hookspecs import hookimpl
from virustotal.core.models import Detection, Evidence, Object, Outcome, Ref, Related, Report, Verdict

__all__ = [
    "HOOK_API",
    "Analyzer",
    "Attachment",
    "Detection",
    "Download",
    "Evidence",
    "Finding",
    "Needs",
    "Object",
    "OntologyPart",
    "Outcome",
    "Points",
    "Ref",
    "Related",
    "Report",
    "Verdict",
    "hookimpl",
]
