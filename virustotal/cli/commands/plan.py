"""The dry run: the requests of a scan and their cost, without making one."""

from collections.abc import Iterator, Mapping
from typing import Any

from virustotal.core.lookup.planner import describe, plan
from virustotal.core.lookup.subjects import Facts, subjects
from virustotal.core.plugin_host.manager import load
from virustotal.core.settings import service_settings, task_settings
from virustotal.core.submission.policy import Audience, audience, public_look_up_ruling
from virustotal.local.run_task import Target
from virustotal.plugins import BUILTIN
from virustotal.util.readers import as_mapping, as_text, quantity


def plan_lines(target: Target, config: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the plan of a target as lines of text.

    Submissions and downloads are not included: their cost is known only after the look-up.

    Args:
        target: What is scanned.
        config: The service's configuration, checked.
        given: The submission's parameters, checked.
    """
    settings, _ = task_settings(service_settings(config), given)
    found = subjects(_facts(target), settings)
    registry = load(BUILTIN, settings).registry
    plans = [plan(each.ref, registry, settings) for each in found.subjects]
    if settings.mirror.only:
        yield from (f"{each.ref.kind} {each.ref.id}: no request, the mirror alone is asked" for each in found.subjects)
        plans = []
    for each in plans:
        yield from describe(each)
    for refused in found.refused:
        yield f"{refused.what}: {refused.reason}"
    if len(plans) > 1:
        yield f"at most {sum(each.cost for each in plans)} requests"
    receives, ruling = audience(settings)
    if receives is Audience.PRIVATE:
        days = quantity(settings.private.retention_period_days, "day")
        region = settings.private.storage_region or "the region of the key's group"
        yield f"unknown files and URLs are submitted privately: not shared, kept for {days} in {region}"
    elif settings.private_submit:
        yield f"not submitted privately: {ruling.reason}"
    for kind in ("file", "url"):
        if not (refusal := public_look_up_ruling(kind, settings)).allowed:
            yield f"{kind}: {refusal.reason}"
    if receives is Audience.PUBLIC:
        yield "submitting what is unknown, and waiting for its analysis, comes on top"


def _facts(target: Target) -> Facts:
    digests = [str(target.fileinfo.get(name, "")) for name in ("sha256", "sha1", "md5")]
    return Facts(
        sha256=next((digest for digest in digests if digest.strip("0")), ""),
        file_type=str(target.fileinfo["type"]),
        file_name=target.name,
        uri=as_text(as_mapping(target.fileinfo.get("uri_info")).get("uri"), 10_000),
    )
