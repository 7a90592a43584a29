"""The public surface for plugin authors (docs/api.md): the nouns. The modules beside it are listed there."""

import typing as _typing

from virustotal.core.analyzer import ANY, HOOK_API, Analyzer, Evidence, Needs
from virustotal.core.findings import About, Attachment, Download, Family, Finding, OntologyPart, Points, Role
from virustotal.core.hookspecs import hookimpl
from virustotal.core.models import Detection, Level, Object, Outcome, Ref, Related, Report, Status, Verdict
from virustotal.core.settings import AvConfig, Settings
from virustotal.util import deprecation as _deprecation

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

#: Names that were public and still work (`virustotal.util.deprecation`): none so far.
_DEPRECATED: dict[str, _deprecation.Deprecated] = {}

if not _typing.TYPE_CHECKING:  # for a type checker a module with `__getattr__` has every name
    __getattr__ = _deprecation.getter(__name__, _DEPRECATED)
