"""What a person sees of a whole result stays within bounds; all of them stand here.

The pages are the recorded answers (skipped where there are none) and the emulator's world.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from assemblyline_v4_service.common.result import Result

from tests.conftest import REPORTS, of_each
from virustotal.core.models import Report
from virustotal.core.plugin_host.manager import load
from virustotal.core.plugin_host.runner import analyse
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import PluginConfig, Settings
from virustotal.core.table_fit import CHARACTER, LONGEST_CELL, MOST_COLUMNS, PADDING, PAGE_WIDTH
from virustotal.plugins import BUILTIN
from virustotal.result.layout import SubjectResult, compose
from virustotal.testing import examples, read_report

#: Sections of the first level, those of them that are open, and all of a result.
MOST_FIRST_LEVEL, MOST_OPEN, MOST_SECTIONS = 18, 12, 220
#: Characters of a result that are seen at first, of one title, and of all bodies.
MOST_SEEN, LONGEST_TITLE, LONGEST_RESULT = 12_000, 200, 600_000
#: What may be open at first, by the beginning of the title; titles of subjects are the first section.
OPEN = (
    *("Detections", "Verdict", "Related objects flagged by engines", "Malware configuration", "Google Threat"),
    *(
        "Crowdsourced Sigma rules",
        "Crowdsourced IDS rules",
        "Verdicts of sandboxes",
        "Verdicts in reports of sandboxes",
    ),
    *("IDS alerts in sandboxes", "Sigma rules in sandboxes", "Signatures in sandboxes", "Notes"),
)

SETTINGS = Settings(analyze_relationship=True, plugins=PluginConfig(external=False))
PLUGINS = load(BUILTIN, SETTINGS)
KINDS = ("file", "feed_file", "url", "feed_url", "domain", "feed_domain", "ip_address", "feed_ip_address")
CHM = {
    "behaviours": "behaviours/chm-413d0aac-ui.json",
    **{
        name: f"rel_file/{name}-chm-413d0aac-ui.json"
        for name in ("bundled_files", "contacted_domains", "contacted_ips", "execution_parents")
    },
}


def pages() -> Iterator[tuple[str, Any]]:
    """Yield the name of each page and what makes its report."""
    for kind in KINDS:
        for path in sorted((REPORTS / kind).glob("*.json")) if REPORTS.is_dir() else ():
            related = {name: REPORTS / file for name, file in CHM.items()} if path.stem == "chm-413d0aac-ui" else {}
            yield f"{kind}/{path.stem}", (path, related)
    for report in examples():
        yield f"{report.subject.ref.kind} {report.subject.ref.id}", report


PAGES = dict(pages())
EACH_PAGE = of_each([(page,) for page in PAGES])


def report_of(page: str) -> Report:
    """Return the report of a page."""
    source = PAGES[page]
    return source if isinstance(source, Report) else read_report(Path(source[0]), source[1])


@cache
def sections(page: str) -> list[dict[str, Any]]:
    """Return the final sections of a page."""
    report = report_of(page)
    outputs = analyse(report, PLUGINS, SETTINGS, lambda obj: judge(obj, SETTINGS), time.monotonic() + 60)
    assert not [output.error for output in outputs if output.error]
    result = Result()
    verdict = judge(report.subject, SETTINGS)
    for section in compose([SubjectResult(report, verdict=verdict, contributions=outputs)], SETTINGS).sections:
        result.add_section(section)
    final: list[dict[str, Any]] = result.finalize()["sections"]
    return final


def seen(page: str) -> Iterator[dict[str, Any]]:
    """Yield the sections that are not inside of a closed one."""
    closed = 99
    for section in sections(page):
        if section["depth"] <= closed:
            closed = section["depth"] if section["auto_collapse"] else 99
            yield section


def title(section: dict[str, Any]) -> str:
    return str(section["title_text"])


def text(section: dict[str, Any]) -> str:
    """Return a body, without the escapes of JSON."""
    body = section["body"] or ""
    return body if section["body_format"] == "TEXT" else json.dumps(json.loads(body), ensure_ascii=False)


def rows(section: dict[str, Any]) -> list[dict[str, Any]]:
    body = json.loads(section["body"]) if section["body_format"] == "TABLE" else []
    return list(body)


@EACH_PAGE
def test_bounds_of_a_page(page: str) -> None:
    first = [section for section in sections(page) if section["depth"] == 0]
    opened = [section for section in seen(page) if not section["auto_collapse"]]
    assert len(first) <= MOST_FIRST_LEVEL
    assert len(opened) <= MOST_OPEN, list(map(title, opened))
    assert len(sections(page)) <= MOST_SECTIONS
    assert not [name for name in map(title, opened[1:]) if not name.startswith(OPEN)]
    assert sum(len(section["body"] or "") for section in opened) <= MOST_SEEN
    assert sum(len(section["body"] or "") for section in sections(page)) <= LONGEST_RESULT
    assert all(0 < len(title(section)) <= LONGEST_TITLE for section in sections(page))


@EACH_PAGE
def test_scored_sections_stand_alone(page: str) -> None:
    scored = [section for section in sections(page) if (section["heuristic"] or {}).get("score_map")]
    assert len(set(map(title, scored))) == len(scored)
    assert not [title(section) for section in scored if not section["body"]]


@EACH_PAGE
def test_no_section_opens_to_nothing(page: str) -> None:
    final = sections(page)
    for section, after in zip(final, [*final[1:], {"depth": 0}], strict=True):
        assert section["body"] or after["depth"] > section["depth"], title(section)


@EACH_PAGE
def test_tables_fit_the_page(page: str) -> None:
    for section in sections(page):
        columns = list(dict.fromkeys(name for row in rows(section) for name in row))
        assert len(columns) <= MOST_COLUMNS, title(section)
        for name in columns:
            cells = [str(row.get(name, "")) for row in rows(section)]
            assert any(cells), (title(section), name)
            assert max(map(len, cells)) <= LONGEST_CELL, (title(section), name)
        words = [
            max(map(len, re.findall(r"[\w.:]+", " ".join(str(row.get(name)) for row in rows(section)))), default=0)
            for name in columns
        ]
        width = sum(words) * CHARACTER + PADDING * len(columns)
        assert width <= PAGE_WIDTH, (title(section), dict(zip(columns, words, strict=True)))


SENTENCE = re.compile(r"[A-Z][^.\n|\"]{30,}[a-z)]\.(?=\s|\"|$)")


@EACH_PAGE
def test_no_sentence_of_ours_stands_twice(page: str) -> None:
    """Whole texts below a table repeat its cells, and the explanation of the score what it explains."""
    shown = [section for section in sections(page) if not title(section).endswith(": details")]
    bodies = [text(section) for section in shown if not title(section).startswith("How this score came about")]
    counts = Counter(sentence for body in bodies for sentence in set(SENTENCE.findall(body)))
    twice = [sentence for sentence, count in counts.items() if count > 1]
    report = repr(report_of(page)).replace("\\n", " ") if twice else ""
    assert not [sentence for sentence in twice if sentence.rstrip(".") not in report]
