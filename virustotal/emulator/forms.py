"""Multipart forms of uploads: read as they come, hashed and forgotten, so that no size matters to the memory."""

import hashlib
import re

from aiohttp import BodyPartReader, MultipartReader, web
from attrs import define, field

from virustotal.emulator.analyses import Content
from virustotal.emulator.errors import bad_request

_HEAD = 65_536
_PIECE = 1 << 18
_FILE_NAME = re.compile(r'filename="([^"]*)"')


@define
class Form:
    """What a multipart form held; ``too_large`` where it went above the limit."""

    content: Content | None = None
    fields: dict[str, str] = field(factory=dict)
    too_large: bool = False


async def read_form(http: web.Request, limit: int) -> Form:
    """Read a form as it comes; a file is hashed and forgotten."""
    if not http.content_type.startswith("multipart/"):
        raise bad_request("Content-Type must be multipart/form-data")
    form = Form()
    try:
        async for part in await http.multipart():
            if part is None or isinstance(part, MultipartReader):
                raise bad_request("Nested multipart is not supported")
            if part.name == "file" or part.filename is not None:
                await _read_file(part, limit, form)
            elif part.name:
                form.fields[part.name] = (await part.read(decode=True)).decode("utf-8", "replace")
    except ValueError as error:
        raise bad_request(f"Malformed multipart body: {error}") from None
    return form


async def _read_file(part: BodyPartReader, limit: int, form: Form) -> None:
    disposition = part.headers.get("Content-Disposition", "")
    digests = [hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False), hashlib.sha256()]
    size, head = 0, b""
    while piece := await part.read_chunk(_PIECE):
        size += len(piece)
        head = head if len(head) >= _HEAD else (head + piece)[:_HEAD]
        if size <= limit:
            for digest in digests:
                digest.update(piece)
    if "filename*" in disposition:
        raise bad_request("The extended filename*= form is not supported")
    name = _FILE_NAME.search(disposition)
    if part.name != "file" or name is None:
        raise bad_request('A "file" field with a file name is needed')
    form.too_large = size > limit
    md5, sha1, sha256 = (digest.hexdigest() for digest in digests)
    form.content = Content(md5, sha1, sha256, size, head, name[1])
