"""Evidence made by hand, or read from an answer of the API."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from virustotal.api.decoding import decode_object, decode_page, decode_related, total
from virustotal.core.analyzer import Evidence
from virustotal.core.models import FOUND, Object, Outcome, Ref, Related, Report
from virustotal.core.plugin_host.hooks import LoadedPlugins
from virustotal.core.settings import Settings
from virustotal.testing.plugins import as_settings, judge_of, plugins
from virustotal.util.readers import EMPTY, as_mapping

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
    """Return an object of a kind.

    Args:
        kind: VirusTotal's name of its type, such as `domain`.
        id: Its identifier; one of `IDS` where it is not given.
        context: What the relationship says of it (`context_attributes`).
        error: The code of VirusTotal's error for it, such as `NotFoundError`.
        attributes: The object's.
    """
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
    plugin: Any = None,
    **attributes: Any,
) -> Evidence:
    """Return the evidence of a found subject of `kind` with `attributes`.

    Args:
        kind: The subject's.
        relationship: The analyser's relationship; empty for none.
        related: What was found under it; `total`, `complete`, `detailed` and `outcome` are those of `Related`.
        id: The subject's; one of `IDS` where it is not given.
        settings: `Settings`, or a `config` as in the manifest.
        plugin: A module whose own remaps and verdicts take part in `judge`.
        attributes: The subject's.
    """
    block = Related(relationship, tuple(related), outcome, total, complete, detailed) if relationship else None
    report = Report(obj(kind, id, **attributes), {relationship: block} if block else {})
    return found(report, relationship, settings, plugin=plugin)


def found(
    report: Report,
    relationship: str = "",
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    plugin: Any = None,
) -> Evidence:
    """Return the evidence that an analyser of `relationship` gets of a report.

    Args:
        report: All that is known of the subject.
        relationship: The analyser's; empty for none.
        settings: `Settings`, or a `config` as in the manifest.
        plugin: A module whose own remaps and verdicts take part in `judge`, or the plugins that were loaded.
    """
    configured = as_settings(settings)
    loaded = plugin if plugin is None or isinstance(plugin, LoadedPlugins) else plugins(plugin, configured)
    return Evidence(report, report.related.get(relationship), configured, judge_of(loaded, configured))


def read_report(path: str | Path, related: Mapping[str, str | Path] = EMPTY) -> Report:
    """Return the report in a file that holds the API's answer for one object, as `curl` or `vt-py` saves it.

    Relationships in the object's own answer (`?relationships=`) are read too.

    Args:
        path: The file.
        related: By relationship, a file with the answer of `/{objects}/{id}/{relationship}`.

    Raises:
        ValueError: The file holds no object.
    """
    data = _load(path).get("data")
    subject = decode_object(data)
    if subject is None:
        raise ValueError(f"{path} holds no object: there is no `data` with `type` and `id`")
    blocks = as_mapping(as_mapping(data).get("relationships"))
    related_by_name = {str(name): decode_related(str(name), block) for name, block in blocks.items()}
    for name, file in related.items():
        page = decode_page(_load(file))
        counted = total(page.total, len(page.items), not page.cursor)
        related_by_name[name] = Related(name, page.items, FOUND, counted, not page.cursor)
    return Report(evolve(subject, whole=True), related_by_name)


def _load(path: str | Path) -> Mapping[str, Any]:
    return as_mapping(json.loads(Path(path).read_text(encoding="utf-8")))
