"""Whether the mirror can be asked: what `virustotal-service doctor` finds of it."""

import contextlib
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror.documents import indices, is_searchable
from virustotal.mirror.search_answers import MirrorError
from virustotal.mirror.search_client import SearchClient
from virustotal.util.readers import as_mapping, as_text, integer, quantity

#: Seconds that all questions may take together.
SECONDS = 10.0
#: Size of a primary shard, in GB, at which an index should have rolled over (index_setup.SHARD_SIZE, and some time).
LARGEST_SHARD = 60
#: Fields by which objects are searched: the loader's own, and those of other loaders.
_SEARCHED = {"file": ("md5", "attributes.md5"), "file_behaviour": ("file", "id")}


def index_problems(config: MirrorConfig, credentials: Credentials) -> tuple[str, ...]:
    """Return a sentence for each configured index that cannot be used, or one for the cluster.

    Raises:
        ConfigurationError: The credentials or certificates cannot work.
    """
    with contextlib.closing(SearchClient(config, credentials)) as cluster:
        try:
            return tuple(_problems(cluster, config, time.monotonic() + SECONDS))
        except MirrorError as error:
            return (str(error),)


def _problems(cluster: SearchClient, config: MirrorConfig, deadline: float) -> Iterator[str]:
    kinds = {index: kind for kind, index in indices(config).items() if index}
    for index, kind in kinds.items():
        try:
            mappings = cluster.mappings(index, deadline)
        except MirrorError as error:
            if error.status != 404:
                raise
            yield f"There is no index or alias {index}."
            continue
        fields = _SEARCHED.get(kind, ())
        for name, mapping in mappings.items():
            if not _searchable(mapping, fields):
                yield f"The index {name} has another mapping: neither {' nor '.join(fields)} can be searched."
        if problem := write_problem(cluster, index, deadline):
            yield problem
        if len(mappings) > 1 and not _searchable(_next_mapping(cluster, index, deadline), fields):
            yield f"After its next rollover {index} has another mapping: no index template matches; see `mirror init`."
        yield from _ageing_problems(cluster, index, deadline)
        yield from _shard_problems(cluster, index, deadline)


def _searchable(mapping: Mapping[str, Any] | None, fields: Collection[str]) -> bool:
    return mapping is None or not fields or any(is_searchable(mapping, field) for field in fields)


def _next_mapping(cluster: SearchClient, alias: str, deadline: float) -> Mapping[str, Any] | None:
    """Return the mapping of the index that a rollover would create; None where that is not told."""
    path = f"/_index_template/_simulate_index/{quote(f'{alias}-999999', safe='')}"
    status, answer = cluster.send("POST", path, None, deadline)
    return as_mapping(as_mapping(answer.get("template")).get("mappings")) if status == 200 else None


def _ageing_problems(cluster: SearchClient, alias: str, deadline: float) -> Iterator[str]:
    """Yield a sentence for each index whose ageing has stopped. Other servers and missing rights answer nothing."""
    for path in (f"/{quote(alias, safe='')}/_ilm/explain", f"/_plugins/_ism/explain/{quote(alias, safe='')}"):
        status, answer = cluster.send("GET", path, None, deadline)
        for name, entry in (as_mapping(answer.get("indices")) or answer).items() if status == 200 else ():
            state = as_mapping(entry)
            if state.get("step") == "ERROR":
                step = f"{state.get('failed_step')}: {as_mapping(state.get('step_info')).get('type')}"
            elif as_mapping(state.get("action")).get("failed") is True:
                step = f"{as_mapping(state['action']).get('name')}: {as_mapping(state.get('info')).get('message')}"
            else:
                continue
            yield f"The ageing of the index {name} has stopped ({as_text(step, 200)})."


def _shard_problems(cluster: SearchClient, alias: str, deadline: float) -> Iterator[str]:
    """Yield a sentence for each index with missing or too large primary shards. Missing rights answer nothing."""
    path = quote(alias, safe="")
    _, health = cluster.send("GET", f"/_cluster/health/{path}?level=indices", None, deadline)
    _, statistics = cluster.send("GET", f"/{path}/_stats/store", None, deadline)
    stores = as_mapping(statistics.get("indices"))
    for name, entry in as_mapping(health.get("indices")).items():
        shards, active = (integer(as_mapping(entry).get(f"{part}_shards")) for part in ("number_of", "active_primary"))
        if not shards or active is None:
            continue
        if active < shards:
            yield f"The index {name} lacks {shards - active} of {quantity(shards, 'primary shard')}."
        store = as_mapping(as_mapping(as_mapping(stores.get(name)).get("primaries")).get("store"))
        size = (integer(store.get("size_in_bytes")) or 0) / shards / 2**30
        if size > LARGEST_SHARD:
            yield f"The index {name} has {size:.0f} GB in each shard and does not roll over: see `mirror init`."


def write_problem(cluster: SearchClient, alias: str, deadline: float) -> str:
    """Return why the loader cannot write through an alias, as a sentence; empty where it can.

    Raises:
        MirrorError: The cluster cannot answer.
    """
    answer = cluster.ask("GET", f"/{quote(alias, safe='')}/_alias", None, deadline)
    aliases = [as_mapping(as_mapping(as_mapping(entry).get("aliases")).get(alias)) for entry in answer.values()]
    writable = [entry.get("is_write_index") for entry in aliases]
    if writable.count(True) == 1 or writable in ([None], []):
        return ""
    return f"The alias {alias} ({', '.join(answer)}) has no write index: nothing can be loaded."
