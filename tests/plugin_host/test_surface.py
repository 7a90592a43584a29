"""The public surface, pinned: a change here is a change of HOOK_API, or a field with a default at the end."""

import functools
import inspect
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.plugin_host.broken import Broken
from tests.plugin_host.test_docs import API
from tests.test_contract import PUBLIC
from virustotal import core
from virustotal.core import HOOK_API, Analyzer, Evidence, Object, Ref, Related, Report, Verdict
from virustotal.core.settings import Settings
from virustotal.core.settings.submission_params import credentials
from virustotal.template import KINDS, write

#: Exported name -> its fields in order; "=" marks those that have a default.
CLASSES: Mapping[str, str] = {
    "About": "ref value relationship= detections= threat= tag= level=",
    "Analyzer": "name kind relationship= analyze needs= wanted= order= summary= api=",
    "Attachment": "name description data= path= role= relation=",
    "Detection": "engine category result= version= update= score= ignored_because= remapped_because=",
    "Download": "ref kind name description role= relation= magic= sha256= link=",
    "Evidence": "report related settings judge",
    "Needs": "attributes=",
    "Object": "ref attributes= context= links= whole= error=",
    "OntologyPart": "kind data",
    "Outcome": "status detail=",
    "Points": "family name amount reason section= attack_ids= about=",
    "Ref": "kind id",
    "Report": "subject related= outcome=",
    "Related": "relationship items= outcome= total= complete= detailed= cursor=",
    "Verdict": "level= detections= reasons= score= counts= trusted_by=",
}
HOOKS: Mapping[str, tuple[str, ...]] = {
    "virustotal_analyzers": ("settings",),
    "virustotal_remap": ("detections", "settings", "obj"),
    "virustotal_verdict": ("obj", "detections", "settings"),
}


#: Exported beside the classes with fields.
OTHERS = ("ANY", "AvConfig", "Family", "Finding", "HOOK_API", "Level", "Role", "Settings", "Status", "hookimpl")
#: Public module -> what it exports.
MODULES: Mapping[str, str] = {
    "assemblyline": (
        "Indicator attack_name current_id indicator is_tag_type known_ids ontology_problem tactics tag_value"
    ),
    "certificates": "alternative_names distinguished facts public_key tags",
    "noise": "is_noise_address is_noise_command is_noise_file is_noise_host is_noise_mutex is_noise_registry_key",
    "readers": (
        "EMPTY_DIGESTS LONGEST_TEXT as_list as_mapping as_mappings as_text as_texts boolean clean date day distinct "
        "host_of integer moment named_counts number pairs quantity safe_name timestamp whole_text"
    ),
    "relationships": "CATALOGUE KINDS Family Licence Relationship find of_kind",
    "tables": "MOST_IN_CELL MOST_ROWS brief counted further_attributes key_values lines listed page table",
    "threats": (
        "ACTOR CAMPAIGN FAMILY REPORT THREAT_KINDS TOOLKIT VULNERABILITY cve_id exploitation exploited threat_kind"
    ),
    "verdicts": (
        "ANSWERED BAD COUNTED_ATTRIBUTES HOST_KINDS MALICIOUS MOST_FAMILIES NOT_ANALYSED POPULAR_RANK SUSPICIOUS "
        "THRESHOLDS UNWANTED_POINTS UNWANTED_WORDS agreed_labels analyst_verdict attribution_tags best_rank "
        "category_of counters counts_text detection_ratio detections family_names headline is_family level_of "
        "needed_hits opinions ratio score_word stale_days trusted_by unwanted_word verdict_word verdict_words"
    ),
    "whois": "rdap_facts whois_facts whois_map_facts",
}


def test_names() -> None:
    assert HOOK_API == 1
    assert sorted(core.__all__) == sorted([*CLASSES, *OTHERS])
    public = {name for name in vars(core) if not name.startswith("_") and not inspect.ismodule(vars(core)[name])}
    assert public == set(core.__all__)


def test_public_modules() -> None:
    assert sorted(f"virustotal.core.{name}" for name in MODULES) == sorted(PUBLIC)
    assert sorted(module.__name__ for module in API.MODULES) == sorted(PUBLIC)
    for module in API.MODULES:
        assert " ".join(module.__all__) == MODULES[module.__name__.rpartition(".")[2]]


@pytest.mark.parametrize("name", CLASSES)
def test_fields(name: str) -> None:
    fields = attrs.fields(getattr(core, name))
    found = [field.name + ("" if field.default is attrs.NOTHING else "=") for field in fields]
    assert " ".join(found) == CLASSES[name]


def test_hook_arguments() -> None:
    assert {name: tuple(inspect.signature(hook).parameters) for name, hook in API.hooks().items()} == HOOKS


def test_values_are_frozen() -> None:
    for name in CLASSES:
        assert getattr(core, name).__setattr__ is not object.__setattr__, name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Ref("file", "x").id = "y"  # type: ignore[misc]
    assert Analyzer("a", "file", analyze=lambda _: ()) != Analyzer("a", "file", analyze=lambda _: ())


#: The key that the fixture gives the service.
KEY = "premium-key"


def reachable(start: Any, depth: int = 15) -> dict[int, Any]:
    """Everything that a value leads to: attributes, items, slots, closures, bound and partial functions."""
    seen: dict[int, Any] = {}
    todo = [(start, 0)]
    while todo:
        value, level = todo.pop()
        if id(value) in seen or level > depth or inspect.ismodule(value) or isinstance(value, type):
            continue
        seen[id(value)] = value
        todo += [(each, level + 1) for each in below(value)]
    return seen


def below(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from (*value.keys(), *value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif inspect.isfunction(value):
        yield from (cell.cell_contents for cell in value.__closure__ or ())
    elif isinstance(value, functools.partial):
        yield from (value.func, value.args, value.keywords)
    elif inspect.ismethod(value):
        yield from (value.__self__, value.__func__)
    else:
        yield from vars(value).values() if hasattr(value, "__dict__") else ()
        for cls in type(value).__mro__:
            names = vars(cls).get("__slots__", ())
            yield from (getattr(value, name) for name in names if hasattr(value, name))


def test_the_key_is_not_within_reach(on_path: Callable[[str], Broken], virustotal_task: Any) -> None:
    assert [each for each in reachable(credentials({"api_key": KEY}, {})).values() if each == KEY]
    on_path("spy")
    result = virustotal_task(
        "44d88612fea8a8f36de82e1278abb02f", relationships="contacted_domains", analyze_relationship=True
    )
    assert not result.error, result.message
    (evidence,) = sys.modules["virustotal_spy"].seen
    values = reachable(evidence)
    assert id(evidence.settings) in values
    assert [each for each in values.values() if each == "contacted_domains"]
    assert len(values) > 500
    assert not [each for each in values.values() if isinstance(each, str | bytes) and KEY in str(each)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_of_a_new_plugin(kind: str, tmp_path: Path) -> None:
    files = write("mine", tmp_path, kind=kind)
    assert {path.relative_to(tmp_path / "virustotal-mine").as_posix() for path in files} == {
        ".github/workflows/ci.yml",
        ".gitignore",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "tests/test_plugin.py",
        "tests/test_virustotal_mine.py",
        "virustotal_mine.py",
    }
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "$" not in text.replace("$ ", "").replace("${{ vars.", ""), path
        if path.suffix == ".py":
            compile(text, str(path), "exec")
    project = tomllib.loads((tmp_path / "virustotal-mine" / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "virustotal-mine"


@pytest.mark.parametrize(
    ("name", "chosen", "message"),
    [
        ("Mine", {}, "no name"),
        ("a--b", {}, "no name"),
        ("../x", {}, "no name"),
        ("1st", {}, "no name"),
        ("mine", {"relationship": "no_such"}, "no relationship of a file with objects; there are analyses"),
        ("mine", {"subject": "collection"}, "no kind of subject"),
        ("mine", {"kind": "wrapper"}, "no kind of plugin; there are relationship, attributes"),
        ("mine", {"kind": "remap", "relationship": "comments"}, "reads no relationship"),
        ("mine", {"kind": "download", "relationship": "comments"}, "no relationship of a file with files"),
        ("mine", {"kind": "unknown-relationship", "relationship": "comments"}, "is known to the service"),
        ("mine", {"kind": "unknown-relationship", "relationship": "a b"}, "no name of a relationship"),
        ("contacted-domains", {}, "name of a built-in"),
    ],
)
def test_what_no_template_is_written_for(tmp_path: Path, name: str, chosen: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write(name, tmp_path, **chosen)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "virustotal-mine").mkdir()
    with pytest.raises(FileExistsError):
        write("mine", tmp_path)


def test_evidence_can_be_made_by_hand() -> None:
    related = Related("comments", (Object(Ref("comment", "x"), {"text": "y"}),))
    subject = Object(Ref("file", "x"))
    evidence = Evidence(Report(subject, {"comments": related}), related, Settings(), lambda _: Verdict())
    assert evidence.judge(subject).level == "unknown"
