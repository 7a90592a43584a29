"""The tags of what the sandboxes saw: types that Assemblyline has, values that can be one, bounded."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from virustotal.core import Evidence, Object
from virustotal.core.readers import as_list, as_mappings, as_text, host_of, integer, pairs
from virustotal.core.verdicts import MALICIOUS, POPULAR_RANK, SUSPICIOUS, best_rank, counters, needed_hits
from virustotal.plugins.sandbox.merged_view import Thing, address
from virustotal.plugins.sandbox.processes import image_of
from virustotal.plugins.sandbox.sandboxes import Sandbox
from virustotal.plugins.sandbox.signatures import Match
from virustotal.plugins.sandbox.verdicts import SandboxVerdict, verdict_of

#: Values of one tag type.
MOST_VALUES = 200
#: Characters of a tag's value; longer ones would be cut, and a cut value is another one.
LONGEST_VALUE = 1_000

Pair = tuple[str, str]

_MD5 = re.compile(r"[0-9a-f]{32}", re.ASCII)
_FAMILY = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]{2,39}", re.ASCII)
_GENERIC = re.compile(r"generic|heur|malware|malicious|suspicious|unknown|undefined|trojan|virus|\bagent\b", re.I)
_URL = re.compile(r"(?:https?|ftp|wss?)://\S+", re.I)
_PROTOCOL = re.compile(r"[a-z0-9.+-]{2,20}", re.ASCII)


def add(section: Any, found: Iterable[Pair]) -> None:
    """Add tags to a section, each once, at most MOST_VALUES of a type; the first ones stay."""
    for type, value in dict.fromkeys(found):
        usable = value and len(value) < LONGEST_VALUE and "\N{REPLACEMENT CHARACTER}" not in value
        if usable and len(section.tags.get(type, ())) < MOST_VALUES:
            section.add_tag(type, value)


def harmless_hosts(evidence: Evidence) -> frozenset[str]:
    """Return the popular domains without detections among the objects of the other relationships.

    What every machine contacts tells nothing, and other services would start work on it. A domain whose own object is
    not there to tell is tagged.
    """
    return frozenset(
        obj.ref.id.lower()
        for related in evidence.report.related.values()
        for obj in related.items
        if obj.ref.kind == "domain" and (best_rank(obj) or POPULAR_RANK + 1) <= POPULAR_RANK and _clean(evidence, obj)
    )


def _clean(evidence: Evidence, obj: Object) -> bool:
    found = evidence.judge(obj).detections
    hits = Counter(each.category for each in found if not each.ignored_because)
    counts = hits if found else counters(obj)  # a reduced object has counters alone
    return counts.get(MALICIOUS, 0) + counts.get(SUSPICIOUS, 0) / 2 < needed_hits(evidence.settings)


def of_things(name: str, found: Sequence[Thing], harmless: frozenset[str] = frozenset()) -> Iterator[Pair]:
    """Yield the tags of one table of the merged view, in its order; none of harmless domains."""
    for thing in found:
        if not thing.given:
            continue
        yield from (pair for pair in _of_thing(name, thing.shown) if not _is_harmless(pair, harmless))


def _is_harmless(pair: Pair, harmless: frozenset[str]) -> bool:
    return pair[0] == "network.dynamic.domain" and pair[1] in harmless


def _of_thing(name: str, shown: str) -> Iterator[Pair]:
    if name == "domains" and not address(shown):
        yield "network.dynamic.domain", shown.lower().rstrip(".")
    elif name == "addresses":
        yield "network.dynamic.ip", address(shown)
    elif name == "urls" and _URL.fullmatch(shown) and host_of(shown):
        yield "network.dynamic.uri", shown
    elif name == "commands":
        yield "dynamic.process.command_line", shown
        yield from _image(image_of(shown))
    elif name == "mutexes":
        yield "dynamic.mutex", shown
    elif name == "registry":
        yield "dynamic.registry_key", shown


def _image(image: str) -> Iterator[Pair]:
    name = re.split(r"[\\/]", image)[-1]
    if name.startswith("%") and name.endswith("%"):
        return  # a variable of the sandbox, such as %SAMPLEPATH%
    yield "dynamic.process.file_name", name
    if name != image:
        yield "dynamic.process.file_path", image


def of_network(found: Sequence[Sandbox], harmless: frozenset[str] = frozenset()) -> Iterator[Pair]:
    """Yield what conversations say beside hosts: user agents, server names, JA3, ports, protocols, mail addresses.

    harmless: domains that are not tagged, also as server names.
    """
    for sandbox in found:
        for known in as_mappings(sandbox.entries("http_conversations")):
            for key, value in pairs(known.get("request_headers")):
                if key.lower() == "user-agent":
                    yield "network.user_agent", _said(value)
        for known in as_mappings(sandbox.entries("tls")):
            name = _said(known.get("sni"), 255)
            if name.lower().rstrip(".") not in harmless:
                yield "network.tls.sni", name
            yield from _ja3("network.tls.ja3_hash", known.get("ja3"))
            yield from _ja3("network.tls.ja3s_hash", known.get("ja3s"))
        for digest in sandbox.entries("ja3_digests"):
            yield from _ja3("network.tls.ja3_hash", digest)
        for known in as_mappings(sandbox.entries("ip_traffic")):
            yield from _traffic(known)
        yield from _mail(sandbox)


def _ja3(type: str, value: Any) -> Iterator[Pair]:
    digest = _said(value, 64).lower()
    if _MD5.fullmatch(digest):
        yield type, digest


def _traffic(known: Mapping[str, Any]) -> Iterator[Pair]:
    protocol = _said(known.get("transport_layer_protocol"), 20).lower()
    if _PROTOCOL.fullmatch(protocol):
        yield "network.protocol", protocol
    port = integer(known.get("destination_port"))
    if port is not None and 0 < port < 65_536:
        yield "network.port", str(port)


def _mail(sandbox: Sandbox) -> Iterator[Pair]:
    for known in as_mappings(sandbox.entries("smtp_conversations")):
        for name in ("message_from", "smtp_from", "message_to", "smtp_to", "message_cc", "message_bcc"):
            for found in (_said(entry, 320) for entry in as_list(known.get(name))):
                yield from (("network.email.address", each) for each in re.findall(r"[^\s<>,;\"]+@[^\s<>,;\"]+", found))
        yield "network.email.subject", _said(known.get("subject"))


def _said(value: Any, longest: int = LONGEST_VALUE) -> str:
    """A text as it was given; what is no text is shown elsewhere, and is no tag."""
    return as_text(value, longest) if isinstance(value, str) else ""


def of_verdicts(found: Sequence[Sandbox]) -> Iterator[Pair]:
    """Yield what sandboxes noticed, and the families that they name; a generic name is none."""
    for sandbox in found:
        verdict = verdict_of(sandbox)
        yield from (("file.behavior", tag) for tag in verdict.tags if tag in verdict.given)
        if verdict.bad:
            yield from _families(verdict)


def of_labels(found: Sequence[SandboxVerdict]) -> Iterator[Pair]:
    """Yield the families that the verdicts in the file's own report name."""
    for verdict in found:
        if verdict.verdicts[0].lower() in {"malicious", "suspicious"}:
            yield from _families(verdict)


def _families(verdict: SandboxVerdict) -> Iterator[Pair]:
    for name in verdict.labels:
        if name in verdict.given and _FAMILY.fullmatch(name) and not _GENERIC.search(name):
            yield "attribution.family", name


def of_rules(prefix: str, found: Sequence[Match]) -> Iterator[Pair]:
    """Yield the tags of rules that matched."""
    for each in found:
        if prefix == "ids":
            yield "network.signature.signature_id", each.id if each.id in each.given else ""
        if each.name in each.given:
            yield "network.signature.message" if prefix == "ids" else "dynamic.signature.name", each.name
