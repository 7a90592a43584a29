"""The kit finds what breaks the contract, and shows findings as text."""

import json
import os
import socket
import subprocess
import sys
import types
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from assemblyline_v4_service.common.result import ResultSection, ResultTableSection, ResultURLSection, TableRow

from virustotal.core import Analyzer, Attachment, Download, Evidence, OntologyPart, Points, Ref
from virustotal.testing import (
    IDS,
    ContractError,
    NetworkError,
    PluginError,
    as_text,
    check,
    evidence,
    examples,
    found,
    no_network,
    obj,
    problems,
    read_report,
    realistic,
    render,
    run,
)

GIVEN = evidence("file", "comments", related=[obj("comment", text="a", votes={"positive": 1})], size=3)


def analyzer(analyze: Callable[[Evidence], Any]) -> Analyzer:
    return Analyzer("mine", "file", "comments", analyze=analyze)


def changing(given: Evidence) -> Iterator[ResultSection]:
    assert given.related is not None
    given.related.items[0].attributes["votes"]["positive"] += 1  # type: ignore[index]
    yield ResultSection("x")


def asking(given: Evidence) -> Iterator[ResultSection]:
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen("http://192.0.2.1/")
    yield ResultSection("x")


_calls = iter(range(1000))


def counting(given: Evidence) -> Iterator[ResultSection]:
    yield ResultSection(f"call {next(_calls)}")


def tagging(given: Evidence) -> Iterator[ResultSection]:
    yield ResultSection("x", tags={"network.static.url": ["http://example.com/"]})


def scoring(given: Evidence) -> Iterator[ResultSection]:
    section = ResultSection("x")
    section.set_heuristic(1)
    yield section


def littering(given: Evidence) -> Iterator[ResultSection]:
    os.environ["X_MINE"] = "x"
    yield ResultSection("x")


def naming(given: Evidence) -> Iterator[OntologyPart]:
    yield OntologyPart("antivirus", {"category": "harmless"})


def nesting(given: Evidence) -> Iterator[ResultSection]:
    top, below = ResultSection("top"), ResultSection("below")
    top.add_subsection(below)
    yield below
    yield top


@pytest.mark.parametrize(
    ("analyze", "message"),
    [
        (changing, "changed its evidence"),
        (asking, r"asked for the network: .*192\.0\.2\.1"),
        (counting, "other findings when it is called again"),
        (tagging, "no tag type 'network.static.url'"),
        (scoring, "scores are given by Points"),
        (naming, "Assemblyline refuses"),
        (nesting, "in another section too"),
        (
            lambda given: [Points("plugin", "x", 1, "x", attack_ids=("T9999",))],
            "ids that Assemblyline does not have: T9",
        ),
        (littering, "changed the environment of the process"),
        (lambda given: [1], "which is no finding"),
        (lambda given: None, "is an iterable of findings, not NoneType"),
        (lambda given: "x", "is an iterable of findings, not str"),
    ],
)
def test_what_breaks_the_contract(analyze: Callable[[Evidence], Any], message: str) -> None:
    given = evidence("file", "comments", related=[obj("comment", text="a", votes={"positive": 1})])
    with pytest.raises(ContractError, match=message):
        run(analyzer(analyze), given)
    assert message.split(":")[0] in check(analyzer(analyze), given)[0] or check(analyzer(analyze), given)


def test_evidence_of_any_depth_is_checked() -> None:
    deep: dict[str, Any] = {"nan": float("nan")}
    for _ in range(20_000):
        deep = {"children": [deep]}

    def deepest(given: Evidence) -> Iterator[ResultSection]:
        below: Any = given.report.subject.attributes["tree"]
        while "children" in below:
            below = below["children"][0]
        below["changed"] = given.report.subject.attributes.get("change")
        if below["changed"] is None:
            del below["changed"]
        yield ResultSection("x")

    assert run(analyzer(deepest), evidence("file", tree=deep))
    with pytest.raises(ContractError, match="changed its evidence"):
        run(analyzer(deepest), evidence("file", tree=deep, change=True))


def test_without_checks_it_is_only_called() -> None:
    assert len(run(analyzer(scoring), GIVEN, check=False)) == 1


def test_an_error_travels_from_run_and_is_a_line_of_check() -> None:
    def failing(given: Evidence) -> Iterator[ResultSection]:
        yield ResultSection("x")
        raise KeyError("attribute")

    with pytest.raises(KeyError):
        run(analyzer(failing), GIVEN)
    assert check(analyzer(failing), GIVEN) == ["mine raised KeyError: 'attribute'"]


def test_values_of_tags_that_virustotal_made_up_break_nothing() -> None:
    def hostile(given: Evidence) -> Iterator[ResultSection]:
        yield ResultSection("x", tags={"network.static.domain": ["not a domain"]})

    assert run(analyzer(hostile), GIVEN)


def test_the_network_is_back_afterwards() -> None:
    with no_network() as tried, pytest.raises(NetworkError):
        socket.create_connection(("192.0.2.1", 80))
    assert tried == ["create_connection ('192.0.2.1', 80)"]
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())


def test_findings_as_text() -> None:
    table = ResultTableSection("Rows (1)", auto_collapse=True)
    table.add_row(TableRow({"name": "a", "count": 2, "deep": {"b": 1}}))
    table.set_column_order(["count", "name", "deep"])
    table.add_tag("network.static.domain", "example.com")
    links = ResultURLSection("Links")
    links.add_url("https://example.com/", "here")
    table.add_subsection(links)
    findings = [
        ResultSection("Text", body="one\ntwo"),
        table,
        Points("plugin", "rows", 5, "There are rows.", table, ("T1059",)),
        Download(Ref("file", "ab"), "file", "x.bin", "A file"),
        Attachment("x.json", "Made", b"{}"),
        OntologyPart("antivirus", {"engine_name": "Acme"}),
    ]
    assert as_text(findings).splitlines() == [
        'section "Text" TEXT',
        "  | one",
        "  | two",
        'section "Rows (1)" TABLE, collapsed',
        "  | count | name | deep",
        '  | 2 | a | {"b": 1}',
        "  tag network.static.domain: example.com",
        '  section "Links" URL',
        "    | here <https://example.com/>",
        'points plugin rows 5 on "Rows (1)" [T1059]: There are rows.',
        "download file of file ab as x.bin (extracted, DYNAMIC): A file",
        "attachment x.json, 2 bytes (supplementary, INFORMATION): Made",
        'ontology antivirus {"engine_name": "Acme"}',
    ]


def test_a_report_from_a_file(tmp_path: Path) -> None:
    domain = {"type": "domain", "id": "example.com", "attributes": {"registrar": "x"}}
    subject = {
        "type": "file",
        "id": "ab" * 32,
        "attributes": {"size": 3},
        "relationships": {"bundled_files": {"data": [{"type": "file", "id": "cd" * 32}], "meta": {"count": 9}}},
    }
    (tmp_path / "file.json").write_text(json.dumps({"data": subject}))
    page = {"data": [domain, {"type": "broken"}], "meta": {"cursor": "more"}}
    (tmp_path / "domains.json").write_text(json.dumps(page))
    report = read_report(tmp_path / "file.json", {"contacted_domains": tmp_path / "domains.json"})
    given = found(report, "contacted_domains")
    assert given.report.subject.attributes == {"size": 3}
    assert given.related is not None
    assert [item.ref.id for item in given.related.items] == ["example.com"]
    assert (given.related.complete, given.related.total) == (False, None)
    assert report.related["bundled_files"].total == 9
    with pytest.raises(ValueError, match="holds no object"):
        read_report(tmp_path / "domains.json")


def test_the_world_is_realistic_and_nobodys() -> None:
    report = realistic("file", "behaviours")
    assert report.report.subject.ref.id == IDS["file"]
    assert report.related is not None
    assert report.related.items[0].attributes
    report.report.subject.attributes["size"] = "changed"  # type: ignore[index]
    assert realistic("file").report.subject.attributes["size"] != "changed"
    assert {example.subject.ref.kind for example in examples()} == {"file", "url", "domain", "ip_address"}
    with pytest.raises(LookupError, match="the world has no comments_of_nobody of it"):
        realistic("file", "comments_of_nobody")


def test_tags_are_those_of_a_result() -> None:
    section = ResultSection("x")
    section.set_tags({"network.static.domain": ["Example.com", "not a domain"], "network.static.ip": ["10.0.0.1"]})
    assert as_text([section]).splitlines()[1:] == [
        "  tag network.static.domain: example.com",
        "  tag network.static.domain: not a domain (left out: not valid)",
        "  tag network.static.ip: 10.0.0.1 (left out: not public)",
    ]


def test_a_finding_is_rendered_as_the_result_has_it() -> None:
    section = ResultSection("Mine", body="said", tags={"network.static.domain": ["example.com", "not a domain"]})
    shown = render([section, Points("static", "mine", 40, "It is mine.", section), Attachment("a.txt", "A", b"x")])
    assert shown.splitlines()[:3] == [
        'section "Mine" TEXT, score 40',
        "  | said",
        "  tag network.static.domain: example.com",
    ]
    assert "How this score came about: 40 points" in shown
    assert "  | analyser: Not valid as tags of the type network.static.domain, and left out: 1." in shown
    page = render([section], html=True)
    assert page.startswith("<!DOCTYPE html>") or "<!DOCTYPE html>" in page[:200]
    assert ">Mine<" in page
    assert "not a domain" not in page
    assert shown.splitlines()[-1] == "attachment a.txt, 1 bytes (supplementary, INFORMATION): A"


HOOKED = """
from attrs import evolve
from virustotal.core import Verdict, hookimpl

@hookimpl
def virustotal_remap(detections, obj):
    ignored = "ours" if obj.ref.id == "remapped.example.com" else ""
    return tuple(evolve(detection, ignored_because=ignored) for detection in detections)

@hookimpl
def virustotal_verdict(obj, detections):
    if obj.ref.id == "wrong.example.com":
        return "malicious"
    return Verdict("malicious", detections, ("Ours.",), 77) if obj.ref.id == "ours.example.com" else None
"""


def test_the_hooks_of_the_plugin_take_part_in_judge() -> None:
    module = types.ModuleType("virustotal_hooked")
    exec(HOOKED, vars(module))
    given = evidence("domain", plugin=module)
    assert given.judge(obj("domain", "ours.example.com")).score == 77
    assert given.judge(obj("domain", "other.example.com")).score == 0
    engines = {name: {"category": "malicious"} for name in ("Acme", "Bolt", "Cog")}
    assert given.judge(obj("domain", "listed.example.com", last_analysis_results=engines)).score == 300
    assert given.judge(obj("domain", "remapped.example.com", last_analysis_results=engines)).score == 0
    assert evidence("domain").judge(obj("domain", "ours.example.com")).score == 0
    with pytest.raises(PluginError, match="virustotal_verdict: TypeError"):
        given.judge(obj("domain", "wrong.example.com"))
    assert problems(module) == []


UNKNOWN = """
from assemblyline_v4_service.common.result import ResultTextSection
from virustotal.core import Analyzer, hookimpl

def analyze(evidence):
    yield ResultTextSection(f"New things: {', '.join(each.ref.id for each in evidence.related.items)}")

@hookimpl
def virustotal_analyzers(settings):
    return [Analyzer("new_things", "domain", "new_things", analyze=analyze)]
"""


def test_the_emulator_answers_for_a_relationship_that_a_test_records(
    virustotal_task: Any, virustotal_emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("virustotal_new_things")
    exec(UNKNOWN, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    thing = {"type": "thing", "id": "thing-1", "attributes": {"name": "x"}}
    subject = virustotal_emulator.store.get("domain", "example.com")
    virustotal_emulator.store.put({**subject, "type": "domain", "id": "example.com"}, {"new_things": [thing]})
    outcome = virustotal_task("example.com", plugin=module, relationships="new_things", analyze_relationship=True)
    assert not outcome.error, outcome.message
    assert "New things: thing-1" in [section["title_text"] for section in outcome.sections]


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", "-m", "pytest", "-p", "virustotal.pytest_plugin", "-p", "no:cacheprovider", "-q"]
    command += [f"--basetemp={folder / 'base'}"]
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)


WATCHING = """
import os, sys
WRITTEN = []

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        WRITTEN.append(arguments[0])
    elif event in ("os.mkdir", "sqlite3.connect") and isinstance(arguments[0], str):
        WRITTEN.append(arguments[0])

sys.addaudithook(watch)

def pytest_sessionfinish(session):
    import pathlib
    base = str(session.config._tmp_path_factory.getbasetemp())
    outside = [path for path in WRITTEN if not os.path.realpath(path).startswith((base, os.getcwd(), "/dev/"))]
    pathlib.Path("outside.txt").write_text(f"{len(WRITTEN) > 5} {outside}")
"""
TESTS = """
def test_snapshot(virustotal_approved):
    virustotal_approved("some text")

def test_emulator(virustotal_emulator):
    import urllib.request
    request = urllib.request.Request(virustotal_emulator.url + "/api/v3/domains/example.com",
                                     headers={"x-apikey": "premium-key"})
    assert b"example.com" in urllib.request.urlopen(request).read()

def test_task(virustotal_task):
    found = virustotal_task("example.com")
    assert not found.error
    assert found.sections
"""


def test_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(WATCHING)
    approving = run_pytest(tmp_path, "--virustotal-approve")
    assert "3 passed" in approving.stdout, approving.stdout + approving.stderr
    assert (tmp_path / "outside.txt").read_text() == "True []"
    assert (tmp_path / "approved" / "test_snapshot.txt").read_text() == "some text\n"
    changed = (
        TESTS.replace("some text", "other text")
        + "\ndef test_new(virustotal_approved):\n    virustotal_approved('new')"
    )
    (tmp_path / "test_mine.py").write_text(changed)
    stdout = run_pytest(tmp_path, "-k", "snapshot or new").stdout
    assert "2 failed" in stdout
    assert "nothing is approved yet" in stdout
    assert "other text" in stdout


def test_the_fixtures_cost_nothing_where_nobody_asks() -> None:
    code = (
        "import sys, os, virustotal.pytest_plugin;"
        "heavy = {name for name in sys.modules if name.startswith(('assemblyline', 'virustotal.'))};"
        "print(sorted(heavy), 'SERVICE_MANIFEST_PATH' in os.environ)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={}, check=True)
    assert done.stdout.strip() == "['virustotal.pytest_plugin'] False"
