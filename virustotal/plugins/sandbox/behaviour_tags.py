"""The tags of what the sandboxes saw: types that Assemblyline has, whole values, bounded, without known noise."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from virustotal.core import Evidence, Object
from virustotal.core.assemblyline import tag_value
from virustotal.core.noise import (
    is_noise_address,
    is_noise_command,
    is_noise_host,
    is_noise_mutex,
    is_noise_registry_key,
)
from virustotal.core.readers import as_list, as_mappings, as_text, host_of, pairs
from virustotal.core.verdicts import (
    POPULAR_RANK,
    agreed_labels,
    attribution_tags,
    best_rank,
    needed_hits,
)
from virustotal.plugins.sandbox.cell_text import plain_text
from virustotal.plugins.sandbox.network_traffic import port
from virustotal.plugins.sandbox.processes import image_of
from virustotal.plugins.sandbox.rule_matches import Match
from virustotal.plugins.sandbox.sandbox_verdicts import SandboxVerdict
from virustotal.plugins.sandbox.sandboxes import LONGEST_VALUE, Sandbox
from virustotal.plugins.sandbox.things import Thing, address

#: Values of one tag type.
MOST_VALUES = 200

Pair = tuple[str, str]

_URL = re.compile(r"(?:https?|ftp|wss?)://\S+", re.I)
_PROTOCOL = re.compile(r"[a-z0-9.+-]{2,20}", re.ASCII)
_MAIL = re.compile(r"[^\s<>,;\"@]{1,64}@[^\s<>,;\"@]{1,255}")


def add(section: Any, tags: Iterable[Pair]) -> None:
    """Add tags to a section, at most MOST_VALUES of a type; the first ones stay.

    A value that had to be cut or cleaned is another one, and is no tag. Without a section nothing is done.
    """
    for type, value in tags if section is not None else ():
        fits = value and "\N{REPLACEMENT CHARACTER}" not in value and tag_value(type, value) is not None
        if fits and len(section.tags.get(type, ())) < MOST_VALUES:
            section.add_tag(type, value)


# --- hosts that tell nothing -----------------------------------------------------------------------------------------


@frozen
class Noise:
    """Which hosts and addresses are shown and not tagged.

    Attributes:
        popular: Popular domains without detections.
        flagged: Hosts and addresses that engines flag: these are tagged, whatever they are known for.
        owners: Address to the owner of its network.
    """

    popular: frozenset[str]
    flagged: frozenset[str]
    owners: Mapping[str, str]

    def has_host(self, host: str) -> bool:
        """Return whether a host in lower case tells nothing."""
        return host in self.popular or (host not in self.flagged and is_noise_host(host))

    def has_address(self, value: str, owner: str = "") -> bool:
        """Return whether an address in its usual form tells nothing."""
        return value not in self.flagged and is_noise_address(value, owner or self.owners.get(value, ""))


def noise_of(evidence: Evidence) -> Noise:
    """Return which hosts tell nothing, by the objects of the other relationships.

    What every machine contacts tells nothing, and other services would start work on it. A domain whose own object is
    not there to tell is tagged.
    """
    objects = [
        obj
        for related in evidence.report.related.values()
        for obj in related.items
        if obj.ref.kind in {"domain", "ip_address"}
    ]
    clean = {obj.ref: _is_clean(evidence, obj) for obj in objects}
    return Noise(
        popular=frozenset(
            obj.ref.id.lower()
            for obj in objects
            if obj.ref.kind == "domain" and clean[obj.ref] and (best_rank(obj) or POPULAR_RANK + 1) <= POPULAR_RANK
        ),
        flagged=frozenset(obj.ref.id.lower() for obj in objects if not clean[obj.ref]),
        owners={obj.ref.id.lower(): as_text(obj.attributes.get("as_owner"), 100) for obj in objects},
    )


def _is_clean(evidence: Evidence, obj: Object) -> bool:
    return evidence.judge(obj).counts.hits < needed_hits(evidence.settings)


def no_tags(_source: Thing | Sandbox, _noise: Noise) -> Iterator[Pair]:
    """Yield nothing."""
    yield from ()


# --- tables of activity ----------------------------------------------------------------------------------------------


def of_domain(thing: Thing, noise: Noise) -> Iterator[Pair]:
    """Yield the domain."""
    host = thing.text.lower().rstrip(".")
    if not noise.has_host(host):
        yield "network.dynamic.domain", host


def of_address(thing: Thing, noise: Noise) -> Iterator[Pair]:
    """Yield the IP address."""
    ip = address(thing.text)
    if ip and not noise.has_address(ip, next(iter(thing.details), "")):
        yield "network.dynamic.ip", ip


def of_url(thing: Thing, noise: Noise) -> Iterator[Pair]:
    """Yield the URL."""
    if _URL.fullmatch(thing.text) and (host := host_of(thing.text)) and not noise.has_host(host):
        yield "network.dynamic.uri", thing.text


def of_mutex(thing: Thing, _noise: Noise) -> Iterator[Pair]:
    """Yield the mutex."""
    if not is_noise_mutex(thing.text.rpartition("\\")[2]) and not is_noise_mutex(thing.text):
        yield "dynamic.mutex", thing.text


def of_registry_key(thing: Thing, _noise: Noise) -> Iterator[Pair]:
    """Yield the key where it was changed."""
    if thing.actions.keys() & {"set", "deleted"} and not is_noise_registry_key(thing.text):
        yield "dynamic.registry_key", thing.text


def of_command(thing: Thing, _noise: Noise) -> Iterator[Pair]:
    """Yield the command line, where it is more than the name of a process; and the image."""
    command, image = thing.text, image_of(thing.text)
    if not thing.actions.keys() & {"created", "executed"} or is_noise_command(command):
        return
    if command.strip().strip('"') != image:
        yield "dynamic.process.command_line", command
    name = re.split(r"[\\/]", image)[-1]
    if name.startswith("%") and name.endswith("%"):
        return  # a variable of the sandbox, such as %SAMPLEPATH%
    yield "dynamic.process.file_name", name
    if name != image:
        yield "dynamic.process.file_path", image


# --- reports ---------------------------------------------------------------------------------------------------------


def of_traffic(sandbox: Sandbox, _noise: Noise) -> Iterator[Pair]:
    """Yield the ports and protocols of the traffic."""
    for traffic in as_mappings(sandbox.entries("ip_traffic")):
        protocol = plain_text(traffic.get("transport_layer_protocol"), 20).lower()
        if _PROTOCOL.fullmatch(protocol):
            yield "network.protocol", protocol
        if number := port(traffic.get("destination_port")):
            yield "network.port", str(number)


def of_http(sandbox: Sandbox, _noise: Noise) -> Iterator[Pair]:
    """Yield the user agents."""
    for conversation in as_mappings(sandbox.entries("http_conversations")):
        for key, value in pairs(conversation.get("request_headers")):
            if key.lower() == "user-agent":
                yield "network.user_agent", plain_text(value, LONGEST_VALUE)


def of_tls(sandbox: Sandbox, noise: Noise) -> Iterator[Pair]:
    """Yield server names and the fingerprints JA3, JA3S and JA4."""
    for connection in as_mappings(sandbox.entries("tls")):
        name = plain_text(connection.get("sni"), 255)
        if not noise.has_host(name.lower().rstrip(".")):
            yield "network.tls.sni", name
        for kind in ("ja3", "ja3s", "ja4"):
            yield f"network.tls.{kind}_hash", plain_text(connection.get(kind), 64).lower()
    for digest in sandbox.entries("ja3_digests"):
        yield "network.tls.ja3_hash", plain_text(digest, 64).lower()


def of_mail(sandbox: Sandbox, _noise: Noise) -> Iterator[Pair]:
    """Yield addresses and subjects of the mail that was sent."""
    for message in as_mappings(sandbox.entries("smtp_conversations")):
        for name in ("message_from", "smtp_from", "message_to", "smtp_to", "message_cc", "message_bcc"):
            for text in (plain_text(entry, 320) for entry in as_list(message.get(name))):
                yield from (("network.email.address", mailbox) for mailbox in _MAIL.findall(text))
        yield "network.email.subject", plain_text(message.get("subject"), LONGEST_VALUE)


# --- verdicts and rules ----------------------------------------------------------------------------------------------


def of_noticed(sandboxes: Iterable[Sandbox]) -> Iterator[Pair]:
    """Yield what sandboxes noticed."""
    for sandbox in sandboxes:
        yield from (("file.behavior", plain_text(tag, 80)) for tag in sandbox.entries("tags"))


def of_verdicts(verdicts: Iterable[SandboxVerdict], subject: Mapping[str, Any]) -> Iterator[Pair]:
    """Yield the families and actors that sandboxes name whose verdict is bad.

    Args:
        subject: The attributes of the file, whose engines and other sandboxes have to agree on a family.
    """
    names = {verdict.sandbox: verdict.names for verdict in verdicts if verdict.bad}
    yield from attribution_tags(agreed_labels(names, subject))


def of_rules(prefix: str, rules: Sequence[Match]) -> Iterator[Pair]:
    """Yield the tags of rules that matched."""
    for rule in rules:
        if prefix == "ids":
            yield "network.signature.signature_id", rule.id if rule.id in rule.texts else ""
        if rule.name in rule.texts:
            yield "network.signature.message" if prefix == "ids" else "dynamic.signature.name", rule.name
