"""Sets up a mirror that grows: index templates, the first indices with their write aliases, and the ageing policy."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from attrs import frozen

from virustotal.core.settings import MirrorConfig
from virustotal.mirror.documents import INDEX, indices
from virustotal.mirror.search_answers import MirrorError, error_of, reason_of
from virustotal.mirror.search_client import SearchClient
from virustotal.util.readers import as_mapping

#: Name of the ageing policy of an alias.
POLICY = "{alias}-ageing"
#: Size of a primary shard at which an index rolls over: the vendors' own advice.
SHARD_SIZE = "50gb"


@frozen
class Growth:
    """How indices grow.

    Args:
        shards: Primary shards.
        rollover_days: Age at which an index rolls over at the latest.
        delete_days: Age at which it is deleted, from its rollover; 0 for never.
    """

    shards: int = 1
    rollover_days: int = 7
    delete_days: int = 0


def set_up(cluster: SearchClient, config: MirrorConfig, growth: Growth, seconds: float) -> Iterator[str]:
    """Yield a line for each thing that is created or updated. Indices that exist are left as they are.

    Raises:
        MirrorError: The cluster cannot create one of them; the message names it.
    """
    deadline = time.monotonic() + seconds
    is_opensearch = _is_opensearch(cluster, deadline)
    for alias in filter(None, dict.fromkeys(indices(config).values())):
        policy = POLICY.format(alias=alias)
        ageing = ("_plugins/_ism/policies", _ism(alias, growth)) if is_opensearch else ("_ilm/policy", _ilm(growth))
        template = _template(alias, policy, growth, is_opensearch=is_opensearch)
        for what, name, (place, body) in (
            ("policy", policy, ageing),
            ("template", alias, ("_index_template", template)),
        ):
            path, content = f"/{place}/{quote(name, safe='')}", json.dumps(body).encode()
            status, answer = cluster.send("PUT", path, content, deadline, read=seconds)
            if status not in {200, 201, 409}:
                raise MirrorError(f"The {what} {name} cannot be created. {error_of(status, answer)}", status)
            # OpenSearch changes an existing policy only by its sequence number.
            yield f"{what} {name}{' exists already, and is not changed' if status == 409 else ''}"
        create(cluster, alias, {}, seconds)
        yield f"alias {alias}"


def create(cluster: SearchClient, index: str, body: Mapping[str, Any], seconds: float) -> None:
    """Create `index`-000001 and its alias `index`, unless there is an index or alias of that name.

    Args:
        cluster: Where.
        index: Name of the alias.
        body: Settings and mappings; empty where a template has them.
        seconds: How long it may take.

    Raises:
        MirrorError: The cluster does not create it.
    """
    deadline = time.monotonic() + seconds
    status, answer = cluster.send("GET", f"/{quote(index, safe='')}/_mapping", None, deadline)
    if status == 200:
        return
    if status != 404:
        raise error_of(status, answer)
    described = json.dumps({**body, "aliases": {index: {"is_write_index": True}}}).encode()
    status, answer = cluster.send("PUT", f"/{quote(index, safe='')}-000001", described, deadline, read=seconds)
    if status not in {200, 201} and "already_exists" not in reason_of(answer):
        raise error_of(status, answer)


def _is_opensearch(cluster: SearchClient, deadline: float) -> bool:
    version = as_mapping(cluster.ask("GET", "/", None, deadline).get("version"))
    if not version:
        raise MirrorError("The mirror is no Elasticsearch or OpenSearch.")
    return version.get("distribution") == "opensearch"


def _template(alias: str, policy: str, growth: Growth, *, is_opensearch: bool) -> Mapping[str, Any]:
    ageing = (
        {"plugins.index_state_management.rollover_alias": alias}
        if is_opensearch
        else {"index.lifecycle.name": policy, "index.lifecycle.rollover_alias": alias}
    )
    settings = {**INDEX["settings"], "index.number_of_shards": growth.shards, **ageing}
    return {"index_patterns": [f"{alias}-*"], "priority": 100, "template": {**INDEX, "settings": settings}}


def _ilm(growth: Growth) -> Mapping[str, Any]:
    rollover = {"max_primary_shard_size": SHARD_SIZE, "max_age": f"{growth.rollover_days}d"}
    phases: dict[str, Any] = {"hot": {"actions": {"rollover": rollover}}}
    if growth.delete_days:
        phases["delete"] = {"min_age": f"{growth.delete_days}d", "actions": {"delete": {}}}
    return {"policy": {"phases": phases}}


def _ism(alias: str, growth: Growth) -> Mapping[str, Any]:
    rollover = {"min_primary_shard_size": SHARD_SIZE, "min_index_age": f"{growth.rollover_days}d"}
    hot: dict[str, Any] = {"name": "hot", "actions": [{"rollover": rollover}], "transitions": []}
    states = [hot]
    if growth.delete_days:
        age = {"min_rollover_age": f"{growth.delete_days}d"}
        hot["transitions"] = [{"state_name": "delete", "conditions": age}]
        states.append({"name": "delete", "actions": [{"delete": {}}], "transitions": []})
    return {
        "policy": {
            "description": f"Rollover of {alias}",
            "default_state": "hot",
            "states": states,
            "ism_template": [{"index_patterns": [f"{alias}-*"], "priority": 100}],
        }
    }
