"""The dry run: the requests of a scan and their cost, without making one."""

from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core.lookup.planner import Plan, describe, plan
from virustotal.core.lookup.subjects import Facts, Subject, select_subjects
from virustotal.core.plugin_host.manager import load
from virustotal.core.settings import Settings
from virustotal.core.settings.submission_params import PARAMETERS, task_settings
from virustotal.core.submission.policy import (
    Ruling,
    is_private,
    public_look_up_ruling,
    reanalyse_ruling,
    refuse_hosts,
    requested_ruling,
    submit_ruling,
)
from virustotal.core.submission.private_scan import private_plan
from virustotal.local.run_task import Target
from virustotal.plugins import BUILTIN
from virustotal.util.readers import as_mapping, as_text, quantity

#: Parameters of downloads.
DOWNLOADS = tuple(name for name in PARAMETERS if name.startswith("download_"))


def plan_lines(target: Target, configured: Settings, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the plan of a target as lines of text.

    Of public submissions and downloads it says only that they come on top: their cost is known after the look-up.

    Args:
        target: What is scanned.
        configured: The service's settings.
        values: The submission's parameters, checked.
    """
    settings, _ = task_settings(configured, values)
    facts = _facts(target)
    subjects = refuse_hosts(select_subjects(facts, settings), settings)
    registry = load(BUILTIN, settings).begin(settings).registry
    plans = []
    for subject in subjects.allowed:
        ref, look_up = subject.ref, public_look_up_ruling(subject.ref.kind, settings)
        public = plan(ref, registry, settings)
        if settings.mirror.only:
            yield f"{ref.kind} {ref.id}: no request, the mirror alone is asked"
            continue
        if is_private(settings) and ref.kind in {"file", "url"}:
            yield from _private_lines(subject, public, look_up, facts, settings)
            continue
        if look_up.allowed:
            plans.append(public)
            yield from describe(public)
        else:
            yield f"{ref.kind} {ref.id}: no request. {look_up.reason}"
        if ref.kind in {"file", "url"}:
            yield from _submission_lines(subject, facts, settings)
    for refused in subjects.refused:
        yield f"{refused.what}: {refused.reason}"
    if len(plans) > 1:
        yield f"at most {sum(public.cost for public in plans)} requests"
    if settings.max_requests:
        yield f"max_requests: {quantity(settings.max_requests, 'request')} at most; the result names what is left out"
    if settings.analyze_relationship and (downloads := [name for name in DOWNLOADS if getattr(settings, name)]):
        yield f"what {', '.join(downloads)} fetches comes on top"


def _submission_lines(subject: Subject, facts: Facts, settings: Settings) -> Iterator[str]:
    """Yield whether a file or URL would be submitted or analysed anew publicly."""
    ruling = requested_ruling(settings)
    if ruling.allowed:
        ruling = submit_ruling(subject, facts, settings, _never_above)
    if settings.dynamic_submit or settings.private_submit:
        submission = "submitting it, if it is unknown, and waiting for the analysis comes on top"
        yield f"  {submission if ruling.allowed else f'not submitted: {ruling.reason}'}"
    if settings.reanalyze_after_days:
        ruling = reanalyse_ruling(subject, facts, settings, _never_above)
        analysis = f"a new analysis, if the last one is {_old(settings)}, comes on top"
        yield f"  {analysis if ruling.allowed else f'no new analysis: {ruling.reason}'}"


def _never_above(classification: str, bound: str) -> bool:
    """There is no classification on the command line."""
    return False


def _old(settings: Settings) -> str:
    return f"more than {quantity(settings.reanalyze_after_days, 'day')} old"


def _private_lines(subject: Subject, public: Plan, look_up: Ruling, facts: Facts, settings: Settings) -> Iterator[str]:
    """Yield what a private scan tells VirusTotal, in the order of its requests."""
    from virustotal.client.private_source import file_options, url_options

    private, is_file = private_plan(public), subject.ref.kind == "file"
    place, what = ("files", "its hash") if is_file else ("urls", "the URL")
    yield f"{subject.ref.kind} {subject.ref.id}: private scan"
    yield f"  1 request: GET /private/{place}/{subject.ref.id}, the report of an earlier scan"
    if look_up.allowed:
        yield f"  1 request, if there is none: GET /{place}/{subject.ref.id}, which tells VirusTotal {what}"
    else:
        yield f"  no request: {look_up.reason}"
    ruling = submit_ruling(subject, facts, settings, _never_above)
    if ruling.allowed:
        content = f"the content, {quantity(facts.size, 'byte')}" if is_file else f"the URL {subject.label}"
        options = (file_options if is_file else url_options)(settings.private)
        days = quantity(settings.private.retention_period_days, "day")
        region = settings.private.storage_region or "the region of the key's group"
        unknown = f"unknown, or {_old(settings)}" if settings.reanalyze_after_days else "unknown"
        yield f"  1 request, if it is {unknown}: POST /private/{place}, {content}"
        yield f"    with {', '.join('='.join(option) for option in options)}"
        yield f"    not shared, kept for {days} in {region}"
        yield f"  1 request every 30 seconds at most, for {quantity(settings.private.wait, 'second')}: its analysis"
    else:
        yield f"  not submitted: {ruling.reason}"
    yield from (f"  up to {quantity(private.pages, 'request')}: private {name}" for name in private.alone)
    yield from (f"  note: {note}" for note in private.notes)


def _facts(target: Target) -> Facts:
    digests = [str(target.fileinfo.get(name, "")) for name in ("sha256", "sha1", "md5")]
    return Facts(
        sha256=next((digest for digest in digests if digest.strip("0")), ""),
        file_type=str(target.fileinfo["type"]),
        size=int(target.fileinfo.get("size") or 0),
        uri=as_text(as_mapping(target.fileinfo.get("uri_info")).get("uri"), 10_000),
    )
