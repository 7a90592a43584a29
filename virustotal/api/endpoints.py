"""The requests that this service makes, each as a value.

See https://docs.virustotal.com/reference/relationships and https://docs.virustotal.com/reference/overview.
"""

import json
import re
from collections.abc import Mapping

from virustotal.api.identifiers import COLLECTIONS, segment, valid_id
from virustotal.api.source import Request, Save, Upload
from virustotal.core.errors import InvalidError
from virustotal.core.models import Ref

#: The most objects of one page of a relationship; more is refused by the API.
PAGE = 40
#: Bytes that POST /files takes; larger ones go to an upload address, up to LARGEST_UPLOAD.
LARGEST_DIRECT = 32 * 2**20
LARGEST_UPLOAD = 650 * 2**20

Pairs = tuple[tuple[str, str], ...]

#: The name of a relationship.
NAME = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
#: The kinds of downloads: the kind of object that owns each, and its name in the address.
ARTEFACTS: Mapping[str, tuple[str, str]] = {
    "evtx": ("file_behaviour", "evtx"),
    "pcap": ("file_behaviour", "pcap"),
    "memdump": ("file_behaviour", "memdump"),
    "html": ("file_behaviour", "html"),
    "dom": ("url_behaviour", "dom"),
    "screenshot": ("url_behaviour", "screenshot"),
    "file": ("file", "download"),
}


def _path(ref: Ref) -> str:
    if ref.kind not in COLLECTIONS:
        raise InvalidError(f"VirusTotal has no look-up of a {ref.kind}.", code="LocalInvalidKind")
    return f"/{COLLECTIONS[ref.kind]}/{segment(ref.kind, ref.id)}"


def _name(relationship: str) -> str:
    if not NAME.fullmatch(relationship):
        raise InvalidError("This is not the name of a relationship.", code="LocalInvalidName")
    return relationship


def object_request(ref: Ref, relationships: tuple[str, ...] = (), query: Pairs = ()) -> Request:
    """Ask for an object, with a first page of descriptors of each named relationship, in one request."""
    names = ",".join(map(_name, relationships))
    return Request("GET", _path(ref), ((("relationships", names),) if names else ()) + query)


def relationship_page(ref: Ref, relationship: str, cursor: str = "", limit: int = PAGE, query: Pairs = ()) -> Request:
    """Ask for one page of whole objects of a relationship. `limit` is cut to what the API takes."""
    return Request("GET", f"{_path(ref)}/{_name(relationship)}", _page(cursor, limit) + query)


def _page(cursor: str, limit: int) -> Pairs:
    return (("limit", str(max(1, min(limit, PAGE)))),) + ((("cursor", cursor),) if cursor else ())


def analysis(id: str) -> Request:
    """Ask for the state of an analysis."""
    return Request("GET", _path(Ref("analysis", id)))


def overall_quotas(user: str) -> Request:
    """Ask for the quotas of a user, or of the owner of an API key. Free; the path then holds the key: never log it."""
    return Request("GET", f"/users/{segment('user', user)}/overall_quotas")


def user(key: str) -> Request:
    """Ask for the owner of an API key. Free; the path holds the key: never log it."""
    return Request("GET", f"/users/{segment('user', key)}")


def upload_url() -> Request:
    """Ask for the address that a file above LARGEST_DIRECT goes to; it works once."""
    return Request("GET", "/files/upload_url")


def upload_file(upload: Upload, address: str = "") -> Request:
    """Submit a file: directly up to LARGEST_DIRECT, to an upload address up to LARGEST_UPLOAD; the source checks it."""
    return Request("POST", "" if address else "/files", upload=upload, address=address)


def submit_url(url: str) -> Request:
    """Submit a URL."""
    return Request("POST", "/urls", form=(("url", url),))


def analyse(ref: Ref) -> Request:
    """Ask for a new analysis of a known object."""
    return Request("POST", f"{_path(ref)}/analyse")


def delete_file(ref: Ref) -> Request:
    """Delete a private file and its reports (https://docs.virustotal.com/reference/private-files-api)."""
    return Request("DELETE", _path(ref))


def make_zip(sha256: str) -> Request:
    """Ask for a ZIP archive of one private file (https://docs.virustotal.com/reference/private-files-api)."""
    return Request("POST", "/zip_files", document=json.dumps({"data": {"hashes": [valid_id("file", sha256)]}}))


def zip_file(id: str) -> Request:
    """Ask for the state of a ZIP archive."""
    return Request("GET", f"/zip_files/{segment('zip_file', id)}")


def download_zip(id: str, save: Save) -> Request:
    """Fetch a ZIP archive to disk."""
    return Request("GET", f"{zip_file(id).path}/download", save=save)


def artefact(ref: Ref, kind: str, save: Save) -> Request:
    """Fetch an artefact to disk: `evtx`, `pcap`, `memdump`, `html` of a `file_behaviour`, `file` of a file.

    Of a `url_behaviour`: `dom`, `screenshot`, whose addresses are not documented.
    """
    owner, name = ARTEFACTS.get(kind, ("", ""))
    if ref.kind != owner:
        raise InvalidError(f"A {ref.kind} has no artefact {kind}.", code="LocalInvalidKind")
    return Request("GET", f"{_path(ref)}/{name}", save=save)


def linked(address: str, save: Save) -> Request:
    """Fetch a signed address, such as a screenshot's, to disk. The key is not sent along."""
    return Request("GET", "", save=save, address=address)
