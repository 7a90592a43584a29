"""The kit for plugin authors: build evidence, run one analyser, look at what it yields. No network, no server."""

from collections.abc import Iterable, Mapping
from typing import Any

from virustotal.manifest import use_manifest

use_manifest()

from virustotal.core.analyzer import Analyzer  # noqa: E402 - the framework reads the manifest at import
from virustotal.core.findings import Finding  # noqa: E402
from virustotal.core.models import FOUND, Evidence, Object, Outcome, Ref, Related, Report  # noqa: E402
from virustotal.core.settings import Settings, service_settings  # noqa: E402
from virustotal.core.verdicts import judge  # noqa: E402

#: The identifier that a subject has where a test does not care.
IDS: Mapping[str, str] = {
    "file": "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",
    "url": "0f115db062b7c0dd030b16878c99dea5c354b49dc37b38eb8846179c7783e9d7",
    "domain": "example.com",
    "ip_address": "198.51.100.7",
}


def obj(
    kind: str, id: str = "", /, *, context: Mapping[str, Any] | None = None, error: str = "", **attributes: Any
) -> Object:
    """Return an object of a kind, with its attributes as keyword arguments."""
    return Object(Ref(kind, id or IDS.get(kind, f"{kind}-1")), attributes, context or {}, error=error)


def evidence(
    kind: str = "file",
    relationship: str = "",
    *,
    related: Iterable[Object] = (),
    total: int | None = None,
    complete: bool = True,
    detailed: bool = True,
    outcome: Outcome = FOUND,
    id: str = "",
    settings: Settings | Mapping[str, Any] | None = None,
    **attributes: Any,
) -> Evidence:
    """Return the evidence of a found subject of `kind` with `attributes`.

    relationship, related: what was found under the analyser's relationship; `total`, `complete`, `detailed` and
    `outcome` are those of `Related`. settings: `Settings`, or a `config` as in the manifest.
    """
    configured = settings if isinstance(settings, Settings) else service_settings(settings or {})
    found = Related(relationship, tuple(related), outcome, total, complete, detailed) if relationship else None
    report = Report(obj(kind, id, **attributes), {relationship: found} if found else {})
    return Evidence(report, found, configured, lambda each: judge(each, configured))


def run(analyzer: Analyzer, given: Evidence) -> list[Finding]:
    """Return what the analyser yields for the evidence."""
    return list(analyzer.analyze(given))
