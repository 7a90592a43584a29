"""Realistic evidence: the emulator's invented world, read without a server."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from attrs import evolve

from virustotal.api.decoding import decode_object
from virustotal.api.relationships import KINDS
from virustotal.core.analyzer import Evidence
from virustotal.core.models import FOUND, Object, Related, Report
from virustotal.core.plugin_host.isolation_util import copied
from virustotal.core.settings import Settings
from virustotal.emulator.store import Store
from virustotal.emulator.world import load_world
from virustotal.testing.builders import IDS, found
from virustotal.util.readers import as_list


@cache
def _store() -> Store:
    store = Store()
    load_world(store)
    return store


def realistic(
    kind: str = "file",
    relationship: str = "",
    id: str = "",
    *,
    settings: Settings | Mapping[str, Any] | None = None,
    plugin: Any = None,
) -> Evidence:
    """Return the evidence of an object of the emulator's world, with all of its relationships.

    The file is EICAR with invented related objects, the domain `example.com`.

    Args:
        kind: The subject's.
        relationship: The analyser's relationship; empty for none.
        id: The subject's; one of `IDS` where it is not given.
        settings: `Settings`, or a `config` as in the manifest.
        plugin: A module whose own remaps and verdicts take part in `judge`.

    Raises:
        LookupError: The world does not have the object, or not this relationship of it.
    """
    report = _report(kind, id or IDS[kind])
    if relationship and relationship not in report.related:
        raise LookupError(f"the world has no {relationship} of it; there are {', '.join(report.related)}")
    return found(report, relationship, settings, plugin=plugin)


def examples(kinds: tuple[str, ...] = KINDS) -> Iterator[Report]:
    """Yield a report of every object of some kinds in the emulator's world, with all of its relationships."""
    for kind in kinds:
        for id in _store().identities(kind):
            yield _report(kind, id)


def _report(kind: str, id: str) -> Report:
    subject = _object(_store().get(kind, id))
    if subject is None:
        raise LookupError(f"the world has no {kind} {id}; there are {', '.join(_store().identities(kind))}")
    names = _store().names(kind, subject.ref.id)
    return Report(subject, {name: _related(kind, subject.ref.id, name) for name in names})


def _related(kind: str, id: str, name: str) -> Related:
    _, entries = _store().related(kind, id, name)
    items = tuple(item for entry in as_list(entries) if (item := _item(entry)) is not None)
    return Related(name, items, FOUND, len(items))


def _item(entry: Any) -> Object | None:
    """An entry of a relationship is a descriptor, at times with context; the object itself stands elsewhere."""
    item = decode_object(entry)
    whole = _object(_store().get(item.ref.kind, item.ref.id)) if item is not None else None
    if item is None or whole is None or item.attributes:
        return item if item is None else copied(item)
    return evolve(whole, context=item.context or whole.context)


def _object(data: Any) -> Object | None:
    # A copy: the store is shared by all tests.
    decoded = decode_object(data)
    return None if decoded is None else copied(decoded)
