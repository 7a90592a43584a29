"""Which of the hosts and URLs that earlier services tagged are looked up: the plan of an exhaustive search."""

import hashlib
import heapq
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, frozen

from virustotal.al_types.network_addresses import indicator
from virustotal.api.source import RemainingQuota
from virustotal.core.lookup.planner import skipped_by_quota
from virustotal.core.lookup.subjects import Refusal, url_subject
from virustotal.core.models import Outcome, Ref, Report, Status
from virustotal.core.scoring.safelist import ADDRESSES, DOMAINS, URIS, Safelist
from virustotal.indicator_search.already_known import KnownIndicator
from virustotal.util.hosts import address_of, canonical_host, host_of, reason_not_public
from virustotal.util.readers import clean, number

#: Tagged values that are read, each of which costs time: far more than are ever asked for (`MOST_IOCS`).
MOST_READ = 5_000

#: The tag types, in the order of what tells most: what was seen before what stands in a file, then by kind.
_TYPES: Mapping[str, str] = {
    **dict.fromkeys((URIS[1],), "url"),
    **dict.fromkeys((DOMAINS[1],), "domain"),
    **dict.fromkeys((ADDRESSES[1],), "ip_address"),
    **dict.fromkeys((URIS[0],), "url"),
    **dict.fromkeys((DOMAINS[0],), "domain"),
    **dict.fromkeys((ADDRESSES[0],), "ip_address"),
}


@frozen
class Ioc:
    """One tagged host or URL.

    label: what is shown, inert and without user and password. url: a URL as it is asked for, uncut. tags: the types
    under which it was tagged. standing: what the task's reports say of it, or None.
    """

    ref: Ref
    label: str
    url: str = ""
    tags: tuple[str, ...] = ()
    standing: KnownIndicator | None = None

    @property
    def names(self) -> tuple[Ref, ...]:
        """What it is called: a URL is asked for by its text, and known to VirusTotal by its SHA-256."""
        digest = (Ref("url", hashlib.sha256(self.url.encode()).hexdigest()),) if self.url else ()
        return (self.ref, *digest)

    @property
    def report(self) -> Report | None:
        """What is judged of it without asking, where the task's reports are enough for that."""
        return self.standing.report if self.standing else None


@frozen
class IocPlan:
    """What is asked for, one request each, most telling first; and what is not, each with its outcome.

    known: what the task's reports are enough for. cut: outcomes of what would have been asked for. refused: of what may
    not be. unread: of how many of all the tagged values nothing is known, since only so many are read.
    """

    wanted: tuple[Ioc, ...] = ()
    known: tuple[Ioc, ...] = ()
    cut: tuple[tuple[Ioc, Outcome], ...] = ()
    refused: tuple[tuple[str, str, Outcome], ...] = ()
    unread: int = 0

    @property
    def cost(self) -> int:
        """The requests at most."""
        return len(self.wanted)


def plan_iocs(
    tags: Mapping[str, Any],
    standing: Mapping[Ref, KnownIndicator],
    safelist: Safelist,
    most: int,
    *,
    filtered: bool = True,
) -> IocPlan:
    """Return the plan of what was tagged.

    tags: type to values, or to (value, score), as in the framework's task. standing: what the task's reports say
    already, which is not asked for twice. most: how many are asked for. filtered: False to ask for what is safelisted
    as well.
    """
    found: dict[Ref, Ioc] = {}
    refused: dict[tuple[str, str], Outcome] = {}
    tagged = list(_tagged(tags))
    for _, tag_type, value in heapq.nsmallest(MOST_READ, tagged, key=_telling):
        entry = _read(tag_type, value, safelist if filtered else Safelist())
        if isinstance(entry, Refusal):
            refused[tag_type, entry.what] = Outcome(entry.status, entry.reason)
            continue
        before = found.get(entry.ref, entry)
        found[entry.ref] = evolve(before, tags=tuple(dict.fromkeys((*before.tags, tag_type))))
    read = [evolve(each, standing=_standing(each, standing)) for each in found.values()]
    ordered = [each for each in read if not each.report]
    why = f"More than max_iocs ({most}) were tagged, and others tell more." if most else "max_iocs is 0."
    reason = Outcome(Status.SKIPPED, why)
    return IocPlan(
        wanted=tuple(ordered[:most]),
        known=tuple(each for each in read if each.report),
        cut=tuple((each, reason) for each in ordered[most:]),
        refused=tuple((tag_type, what, outcome) for (tag_type, what), outcome in refused.items()),
        unread=max(0, len(tagged) - MOST_READ),
    )


def _standing(each: Ioc, standing: Mapping[Ref, KnownIndicator]) -> KnownIndicator | None:
    return next((standing[name] for name in each.names if name in standing), None)


def fitting(plan: IocPlan, room: RemainingQuota, free: Collection[Ref] = ()) -> IocPlan:
    """Return the plan cut to what the quota leaves. free: what is answered without a request."""
    if room.requests is None:
        return plan
    left, kept, cut = max(0, room.requests), [], []
    outcome = skipped_by_quota(room.requests, room.reason)
    for each in plan.wanted:
        if each.ref in free or left > 0:
            kept.append(each)
            left -= each.ref not in free
        else:
            cut.append((each, outcome))
    return evolve(plan, wanted=tuple(kept), cut=(*cut, *plan.cut))


def _telling(tagged: tuple[float, str, Any]) -> float:
    """What sorts the most telling first; those of one score keep the order of their types."""
    return -tagged[0]


def _tagged(tags: Mapping[str, Any]) -> Iterator[tuple[float, str, Any]]:
    """Yield score, type and value of the tags of exactly these types."""
    for tag_type in _TYPES:
        values = tags.get(tag_type)
        for entry in values if isinstance(values, list | tuple) else ():
            pair = entry if isinstance(entry, list | tuple) and len(entry) == 2 else (entry, 0)
            yield float(number(pair[1]) or 0), tag_type, pair[0]


def _read(tag_type: str, value: Any, safelist: Safelist) -> Ioc | Refusal:
    kind = _TYPES[tag_type]
    found = _url(value) if kind == "url" else _host(kind, value)
    if isinstance(found, Ioc) and _listed(found, value, safelist):
        return Refusal(found.label, "It is safelisted on the platform.")
    return found


def _listed(found: Ioc, given: str, safelist: Safelist) -> bool:
    """Whether it is safelisted, as it was tagged or as it is asked for, under whichever tag type, or by its host."""
    if not found.url:
        return any(map(safelist.holds_host, (given, found.ref.id)))
    hosts = (urlsplit(given.strip()).hostname or "", host_of(found.url))
    return any(map(safelist.holds_url, (given, found.url))) or any(map(safelist.holds_host, hosts))


def _host(kind: str, value: Any) -> Ioc | Refusal:
    given = value.strip() if isinstance(value, str) else ""
    shown = clean(given, 200)
    noun = "domain" if kind == "domain" else "IP address"
    invalid = Refusal(shown, f"This is not a valid {noun}, so it is not looked up.", Status.INVALID)
    try:
        host = canonical_host(given) if len(given) <= 1_000 else ""
    except ValueError:
        host = ""
    address = address_of(host) if host else None
    # What browsers read as an address, such as `0x7f.1`, is not written as one.
    if not host or (address is None) is not (kind == "domain") or (address is not None and indicator(given) is None):
        return invalid
    if reason := reason_not_public(host):
        return Refusal(shown, f"It is not looked up, since {reason}: VirusTotal does not need to know of it.")
    if indicator(host) is None:
        return invalid
    return Ioc(Ref(kind, host), host)


def _url(value: Any) -> Ioc | Refusal:
    found = url_subject(value)
    if isinstance(found, Refusal):
        return found
    return Ioc(found.ref, found.label, found.url)
