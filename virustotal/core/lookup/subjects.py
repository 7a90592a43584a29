"""From the facts of a task to what is looked up, and what is not and why."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from attrs import evolve, frozen

from virustotal.api.identifiers import CONTROL, DIGEST, url_id
from virustotal.core.models import Ref, Status
from virustotal.core.settings import Settings
from virustotal.util.hosts import address_of, canonical_url, host_of, reason_not_public
from virustotal.util.readers import EMPTY, as_text, clean

#: The longest URL that is looked up; its identifier is a third longer and has to fit into a request's path.
LONGEST_URL = 4096
#: Schemes of URLs that VirusTotal has reports of.
URL_SCHEMES = frozenset({"http", "https", "ftp"})

_USERINFO = re.compile(r"[^/\s@]*@")
#: Said of the URL of a file: nothing is known of the file itself.
IN_PLACE = (
    "The URL that the file came from was looked up, and not the file itself; the parameter ignore_submitted_url looks "
    "the file up."
)

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://", re.ASCII)


@frozen
class Facts:
    """What a task says of its file.

    Args:
        sha256: The file's; where only another digest is known, an MD5 or SHA-1, which VirusTotal understands too.
        file_type: As Assemblyline identified it.
        depth: How many files it was extracted from.
        metadata: Of the submission.
        classification: Of the submission.
        size: Of the file, in bytes; 0 where only a digest is known.
        uri: Of a `uri/*` file, as the shell read it; a bare host stands for the host alone.
    """

    sha256: str
    file_type: str = ""
    depth: int = 0
    metadata: Mapping[str, Any] = EMPTY
    classification: str = ""
    size: int = 0
    uri: str = ""


@frozen
class Subject:
    """Something to look up.

    Args:
        ref: The object.
        label: What is shown, inert.
        url: What would be submitted, without user and password; empty for other kinds.
        notes: Sentences for the analyst.
    """

    ref: Ref
    label: str
    url: str = ""
    notes: tuple[str, ...] = ()


@frozen
class Refusal:
    """Something that is not looked up.

    Args:
        what: What an analyst calls it.
        reason: Why, as a sentence.
        status: Invalid for what is nothing of its kind.
    """

    what: str
    reason: str
    status: Status = Status.SKIPPED


@frozen
class Subjects:
    """What is looked up, in order, and what is not."""

    allowed: tuple[Subject, ...] = ()
    refused: tuple[Refusal, ...] = ()


def select_subjects(facts: Facts, settings: Settings) -> Subjects:
    """Return what a task is about.

    A `uri/*` file stands for its URL and its host. Any other is a file by SHA-256, or at depth 0 the URL of the
    metadata's `submitted_url` in its place, unless `ignore_submitted_url`; where that URL cannot be looked up, the file
    is. A capture that comes back as a child is neither looked up nor submitted.
    """
    if facts.file_type.startswith("uri/"):
        return _gathered(_of_uri(facts.uri))
    if facts.file_type == "network/tcpdump" and facts.depth > 0:
        reason = "A capture that was extracted from another file is neither looked up nor submitted."
        return Subjects(refused=(Refusal("network/tcpdump", reason),))
    submitted = facts.metadata.get("submitted_url")
    if facts.depth == 0 and not settings.ignore_submitted_url and submitted not in (None, ""):
        url = url_subject(submitted)
        if isinstance(url, Subject):
            return _gathered([evolve(url, notes=(*url.notes, IN_PLACE))])
        return _gathered([url, _of_file(facts)])
    return _gathered([_of_file(facts)])


def _gathered(results: "list[Subject | Refusal] | Iterator[Subject | Refusal]") -> Subjects:
    entries = list(results)
    return Subjects(
        tuple(entry for entry in entries if isinstance(entry, Subject)),
        tuple(entry for entry in entries if isinstance(entry, Refusal)),
    )


def _of_file(facts: Facts) -> Subject | Refusal:
    digest = facts.sha256.strip().lower()
    if not DIGEST.fullmatch(digest) or not digest.strip("0"):
        return Refusal(as_text(facts.sha256, 100), "The task has no digest to look up.")
    return Subject(Ref("file", digest), digest)


def _of_uri(uri: str) -> Iterator[Subject | Refusal]:
    """The URL and its host; of a bare host, and of a scheme that VirusTotal has no URLs of, the host alone."""
    plain = uri.strip()
    if not plain:
        yield Refusal("URI", "The file holds no URI.")
        return
    scheme = _SCHEME.match(plain)
    host = host_of(plain)
    if not host or CONTROL.search(plain) or (scheme is None and _has_more(plain)):
        yield _malformed(plain)
        return
    if scheme is not None:
        yield url_subject(plain)
    if not (reason := reason_not_public(host)):
        yield _of_host(host)
    elif scheme is None:
        yield _private(host, reason)


def _has_more(plain: str) -> bool:
    """True where a text without scheme is more than a host and a port."""
    return any(mark in plain for mark in "/?#@\\ ")


def _of_host(host: str) -> Subject:
    return Subject(Ref("domain" if address_of(host) is None else "ip_address", host), host)


def url_subject(value: Any) -> Subject | Refusal:
    """Return what is looked up of a URL, or why it is not."""
    plain = value.strip() if isinstance(value, str) else ""
    scheme = _SCHEME.match(plain)
    host = host_of(plain) if scheme else ""
    if scheme is None or not host or CONTROL.search(plain):
        return _malformed(value)
    if scheme.group(1).lower() not in URL_SCHEMES:
        return Refusal(_shown(plain), f"VirusTotal has no reports of {clean(scheme.group(1), 20)} addresses.")
    if reason := reason_not_public(host):
        return _private(_shown(plain), reason)
    bare, notes = without_credentials(plain)
    if len(bare) > LONGEST_URL:
        return Refusal(_shown(plain), f"The URL is longer than {LONGEST_URL} characters, so it is not looked up.")
    spelt = canonical_url(bare)
    return Subject(Ref("url", url_id(spelt)), _shown(spelt), spelt, notes)


def without_credentials(url: str) -> tuple[str, tuple[str, ...]]:
    """Return a URL without user and password, and a note where it had any."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url, ()
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, ("The URL came with a user name or password; it is looked up without them.",)


def _shown(url: str) -> str:
    try:
        return clean(without_credentials(url)[0], 500)
    except ValueError:
        return clean(url.rpartition("@")[2], 500)


def _malformed(value: Any) -> Refusal:
    # What is no URL may hold a password all the same.
    shown = _USERINFO.sub("", as_text(value, 500))
    return Refusal(_shown(shown), "This is not a valid URL or host, so it is not looked up.", Status.INVALID)


def _private(what: str, reason: str) -> Refusal:
    return Refusal(what, f"Not sent to VirusTotal: {reason}.")
