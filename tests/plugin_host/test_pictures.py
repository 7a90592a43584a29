"""Pictures of a plugin stand under its own section; an attachment that is too large costs only itself."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plugin_host.conftest import announce

SOURCE = """
import io
from PIL import Image
from assemblyline_v4_service.common.result import ResultTextSection
from virustotal.core import Analyzer, Attachment, Role, hookimpl

def analyze(evidence):
    yield Attachment("large.bin", "Too large.", data=bytes(16 * 2**20 + 1))
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    {section}
    yield Attachment("drawn.png", "What it drew.", data=picture.getvalue(), role=Role.IMAGE)

@hookimpl
def virustotal_analyzers(settings):
    return [Analyzer("drawing", "domain", analyze=analyze)]
"""


@pytest.mark.parametrize("section", ["yield ResultTextSection('Drawing')", "pass"])
def test_a_picture_stands_under_the_section_of_its_plugin(
    section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, virustotal_task: Any
) -> None:
    announce(tmp_path, "drawing", source=SOURCE.format(section=section))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "virustotal_drawing", raising=False)
    result = virustotal_task("example.com")
    assert not result.error, result.message
    titles = [(row["title_text"], row["depth"]) for row in result.sections]
    (picture,) = [place for place, (title, _) in enumerate(titles) if title == "Pictures (1)"]
    assert titles[picture][1] == titles[0][1] + (section != "pass")
    if section != "pass":
        assert titles[picture - 1][0] == "Drawing"
        assert titles[picture - 1][1] == titles[picture][1] - 1
    assert result.sections[picture]["body_format"] == "IMAGE"
    assert "drawing: The attachment large.bin was left out: 16777217 bytes" in json.dumps(result.sections)
    assert "Analysers that failed" not in json.dumps(result.sections)
