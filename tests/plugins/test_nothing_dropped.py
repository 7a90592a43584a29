"""No attribute of an answer is dropped: it is shown, or it is counted as not shown."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve

from tests.conftest import load, of_each
from tests.plugins.relationships.test_all import IDS, SAMPLES
from virustotal.api.decoding import decode_page
from virustotal.api.relationships import CATALOGUE, KINDS
from virustotal.core import Object, Ref, Related, Report
from virustotal.core.plugin_host.manager import load as load_plugins
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import PluginConfig, Settings
from virustotal.core.tables import LONGEST_FURTHER
from virustotal.plugins import BUILTIN
from virustotal.result.models import SubjectResult
from virustotal.result.subject_header import subject_header
from virustotal.testing import as_text, found, run

SETTINGS = Settings(plugins=PluginConfig(external=False), analyze_relationship=True)
REGISTRY = load_plugins(BUILTIN, SETTINGS).registry
BEHAVIOUR = {"sandbox_name": "Sandbox", "files_opened": ["a.txt"]}
NAME, VALUE = "invented_fact", "zebra-4711"
PLACES = sorted(CATALOGUE) + [(kind, "gadgets_of_tomorrow") for kind in KINDS]
EACH_PLACE = of_each([(place,) for place in PLACES])


def shown(kind: str, name: str, items: Iterable[Object], **given: Any) -> str:
    """All that the analysers of a relationship show."""
    related = Related(name, tuple(items), **given)
    report = Report(Object(Ref(kind, IDS.get(kind, "a" * 64))), MappingProxyType({name: related}))
    findings = (run(analyzer, found(report, name, SETTINGS), check=False) for analyzer in REGISTRY.find(kind, name))
    return "\n".join(map(as_text, findings))


def shown_of_subject(subject: Object) -> str:
    """All that the analysers of a subject show, and the first section of the result."""
    report = Report(subject)
    evidence = found(report, "", SETTINGS)
    findings = [run(analyzer, evidence, check=False) for analyzer in REGISTRY.find(subject.ref.kind)]
    result = SubjectResult(report, verdict=judge(subject, SETTINGS))
    header = subject_header(result, SETTINGS, datetime(2025, 1, 1, tzinfo=UTC), 0)
    return "\n".join((str(header.title_text), str(header.section_body._data), *map(as_text, findings)))


def item(kind: str, attributes: Mapping[str, Any], place: int = 0) -> Object:
    known = {**SAMPLES, "file_behaviour": BEHAVIOUR}.get(kind, {})
    id = IDS.get(kind, f"{kind}-1") if not place else f"{place:064x}"
    return Object(Ref(kind, id), {**known, **attributes}, {"url": "http://example.com/y"} if kind == "url" else {})


def named(text: str, name: str = NAME) -> bool:
    """True if an attribute is named, as it is or as words."""
    return name in text or name.replace("_", " ") in text


def kinds(place: tuple[str, str]) -> tuple[str, ...]:
    entry = CATALOGUE.get(place)
    return (*(entry.yields if entry else ()), "thing")


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_subject(kind: str) -> None:
    text = shown_of_subject(item(kind, {NAME: VALUE, "invented_list": [{"a": "b"}], "invented_number": 4711}))

    assert all(named(text, name) for name in (NAME, VALUE, "invented_list", "invented_number"))


@EACH_PLACE
def test_of_a_related_object(place: tuple[str, str]) -> None:
    for kind in kinds(place):
        invented = item(kind, {NAME: VALUE})
        page = shown(*place, (invented,))
        in_line = shown(*place, (evolve(invented, whole=False),), complete=False)
        beside_a_bare_one = shown(*place, (invented, Object(Ref(kind, "b" * 64), whole=False)), detailed=False)
        beside_an_unknown_one = shown(*place, (Object(Ref(kind, "b" * 64), error="NotFoundError"), invented))
        for text in (page, in_line, beside_a_bare_one, beside_an_unknown_one):
            assert named(text), kind
            assert VALUE in text, kind


@EACH_PLACE
def test_of_the_last_of_many_related_objects(place: tuple[str, str]) -> None:
    kind = kinds(place)[0]
    items = [item(kind, {}, number) for number in range(1, 60)]

    text = shown(*place, (*items, item(kind, {NAME: VALUE}, 60)))

    assert named(text)
    assert VALUE in text


@EACH_PLACE
def test_what_is_too_much_is_counted(place: tuple[str, str]) -> None:
    kind = kinds(place)[0]
    invented = {f"{NAME}_{number}": "x" * 200 for number in range(3_000)}

    text = shown(*place, (item(kind, invented),))

    assert len(text) < LONGEST_FURTHER * 4 or kind == "file_behaviour"
    assert re.search(r"Not shown: \d+ attributes|\(\d+ of 3001?\)|\(200 of 3000\)", text)


def test_a_session_in_a_related_page_is_named_and_not_shown() -> None:
    headers = {
        "last_http_response_headers": {"Set-Cookie": "sid=s3cret"},
        "last_http_response_cookies": {"a": "s3cret"},
    }

    text = shown("file", "contacted_urls", (item("url", headers),))

    assert "s3cret" not in text
    assert "Not shown: 2 attributes: last_http_response_headers, last_http_response_cookies" in text


# --- recorded answers ------------------------------------------------------------------------------------------------

#: Attributes of which another one says the same: without both, an answer must look different.
TWINS: Mapping[str, tuple[str, ...]] = {
    "last_analysis_results": ("last_analysis_stats",),
    "last_analysis_stats": ("last_analysis_results",),
    "meaningful_name": ("names",),
    "names": ("meaningful_name",),
    "type_tag": ("type_description",),
    "first_submission_date": ("last_submission_date",),
    "last_submission_date": ("first_submission_date",),
    "alt_names": ("alt_names_details",),
    "alt_names_details": ("alt_names",),
    "redirection_chain": ("url", "last_final_url"),
    **dict.fromkeys((f"{name}_count" for name in ("files", "urls", "domains", "ip_addresses")), ("counters",)),
}


def recorded(folder: Path) -> Iterator[tuple[Path, str, str, Object]]:
    """Yield path, kind of subject, relationship (empty for a subject) and object of each recorded answer."""
    by_folder = {"comments": "comments", "votes": "votes", "collection": "associations", "behaviours": "behaviours"}
    for path in sorted(folder.rglob("*.json")):
        document = load(path)
        name = by_folder.get(path.parent.name, "")
        kind = path.parent.name.removeprefix("rel_") if path.parent.name.startswith("rel_") else "file"
        if path.parent.name.startswith("rel_"):
            name = path.stem.split("-")[0]
        elif name in ("comments", "votes"):
            kind = path.stem.split("-")[0]
        if not isinstance(document, dict):
            continue
        for obj in decode_page(document).items:
            relationship = name if kind in KINDS else "gadgets_of_tomorrow"
            subject = not name and obj.ref.kind in KINDS
            yield (
                path,
                obj.ref.kind if subject else kind if kind in KINDS else "file",
                ("" if subject else relationship or "gadgets_of_tomorrow"),
                obj,
            )


def has_value(value: Any) -> bool:
    """False for null, false, zero, nothing, and lists and mappings of these."""
    if isinstance(value, dict | list):
        return any(map(has_value, value.values() if isinstance(value, dict) else value))
    return bool(value)


def said(kind: str, name: str, obj: Object, *without: str) -> str:
    known = {key: value for key, value in obj.attributes.items() if key not in without}
    reduced = evolve(obj, attributes=known)
    return shown(kind, name, (reduced,)) if name else shown_of_subject(reduced)


@pytest.mark.parametrize("most", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_of_recorded_answers(reports: Path, most: int) -> None:
    """Without an attribute an answer looks different: so it was shown, or counted; `most` values of each attribute."""
    seen: Counter[tuple[str, str, str]] = Counter()
    dropped: dict[tuple[str, str, str], str] = {}
    for path, kind, name, obj in recorded(reports):
        keys = [key for key, value in obj.attributes.items() if seen[kind, name, key] < most and has_value(value)]
        whole = said(kind, name, obj) if keys else ""
        for key in keys:
            seen[kind, name, key] += 1
            if said(kind, name, obj, key) == whole and said(kind, name, obj, key, *TWINS.get(key, ())) == whole:
                dropped[kind, name, key] = f"{path.name}: {json.dumps(obj.attributes[key])[:100]}"
    assert len(seen) > 500
    # The name of a sandbox is in the identifier of its report too.
    assert set(dropped) <= {("file", "behaviours", "sandbox_name")}, dropped
