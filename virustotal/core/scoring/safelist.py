"""The platform's safelist as a value."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from virustotal.util.hosts import host_of
from virustotal.util.readers import EMPTY, as_list, as_mapping, as_text, pairs

if TYPE_CHECKING:
    import regex

log = logging.getLogger("assemblyline.service.virustotal.safelist")

#: Seconds that one expression may take for one value; administrators write them, and they may backtrack without end.
PATTERN_SECONDS = 0.1
DOMAINS = ("network.static.domain", "network.dynamic.domain")
ADDRESSES = ("network.static.ip", "network.dynamic.ip")
URIS = ("network.static.uri", "network.dynamic.uri")
#: A host that a client named as it opened a connection: the platform's safelist has it as a domain or address.
SERVER_NAME = "network.tls.sni"
#: What the service asks the platform for.
TAG_TYPES = ("av.virus_name", *DOMAINS, *ADDRESSES, *URIS)


@frozen
class Safelist:
    """Values that the platform's administrators hold to be harmless (ServiceAPI.get_safelist). Empty matches nothing.

    Args:
        exact: Tag type to values, in lower case.
        patterns: Tag type to regular expressions, compiled once.
        broken: How many entries were unreadable and left out.
    """

    exact: Mapping[str, frozenset[str]] = EMPTY
    patterns: "Mapping[str, tuple[regex.Pattern[str], ...]]" = field(default=EMPTY, eq=False)
    broken: int = 0
    #: Expressions that once took longer than PATTERN_SECONDS, and are not used again.
    _slow: set[str] = field(factory=set, init=False, eq=False, repr=False)

    def lists(self, tag_type: str) -> bool:
        """True if anything of a tag type is listed."""
        return bool(self.exact.get(tag_type) or self.patterns.get(tag_type))

    def matches(self, tag_type: str, value: str) -> bool:
        """True if a value of a tag type is listed, a domain also by a parent, or matched by a regular expression.

        Upper and lower case do not matter. As on the platform, an expression must match from the beginning.
        """
        plain = value.strip().lower()
        if not plain or not self.lists(tag_type):
            return False
        names = _parents(plain) if tag_type in DOMAINS else (plain,)
        is_listed = not self.exact.get(tag_type, frozenset()).isdisjoint(names)
        return is_listed or any(self._matches(pattern, plain) for pattern in self.patterns.get(tag_type, ()))

    def _matches(self, pattern: "regex.Pattern[str]", value: str) -> bool:
        if pattern.pattern in self._slow:
            return False
        try:
            return pattern.match(value, timeout=PATTERN_SECONDS) is not None
        except TimeoutError:
            self._slow.add(pattern.pattern)
            log.warning("an expression of the platform's safelist takes too long and is not used: %s", pattern.pattern)
            return False

    def holds_host(self, host: str) -> bool:
        """True if a domain or an address is listed, whether as static or dynamic tag."""
        return any(self.matches(tag_type, host) for tag_type in (*DOMAINS, *ADDRESSES))

    def holds_url(self, url: str) -> bool:
        """True if a URL is listed itself, whatever its host is."""
        return any(self.matches(tag_type, url) for tag_type in URIS)

    def holds_tag(self, tag_type: str, value: str) -> bool:
        """True if the tag is listed, or is a URL or a server name of a listed host."""
        of_host = tag_type in URIS or tag_type == SERVER_NAME
        return self.matches(tag_type, value) or (of_host and self.holds_host(host_of(value)))


#: The safelist of a platform that has none.
NO_SAFELIST = Safelist()


def _parents(domain: str) -> tuple[str, ...]:
    labels = domain.rstrip(".").split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def read_safelist(answer: Any) -> Safelist:
    """Return the safelist of `{"match": {type: [value]}, "regex": {type: [expression]}}`; wrong entries are counted."""
    lists = as_mapping(answer)
    broken = 0
    exact: dict[str, frozenset[str]] = {}
    for tag_type, values in pairs(lists.get("match")):
        end = "." if tag_type in DOMAINS else ""
        texts = [as_text(value, 4096).lower().rstrip(end or None) for value in as_list(values)]
        broken += texts.count("")
        exact[tag_type] = frozenset(filter(None, texts))
    patterns: dict[str, tuple[regex.Pattern[str], ...]] = {}
    for tag_type, values in pairs(lists.get("regex")):
        compiled = [_compiled(value) for value in as_list(values)]
        broken += compiled.count(None)
        patterns[tag_type] = tuple(pattern for pattern in compiled if pattern is not None)
    return Safelist(MappingProxyType(exact), MappingProxyType(patterns), broken)


def _compiled(value: Any) -> "regex.Pattern[str] | None":
    import regex  # when the platform's safelist comes: the service does not wait for this import at start

    # An empty expression matches everything, and is never what an administrator meant.
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        return regex.compile(value, regex.IGNORECASE)
    except (regex.error, RecursionError, OverflowError):
        return None
