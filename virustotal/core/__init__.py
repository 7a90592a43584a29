"""The public surface for plugin authors, and nothing else (docs/api.md)."""

from virustotal.core.analyzer import HOOK_API, Analyzer, Evidence, Needs
from virustotal.core.findings import Attachment, Download, OntologyPart, Points
from virustotal.core.hookspecs import hookimpl
from virustotal.core.models import Detection, Object, Outcome, Ref, Related, Verdict

__all__ = [
    "HOOK_API",
    "Analyzer",
    "Attachment",
    "Detection",
    "Download",
    "Evidence",
    "Needs",
    "Object",
    "OntologyPart",
    "Outcome",
    "Points",
    "Ref",
    "Related",
    "Verdict",
    "hookimpl",
]
