"""Hosts and URLs: the host of a URL, the form in which VirusTotal has both, and which hosts it may be told."""

import contextlib
import ipaddress
import re
import socket
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Names that no public DNS answers: RFC 2606, 6761, 6762 (with its appendix G), 7686, 8375, 9476, ICANN's `internal`.
SPECIAL_NAMES: frozenset[str] = frozenset(
    (
        *("alt", "corp", "example", "home", "home.arpa", "internal", "intranet", "invalid"),
        *("lan", "local", "localdomain", "localhost", "onion", "private", "test"),
    )
)

_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.ASCII)
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.ASCII)
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_PORTS = {"http": 80, "https": 443, "ftp": 21}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def host_of(url: str) -> str:
    """Return the host of a URL, or of a bare `host` or `host:port`: lower case, ASCII, without brackets and last dot.

    A number that browsers read as an IPv4 address comes back as that address. Empty where there is no valid host.
    """
    text = url.strip()
    try:
        if "://" in text:
            return canonical_host(_authority(text))
        if _is_address(text.strip("[]")):
            return canonical_host(text)
        return canonical_host(_authority(f"//{text}"))
    except ValueError:
        return ""


def canonical_url(url: str) -> str:
    """Return a URL as VirusTotal writes it: scheme and host in lower case, no default port, no fragment, a path.

    Raises:
        ValueError: It has no valid host or port.
    """
    parts, host = urlsplit(url), canonical_host(_authority(url))
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    return urlunsplit((parts.scheme, f"{host}{port}", parts.path or "/", parts.query, ""))


def _authority(url: str) -> str:
    parts = urlsplit(url)
    if "\\" in parts.netloc:
        raise ValueError("a backslash in the host")  # browsers and parsers do not agree where such a host ends
    parts.port  # noqa: B018 - the property raises for a port that is none
    return unquote(parts.hostname or "")


def canonical_host(host: str) -> str:
    """Return a host as VirusTotal writes it: an IP address, or a name in ASCII (IDNA).

    Raises:
        ValueError: It is neither.
    """
    plain = host.strip().translate(_DOTS).lower()
    plain = plain.removeprefix("[").removesuffix("]").removesuffix(".")
    address = address_of(plain)
    if address is not None:
        return str(address)
    name = ascii_name(plain)
    address = address_of(name)  # IDNA makes digits of their likenesses: `127.0.0.①` is an address, too
    return str(address) if address is not None else name


def address_of(host: str) -> Address | None:
    """Return the IP address that a host is, also in the forms that browsers take (`0x7f.1`, `017700000001`), or None.

    Raises:
        ValueError: A name's last label is a number, and it is no address, such as `1.2.3.256`.
    """
    plain = host.removeprefix("[").removesuffix("]").removesuffix(".").lower()
    try:
        return ipaddress.ip_address(plain.partition("%")[0] if ":" in plain else plain)
    except ValueError:
        if ":" in plain:
            raise ValueError("not an IPv6 address") from None
    labels = ["0" if label == "0x" else label for label in plain.split(".")]  # as browsers read it, unlike inet_aton
    if not _NUMBER.fullmatch(labels[-1]):
        return None
    if all(map(_NUMBER.fullmatch, labels)):  # one to four, each decimal, octal or hexadecimal
        with contextlib.suppress(OSError):
            return ipaddress.IPv4Address(socket.inet_aton(".".join(labels)))
    raise ValueError("not an IPv4 address")


def _is_address(host: str) -> bool:
    try:
        return address_of(host) is not None
    except ValueError:
        return False


def ascii_name(name: str) -> str:
    """Return a host name in lower case ASCII, international labels as `xn--…`.

    Names are mapped as browsers do (UTS 46, not transitional), without the rules of IDNA 2008: symbols, emoji and
    labels with an underscore are names too.

    Raises:
        ValueError: It is none.
    """
    plain = name.strip().translate(_DOTS).removesuffix(".").lower()
    if not plain.isascii():
        import idna  # its tables are large, and few names need them

        try:
            mapped = idna.uts46_remap(plain, std3_rules=False, transitional=False)
            plain = ".".join(map(_punycode, mapped.removesuffix(".").split(".")))
        except UnicodeError as error:
            raise ValueError("not a host name") from error
    if len(plain) > 253 or not all(map(_LABEL.fullmatch, plain.split("."))):
        raise ValueError("not a host name")
    return plain


def _punycode(label: str) -> str:
    if label.isascii():
        return label
    if label.startswith("xn--"):
        raise ValueError("not a host name")
    return f"xn--{label.encode('punycode').decode('ascii')}"


def is_public(host: str) -> bool:
    """True if a host is a valid name or address of the public internet."""
    return not reason_not_public(host)


def reason_not_public(host: str) -> str:
    """Return why a host is never named to VirusTotal, as the end of a sentence; empty for a public one."""
    try:
        name = canonical_host(host)
    except ValueError:
        return "it is not a valid host"
    address = address_of(name)
    return _reason_address(address) if address is not None else _reason_name(name)


_REASONS: tuple[tuple[Callable[[Address], bool], str], ...] = (
    (lambda ip: ip.is_unspecified, "it is the unspecified address"),
    (lambda ip: ip.is_loopback, "it is a loopback address"),
    (lambda ip: ip.is_link_local, "it is a link-local address"),
    (lambda ip: ip.is_multicast, "it is a multicast address"),
    (lambda ip: isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local, "it is a private address"),
    (lambda ip: not ip.is_global, "it is a private or reserved address"),
    (lambda ip: ip.is_reserved, "it is a reserved address"),
)


def _reason_address(address: Address) -> str:
    if isinstance(address, ipaddress.IPv6Address) and (inner := _inner_ipv4(address)):
        return _reason_address(inner)
    return next((reason for applies, reason in _REASONS if applies(address)), "")


def _inner_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to: mapped, 6to4, Teredo, NAT64."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


def _reason_name(name: str) -> str:
    labels = name.split(".")
    if len(labels) == 1:
        return "it is a name without a domain"
    ends = {".".join(labels[-count:]) for count in (1, 2)}
    special = sorted(ends & SPECIAL_NAMES)
    return f"names under .{special[0]} are not public" if special else ""
