"""The public surface for plugin authors (docs/api.md): the nouns. The modules beside it are listed there."""

from virustotal.core.analyzer import ANY, HOOK_API, Analyzer, Evidence, Needs
from virustotal.core.findings import About, Attachment, Download, Family, Finding, OntologyPart, Points, Role
from virustotal.core.hookspecs import hookimpl
from virustotal.core.models import Detection, Level, Object, Outcome, Ref, Related, Report, Status, Verdict
from virustotal.core.settings import AvConfig, Settings

__all__ = [
    "ANY",
    "HOOK_API",
    "About",
    "Analyzer",
    "Attachment",
    "AvConfig",
    "Detection",
    "Download",
    "Evidence",
    "Family",
    "Finding",
    "Level",
    "Needs",
    "Object",
    "OntologyPart",
    "Outcome",
    "Points",
    "Ref",
    "Related",
    "Report",
    "Role",
    "Settings",
    "Status",
    "Verdict",
    "hookimpl",
]
