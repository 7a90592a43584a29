"""Which requests the quota leaves room for: the one place where they are weighed against it."""

import math
from collections.abc import Mapping
from typing import TypeVar

from virustotal.api.source import RemainingQuota, Request, Source
from virustotal.core.lookup.executor import side_by_side
from virustotal.core.models import Outcome, Status
from virustotal.util.readers import quantity

Key = TypeVar("Key")


def fit(
    requests: Mapping[Key, Request], costs: Mapping[Key, int], source: Source, deadline: float
) -> Mapping[Key, Outcome]:
    """Return the outcome of each request that is not made, since the quota leaves no room for it.

    What the source answers without VirusTotal costs nothing; nor does its fallback, where there is no room.

    Args:
        requests: The first one of each key, the most informative first.
        costs: How many follow from each at most, itself included.
        source: What answers, and knows the quota.
        deadline: Of `time.monotonic()`.
    """
    asked = [key for key in requests if costs[key]]
    held = side_by_side(lambda key: source.holds(requests[key]), asked)
    charged = [key for key, is_held in zip(asked, held, strict=True) if not is_held]
    quota = source.remaining(deadline) if charged else RemainingQuota()
    left, skipped = math.inf if quota.requests is None else quota.requests, []
    for key in charged:
        if costs[key] <= left:
            left -= costs[key]
        elif not source.has_fallback(requests[key]):
            skipped.append(key)
    return dict.fromkeys(skipped, skipped_by(quota))


def skipped_by(quota: RemainingQuota) -> Outcome:
    """Return the outcome of what quota or `max_requests` leave no request for."""
    left = "No request left."
    if quota.requests is not None and quota.requests > 0:
        left = f"{quantity(quota.requests, 'request')} left, used for more informative ones."
    return Outcome(Status.SKIPPED, f"{left} {quota.reason}".rstrip())
