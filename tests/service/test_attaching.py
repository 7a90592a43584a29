"""What cannot be attached is said, and costs nothing else."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from virustotal.core.findings import Attachment, Download, Role
from virustotal.core.lookup.downloads import DownloadOutcome
from virustotal.core.models import FOUND, Ref
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.platform.attachments import LARGEST_SIDE, Attachments


def request_in(folder: Path, **changes: Any) -> Any:
    added: list[str] = []

    def add(path: str, name: str, description: str, parent_relation: str) -> bool:
        added.append(name)
        return Path(path).stat().st_size > 0

    given = {"_working_directory": str(folder), "max_extracted": 2, "extracted": added, "added": added}
    return SimpleNamespace(**{**given, "add_extracted": add, "add_supplementary": add, **changes})


def made(*attachments: Attachment) -> AnalyzerOutput:
    return AnalyzerOutput("mine", "mine 1", external=True, attachments=attachments)


def test_bytes_are_written_and_attached(tmp_path: Path) -> None:
    attacher = Attachments(request_in(tmp_path))
    attacher.made(made(Attachment("a_b.json", "what it is", data=b"{}"), Attachment("b", "", data=b"x")))
    assert attacher.request.added == ["a_b.json", "b"]
    assert attacher.room == 0
    assert attacher.notes == []


def test_a_full_disk_costs_the_attachment(tmp_path: Path) -> None:
    attacher = Attachments(request_in(tmp_path / "absent"))
    attacher.made(made(Attachment("a.json", "what it is", data=b"{}")))
    assert attacher.request.added == []
    assert "a.json was not attached" in attacher.notes[0]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_picture_that_is_none_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture"
    path.write_bytes(content)
    attacher = Attachments(request_in(tmp_path))
    download = Download(Ref("screenshot", "x"), "screenshot", "a.png", "-", role=Role.IMAGE)
    attacher.fetched([DownloadOutcome(download, FOUND, path)])
    assert attacher.pictures() == {}
    assert "a.png cannot be shown" in attacher.notes[0]


def test_a_picture_of_too_many_pixels_is_not_read(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "large.png"
    Image.new("1", (LARGEST_SIDE + 1, 1)).save(path)
    attacher = Attachments(request_in(tmp_path))
    download = Download(Ref("screenshot", "x"), "screenshot", "a.png", "-", role=Role.IMAGE)
    attacher.fetched([DownloadOutcome(download, FOUND, path)])
    assert attacher.pictures() == {}
    assert "pixels" in attacher.notes[0]


def test_pictures_of_one_name_stay_with_their_plugin(tmp_path: Path) -> None:
    wanted = [
        Download(
            Ref("url_behaviour", id), "screenshot", "a.png", "-", role=Role.IMAGE, link=f"https://example.com/{id}"
        )
        for id in "xy"
    ]
    renamed = [wanted[0], evolve(wanted[1], name="a_2.png")]
    attacher = Attachments(request_in(tmp_path))
    outcomes = [DownloadOutcome(download, FOUND, tmp_path / "picture") for download in renamed]
    attacher.fetched(outcomes, [AnalyzerOutput("mine", "mine 1", external=True, downloads=tuple(wanted))])
    assert {name: [file.name for file in files] for name, files in attacher.drawn.items()} == {
        "mine": ["a.png", "a_2.png"]
    }
