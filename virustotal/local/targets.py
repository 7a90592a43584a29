"""What a text on the command line means as the subject of a task: a file, a digest, a URL, a domain or an address."""

import ipaddress
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from assemblyline.common import forge
from assemblyline.common.file import make_uri_file
from assemblyline.common.net_static import TLDS_ALPHA_BY_DOMAIN

from virustotal.core.lookup.subjects import Refusal, url_subject
from virustotal.core.models import Status
from virustotal.local.run_task import Target
from virustotal.util.hosts import SPECIAL_NAMES, canonical_host
from virustotal.util.readers import clean

#: The digests of nothing that could be a file: they stand where a task must have one and none is known.
PLACEHOLDERS = {"md5": "0" * 32, "sha1": "0" * 40, "sha256": "0" * 64}

#: How analysts write addresses that nobody is to open by accident, and what is meant.
_DEFANGED = (
    (re.compile(r"^(?:hxxp|h\*\*p|meow)(s?)(?=\W)", re.IGNORECASE), r"http\1"),
    (re.compile(r"\[(?:\.|dot)\]|\((?:\.|dot)\)|\{(?:\.|dot)\}", re.IGNORECASE), "."),
    (re.compile(r"\[(:|/|://|:/|@)\]"), r"\1"),
)

_DIGESTS = {len(value): name for name, value in PLACEHOLDERS.items()}
_HEX = re.compile(r"[0-9a-fA-F]+")
_DIGITS_AND_DOTS = re.compile(r"[\d.\u3002\uff0e\uff61]+")
#: Top-level domains that more often end the name of a file, such as a sample that is not in this folder.
_FILE_ENDINGS = frozenset({"mov", "py", "sh", "zip"})


@cache
def _identification() -> Any:
    """Assemblyline's identification, once a process: each one loads models, about 15 MB that are never given back."""
    return forge.get_identify(use_cache=False)


def identify(path: Path) -> dict[str, Any]:
    """Return what Assemblyline's own identification says of a file."""
    with warnings.catch_warnings():
        # Identification leaves a text file for the collector to close.
        warnings.simplefilter("ignore", ResourceWarning)
        info: dict[str, Any] = _identification().fileinfo(str(path), skip_fuzzy_hashes=True, calculate_entropy=False)
    return {name: value for name, value in info.items() if name not in {"ascii", "hex", "entropy"}}


def file_target(path: Path) -> Target:
    """Return the target of a file on disk.

    Raises:
        ValueError: The file is empty, which Assemblyline refuses as well.
    """
    if not path.stat().st_size:
        raise ValueError(f"{clean(path.name, 100)} is an empty file: there is nothing to look up.")
    return Target(path.name, identify(path), path)


def digest_target(digest: str) -> Target:
    """Return the target of a bare MD5, SHA-1 or SHA-256: nothing else is known, and there is nothing to submit."""
    digest = digest.lower()
    digests = {**PLACEHOLDERS, _DIGESTS[len(digest)]: digest}
    return Target(digest, {**digests, "magic": "data", "size": 0, "type": "unknown"})


def uri_target(uri: str, folder: Path) -> Target:
    """Return the target of a URI as the file that Assemblyline makes of one, written to `folder`."""
    path = Path(make_uri_file(str(folder), uri))
    return Target(uri, identify(path), path)


def host_of(text: str) -> str:
    """Return the domain or address that the text is, or an empty text."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return text if "." in text.rstrip(".") and not text.startswith("-") and _is_host(text) else ""


def _is_host(text: str) -> bool:
    if _DIGITS_AND_DOTS.fullmatch(text) and len(re.findall(r"\d+", text)) != 4:
        return False  # a version more likely than the address 1.2.0.3, which 1.2.3 is for browsers
    try:
        return bool(canonical_host(text))
    except ValueError:
        return False


def refang(text: str) -> str:
    """Return a defanged URL, domain or address as it is meant: `http://evil.example` for `hxxp://evil[.]example`.

    A query such as `?q=a(.)b` alone does not make a URL a defanged one.
    """
    address = re.split("[?#]", text)[0]
    if not any(pattern.search(address) for pattern, _ in _DEFANGED):
        return text
    for pattern, meant in _DEFANGED:
        text = pattern.sub(meant, text)
    return text


def existing_file(text: str) -> Path | None:
    """Return the file that the text names, or None."""
    try:
        return path if (path := Path(text)).is_file() else None
    except OSError:  # longer than a file name may be
        return None


def target_of(text: str, folder: Path) -> Target:
    """Return the target that the text names: an existing file first, then a digest, a URL, a domain or an address.

    Args:
        text: As it stands on the command line; what is defanged is read as it is meant.
        folder: Where a URI file may be written.

    Raises:
        ValueError: It is none of them; the message is one sentence.
    """
    if path := existing_file(text):
        return file_target(path)
    if _HEX.fullmatch(text) and len(text) in _DIGESTS:
        return digest_target(text)
    address, name = refang(text), clean(text, 100) or "An empty text"
    if "://" in address:
        subject = url_subject(address)
        if isinstance(subject, Refusal) and subject.status is Status.INVALID:
            raise ValueError(f"{subject.what} is not a URL with a valid host and port.")
        return uri_target(address, folder)
    if host := host_of(address):
        if ending := _unknown_ending(host):
            raise ValueError(f"{name} is no file that exists, and no domain: there is no .{ending}.")
        stem, _, ending = host.rpartition(".")
        if address == text and ending.lower() in _FILE_ENDINGS:
            raise ValueError(f"{name} is no file that exists. If it is a domain, write {clean(stem)}[.]{ending}.")
        return bare_target(host, folder)
    raise ValueError(f"{name} is no file that exists, and no digest, URL, domain or IP address.")


def _unknown_ending(host: str) -> str:
    """Return the last label of a name that no public DNS has, or an empty text.

    Nobody is to learn the name of a file that does not exist here, such as a mistyped `sample.exe`.
    """
    labels = canonical_host(host).split(".")
    if labels[-1].isdecimal() or ":" in labels[-1] or labels[-1].upper() in TLDS_ALPHA_BY_DOMAIN:
        return ""
    return "" if any(".".join(labels[-count:]) in SPECIAL_NAMES for count in (1, 2)) else labels[-1]


def bare_target(host: str, folder: Path) -> Target:
    """Return the target of a domain or address alone: a URI file whose URI is nothing but the host.

    Identification would take it for text, since it has no scheme; so its type is said here.
    """
    path = Path(make_uri_file(str(folder), host))
    uri = {"uri": host, "scheme": "host", "netloc": host, "hostname": host}
    return Target(host, {**identify(path), "type": "uri/host", "uri_info": uri}, path)
