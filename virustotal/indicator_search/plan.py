"""Which of the hosts and URLs that earlier services tagged are looked up: the plan of an exhaustive search."""

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

from attrs import evolve, frozen

from virustotal.al_types.network_addresses import indicator
from virustotal.core.lookup.subjects import Refusal, Subject, url_subject
from virustotal.core.models import Outcome, Ref, Report, Status
from virustotal.core.scoring.safelist import ADDRESSES, DOMAINS, NO_SAFELIST, URIS, Safelist
from virustotal.indicator_search.already_known import KnownIndicator
from virustotal.util.hosts import address_of, canonical_host, host_of, reason_not_public
from virustotal.util.readers import clean, number

#: Tagged values that are read, each of which costs time: far more than are ever asked for (`MOST_IOCS`).
MOST_READ = 5_000

#: The tag types, the most informative first: dynamic before static, then by kind.
_TYPES: Mapping[str, str] = {
    URIS[1]: "url",
    DOMAINS[1]: "domain",
    ADDRESSES[1]: "ip_address",
    URIS[0]: "url",
    DOMAINS[0]: "domain",
    ADDRESSES[0]: "ip_address",
}


@frozen
class Ioc:
    """One tagged host or URL.

    Args:
        ref: By which it is asked for.
        label: What is shown, inert and without user and password.
        tags: The types under which it was tagged.
        indicator: What the task's reports say of it; None for nothing.
    """

    ref: Ref
    label: str
    tags: tuple[str, ...]
    indicator: KnownIndicator | None

    @property
    def report(self) -> Report | None:
        """What is judged of it without asking, where the task's reports are enough for that."""
        return self.indicator.report if self.indicator else None


@frozen
class IocPlan:
    """What is asked for, and what is not.

    Args:
        wanted: What is asked for, one request each, most telling first.
        reported: What the task's reports are enough for.
        cut: What would have been asked for, each with its outcome.
        refused: What may not be asked for: tag type, value and outcome.
        unread: Tagged values that were not read, above `MOST_READ`.
    """

    wanted: tuple[Ioc, ...] = ()
    reported: tuple[Ioc, ...] = ()
    cut: tuple[tuple[Ioc, Outcome], ...] = ()
    refused: tuple[tuple[str, str, Outcome], ...] = ()
    unread: int = 0


def plan_iocs(
    tags: Mapping[str, Any],
    indicators: Mapping[Ref, KnownIndicator],
    safelist: Safelist,
    most: int,
    *,
    filtered: bool = True,
) -> IocPlan:
    """Return the plan of what was tagged.

    Args:
        tags: Type to values, or to (value, score), as in the framework's task.
        indicators: What the task's reports say already, which is not asked for twice.
        safelist: What is not asked for.
        most: How many are asked for.
        filtered: False to ask for what is safelisted as well.
    """
    iocs: dict[Ref, Ioc] = {}
    refused: dict[tuple[str, str], Outcome] = {}
    tagged = list(_tagged(tags))
    # The highest scores first; those of one score keep the order of their types.
    for _, tag_type, value in heapq.nlargest(MOST_READ, tagged, key=itemgetter(0)):
        subject = _read(tag_type, value, safelist if filtered else NO_SAFELIST)
        if isinstance(subject, Refusal):
            refused[tag_type, subject.what] = Outcome(subject.status, subject.reason)
            continue
        ref = subject.ref
        before = iocs.get(ref) or Ioc(ref, subject.label, (), _indicator(subject, indicators))
        iocs[ref] = evolve(before, tags=tuple(dict.fromkeys((*before.tags, tag_type))))
    ordered = [ioc for ioc in iocs.values() if not ioc.report]
    why = f"More than max_iocs ({most}) were tagged, and others tell more." if most else "max_iocs is 0."
    reason = Outcome(Status.SKIPPED, why)
    return IocPlan(
        wanted=tuple(ordered[:most]),
        reported=tuple(ioc for ioc in iocs.values() if ioc.report),
        cut=tuple((ioc, reason) for ioc in ordered[most:]),
        refused=tuple((tag_type, what, outcome) for (tag_type, what), outcome in refused.items()),
        unread=max(0, len(tagged) - MOST_READ),
    )


def _indicator(subject: Subject, indicators: Mapping[Ref, KnownIndicator]) -> KnownIndicator | None:
    """Return what is known: a URL is asked for by its text, and VirusTotal calls it by its SHA-256."""
    if subject.ref in indicators or not subject.url:
        return indicators.get(subject.ref)
    return indicators.get(Ref("url", hashlib.sha256(subject.url.encode()).hexdigest()))


def cut_off(plan: IocPlan, skipped: Mapping[Ref, Outcome]) -> IocPlan:
    """Return the plan without what is skipped, with its outcomes."""
    cut = tuple((ioc, skipped[ioc.ref]) for ioc in plan.wanted if ioc.ref in skipped)
    return evolve(plan, wanted=tuple(ioc for ioc in plan.wanted if ioc.ref not in skipped), cut=(*cut, *plan.cut))


def _tagged(tags: Mapping[str, Any]) -> Iterator[tuple[float, str, Any]]:
    """Yield score, type and value of the tags of exactly these types."""
    for tag_type in _TYPES:
        values = tags.get(tag_type)
        for entry in values if isinstance(values, list | tuple) else ():
            pair = entry if isinstance(entry, list | tuple) and len(entry) == 2 else (entry, 0)
            yield float(number(pair[1]) or 0), tag_type, pair[0]


def _read(tag_type: str, value: Any, safelist: Safelist) -> Subject | Refusal:
    kind = _TYPES[tag_type]
    subject = url_subject(value) if kind == "url" else _host(kind, value)
    if isinstance(subject, Subject) and _is_safelisted(subject, value, safelist):
        return Refusal(subject.label, "It is safelisted on the platform.")
    return subject


def _is_safelisted(subject: Subject, value: str, safelist: Safelist) -> bool:
    """Whether it is safelisted, as it was tagged or as it is asked for, under whichever tag type, or by its host."""
    if not subject.url:
        return any(map(safelist.holds_host, (value, subject.ref.id)))
    hosts = (urlsplit(value.strip()).hostname or "", host_of(subject.url))
    return any(map(safelist.holds_url, (value, subject.url))) or any(map(safelist.holds_host, hosts))


def _host(kind: str, value: Any) -> Subject | Refusal:
    text = value.strip() if isinstance(value, str) else ""
    shown = clean(text, 200)
    noun = "domain" if kind == "domain" else "IP address"
    invalid = Refusal(shown, f"This is not a valid {noun}, so it is not looked up.", Status.INVALID)
    try:
        host = canonical_host(text) if len(text) <= 1_000 else ""
    except ValueError:
        host = ""
    address = address_of(host) if host else None
    # What browsers read as an address, such as `0x7f.1`, is not written as one.
    if not host or (address is None) is not (kind == "domain") or (address is not None and indicator(text) is None):
        return invalid
    if reason := reason_not_public(host):
        return Refusal(shown, f"Not sent to VirusTotal: {reason}.")
    if indicator(host) is None:
        return invalid
    return Subject(Ref(kind, host), host)
