"""A task's outcome as one HTML file: no scripts, no network, readable in any browser and on paper."""

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from virustotal.core.scoring.words import score_word
from virustotal.local.run_task import TaskOutcome
from virustotal.rendering.relationship_graph import picture
from virustotal.rendering.result_data import attached_files, section_tree
from virustotal.rendering.section_parts import Image
from virustotal.util.readers import as_mapping, as_text

#: First bytes of the pictures that are inlined; the platform makes WebP of them. SVG, a document of its own, is not.
_MAGIC: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"BM": "image/bmp",
}
#: Bytes of one inlined picture, and of all.
MOST_IMAGE, MOST_IMAGES = 5 * 2**20, 30 * 2**20


class _Inliner:
    """Turns pictures into `data:` addresses, as long as there is room."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files
        self._left = MOST_IMAGES

    def address(self, image: Image) -> str:
        """Return the address of a picture; empty for one that is not there, too large or of another format."""
        for path in filter(None, map(self._files.get, image.digests)):
            if path.stat().st_size > min(MOST_IMAGE, self._left):
                continue
            content = path.read_bytes()
            for magic, kind in _MAGIC.items():
                if content.startswith(magic):
                    self._left -= len(content)
                    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
        return ""


def html_report(name: str, outcome: TaskOutcome) -> str:
    """Return the outcome as HTML.

    Args:
        name: The target's name.
        outcome: With the files of the result, for its pictures.
    """
    response = as_mapping(outcome.stored.get("response"))
    return (
        _environment()
        .get_template("report.html")
        .render(
            name=as_text(name),
            score=outcome.score,
            level=score_word(outcome.score),
            partial=outcome.partial,
            sha256=as_text(outcome.stored.get("sha256")),
            created=as_text(outcome.stored.get("created")),
            version=as_text(response.get("service_tool_version")),
            sections=section_tree(outcome.sections),
            picture=picture(as_text(name), outcome.sections),
            files=[{"kind": kind, **file} for kind, files in attached_files(outcome) for file in files],
            image_address=_Inliner(outcome.files).address,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("virustotal.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["kind"] = lambda part: type(part).__name__
    environment.filters["slug"] = lambda level: level.replace(" ", "-")
    environment.filters["is_web"] = _is_web
    environment.filters["longest_word"] = lambda text: max(map(len, text.split()), default=0)
    return environment


def _is_web(address: str) -> bool:
    """Whether a browser may be given the address as a link: of the web, with a host."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
