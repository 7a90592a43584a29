import copy
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.file_attributes.everything import ANALYZERS, MODULES, NAMES, SHOWN, all_found, recorded
from tests.plugins.file_attributes.look import assert_sound, sections
from virustotal.plugins import BUILTIN
from virustotal.plugins.file_attributes import unknown_attributes
from virustotal.plugins.file_attributes._attribute_table import SectionSpec

RECORDED = recorded()
#: What takes the place of an attribute, or of a value one or two levels inside it.
WRONG: tuple[Any, ...] = (
    *(None, 7, -1, 3.3e21, True, "", " ", "text", "a\x00b\u202e", [], {}, [None], ["text", None, 7], [[1, "b"], []]),
    *({"": None, " ": {"": []}}, [{"": ""}, {"a b": [{}]}], {"value": {"value": [1]}}, "9" * 400, 4246907690),
)
IN_CI = 500


def mutations(attributes: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield the path of each attribute read here, and of values inside, with what replaces it; Ellipsis deletes it."""
    for path in paths({key: value for key, value in attributes.items() if key not in unknown_attributes.ELSEWHERE}, 2):
        yield from ((path, wrong) for wrong in (..., *WRONG))


def paths(value: Any, depth: int) -> Iterator[tuple[Any, ...]]:
    entries = list(value.items())[:80] if isinstance(value, dict) else list(enumerate(value[:2]))
    for key, entry in entries:
        yield (key,)
        if depth > 1 and isinstance(entry, dict | list):
            yield from ((key, *rest) for rest in paths(entry, depth - 1))


def mutated(attributes: Mapping[str, Any], path: tuple[Any, ...], wrong: Any) -> dict[str, Any]:
    changed: Any = {**attributes, path[0]: copy.deepcopy(attributes[path[0]])}
    inside = changed
    for key in path[:-1]:
        inside = inside[key]
    if wrong is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = wrong
    return dict(changed)


def test_every_module_is_built_in_and_says_what_it_does() -> None:
    assert {f"virustotal.plugins.file_attributes.{name}" for name in NAMES} <= set(BUILTIN)
    assert len({analyzer.name for analyzer in ANALYZERS}) == len(ANALYZERS)
    assert all(analyzer.kind == "file" and not analyzer.relationship and analyzer.summary for analyzer in ANALYZERS)
    assert all(50 <= analyzer.order < 100 or 400 <= analyzer.order < 500 for analyzer in ANALYZERS)


def parts() -> Iterator[SectionSpec]:
    for module in MODULES:
        yield from (var for var in vars(module).values() if isinstance(var, SectionSpec))


@pytest.mark.parametrize("attribute", sorted(SHOWN))
def test_what_is_said_to_be_shown_is_shown(attribute: str) -> None:
    """Each attribute that `other` leaves to its siblings is shown by one of them."""
    written = "\n".join(
        f"{section.title_text}{section.body}" for section in sections(all_found({attribute: ["Thing"]}))
    )
    assert "thing" in written.lower()


def test_shapes_name_each_key_once() -> None:
    for part in parts():
        keys = [each.key for each in part.parts]
        assert len(set(keys)) == len(keys), part.title


@pytest.mark.skipif(not RECORDED, reason="no recorded answers beside this checkout")
def test_every_recorded_file_shows_a_section_for_each_info() -> None:
    seen = 0
    for name, attributes in RECORDED:
        assert_sound(all_found(attributes))
        for key in attributes:
            if key.endswith("_info"):
                seen += 1
                assert all_found({key: attributes[key]}), f"{name}: {key}"
    assert seen > 100


@pytest.mark.skipif(not RECORDED, reason="no recorded answers beside this checkout")
def test_a_sample_of_wrong_attributes_is_survived() -> None:
    chance = random.Random(12)
    for _ in range(IN_CI):
        _, attributes = chance.choice(RECORDED)
        path, wrong = chance.choice(list(paths(attributes, 3))), chance.choice((..., *WRONG))
        assert_sound(all_found(mutated(attributes, path, wrong)))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_every_wrong_attribute_is_survived(number: int) -> None:
    _, attributes = RECORDED[number]
    for path, wrong in mutations(attributes):
        changed = mutated(attributes, path, wrong)
        # The others do not change with it: only what shares the attribute's name is needed.
        near = {key: value for key, value in changed.items() if key.split("_")[0] == str(path[0]).split("_")[0]}
        assert_sound(all_found(near))


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
known = st.sampled_from(sorted(SHOWN))
keys = st.sampled_from(
    sorted({each.key for part in parts() for each in (*part.fields, *part.parts)} | {"families", "configs", "host"})
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(known, json | st.dictionaries(keys, json, max_size=5), max_size=4))
def test_no_shape_of_attributes_raises(attributes: dict[str, Any]) -> None:
    assert_sound(all_found(attributes))
