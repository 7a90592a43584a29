"""A URL: the page, where it leads, and what the server answered, without cookies and credentials."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.core import Analyzer, Settings, hookimpl, tables
from virustotal.core.readers import as_list, as_mappings, as_text, as_texts, date, integer, pairs
from virustotal.plugins.subjects import parts

#: Longest URL that is shown whole and may become a tag.
LONGEST_URL = 4_096
LEFT_OUT = "(left out)"
# Names of headers that may hold a session or a credential. A harmless one that is hidden too costs little.
_SECRET = re.compile(r"cookie|auth|token|secret|session|password|credential|api-?key|csrf|xsrf|signature|nonce", re.I)
_USER = re.compile(r"(?<=//)[^\s/?#]*@")
# Names of parameters that hold one, as a part of the name and as the whole of it.
_SECRET_PART = re.compile(r"token|secret|session|password|passwd|api_?key|signature|auth", re.I)
_SECRET_NAMES = frozenset({"sid", "sig", "key", "code", "pwd"})
_PIECE = re.compile(r"[?&;#]?[^?&;#]*")
_BLANK = re.compile(r"\s.*", re.DOTALL)


def without_credentials(value: Any) -> str:
    """Return a text with users and passwords taken out of the URLs in it."""
    return _USER.sub("", as_text(value, LONGEST_URL))


def brands(value: Any) -> str:
    """Return the brands that a page imitates, and who says so."""
    return tables.listed([f"{as_text(brand)} ({who})" for who, brand in pairs(value)])


PAGE = parts.facts(
    "Page",
    "Title, status and brands of the page",
    url=("URL", without_credentials),
    last_final_url=("Final URL", without_credentials),
    title=("Title", as_text),
    last_http_response_code=("HTTP status", integer),
    last_http_response_content_length=("Response size in bytes", integer),
    last_http_response_content_sha256=("Response SHA-256", as_text),
    targeted_brand=("Targeted brands", brands),
    tld=("Top-level domain", as_text),
)


def page(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield what was found at the URL."""
    _, facts, _ = PAGE
    yield from facts(attributes)
    rows = [
        {"Name": name, "Content": tables.listed(as_texts(value))} for name, value in pairs(attributes.get("html_meta"))
    ]
    yield tables.table("HTML meta tags", rows, ("Name", "Content"), collapse=True)


def redirects(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the chain of redirections, tagged: where a URL leads is what it does.

    VirusTotal's chain leaves the final URL out; it is put at its end.
    """
    own = attributes.get("url")
    chain = [entry for entry in as_list(attributes.get("redirection_chain")) if isinstance(entry, str)]
    final = attributes.get("last_final_url")
    if isinstance(final, str) and final != own and final not in chain:
        chain.append(final)
    hops = [without_credentials(entry) for entry in dict.fromkeys(chain) if entry.strip() and entry != own]
    section = tables.lines("Redirections", hops)
    if section is not None:
        # What was cut or made inert is another URL than the one that was seen.
        whole = [entry for entry in hops if not entry.endswith("…") and "\N{REPLACEMENT CHARACTER}" not in entry]
        section.set_tags({"network.static.uri": whole} if whole else {})
    yield section


def answer(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the headers of the answer, and the names of its cookies; values that may be secrets are left out."""
    rows = [
        {"Header": name, "Value": LEFT_OUT if _SECRET.search(name) else _header(value)}
        for name, value in pairs(attributes.get("last_http_response_headers"))
    ]
    cookies = [name for name, _ in pairs(attributes.get("last_http_response_cookies"))]
    if cookies:
        rows.append({"Header": "Cookies (names only)", "Value": tables.listed(cookies)})
    yield tables.table("HTTP response", rows, ("Header", "Value"))


def _header(value: Any) -> str:
    return _without_secrets(
        without_credentials(value if not isinstance(value, list) else tables.listed(as_texts(value)))
    )


def _without_secrets(text: str) -> str:
    """Return a text without the values of parameters that may be secrets: up to the next `&`, `#` or blank.

    Linear in the text: a server writes it.
    """
    shown = []
    hidden = False
    for piece in _PIECE.findall(text):
        if hidden and piece[:1] in ("?", ";"):
            name, value = "", piece
        else:
            name, equals, value = piece.partition("=")
            plain = name.lstrip("?&;#")
            hidden = bool(equals) and (plain.lower() in _SECRET_NAMES or _SECRET_PART.search(plain) is not None)
            hidden = hidden and value[:1].strip() != ""
            if not hidden:
                shown.append(piece)
                continue
            name = f"{name}={LEFT_OUT}"
        rest = _BLANK.search(value)
        hidden = rest is None
        shown.append(name + (rest[0] if rest else ""))
    return "".join(shown)


def trackers(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the trackers that the page loads: their ids connect pages of one owner."""
    rows = [
        {
            "Tracker": name,
            "Id": as_text(entry.get("id")),
            "URL": without_credentials(entry.get("url")),
            "Seen": date(entry.get("timestamp")),
        }
        for name, entries in pairs(attributes.get("trackers"))
        for entry in as_mappings(entries)
    ]
    yield tables.table("Trackers", rows, ("Tracker", "Id", "URL", "Seen"))


def links(attributes: Mapping[str, Any]) -> Iterator[ResultSection | None]:
    """Yield the links that lead out of the page. They are context and not tagged."""
    links = [without_credentials(entry) for entry in as_texts(attributes.get("outgoing_links"), LONGEST_URL)]
    yield tables.lines("Outgoing links", links, collapse=True)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of a URL's own attributes."""
    return parts.analyzers(
        "url",
        {
            "page": (PAGE[0], page, (*PAGE[2], "html_meta")),
            "redirections": ("Chain of redirections", redirects, ("url", "redirection_chain", "last_final_url")),
            "categories": parts.CATEGORIES,
            "answer": (
                "HTTP headers without secrets",
                answer,
                ("last_http_response_headers", "last_http_response_cookies"),
            ),
            "trackers": ("Trackers in the page", trackers, ("trackers",)),
            "links": ("Outgoing links", links, ("outgoing_links",)),
            "favicon": parts.FAVICON,
        },
    )
