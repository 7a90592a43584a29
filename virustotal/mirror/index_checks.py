"""Whether the mirror can be asked: what `virustotal-service doctor` finds of it."""

import contextlib
import time
from collections.abc import Iterator
from urllib.parse import quote

from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror.documents import indices
from virustotal.mirror.search_client import MirrorError, SearchClient, refused
from virustotal.util.readers import as_mapping

#: Seconds that all questions may take together.
SECONDS = 10.0


def index_problems(config: MirrorConfig, credentials: Credentials) -> tuple[str, ...]:
    """Return a sentence for each configured index that cannot be used, or one for the cluster. ConfigurationError."""
    with contextlib.closing(SearchClient(config, credentials)) as cluster:
        try:
            return tuple(_problems(cluster, config, time.monotonic() + SECONDS))
        except MirrorError as error:
            return (str(error),)


def _problems(cluster: SearchClient, config: MirrorConfig, deadline: float) -> Iterator[str]:
    for index in filter(None, dict.fromkeys(indices(config).values())):
        status, found = cluster.send("GET", f"/{quote(index, safe='')}/_mapping", None, deadline)
        if status == 404:
            yield f"There is no index or alias {index}."
        elif status != 200:
            raise refused(status, found)
        elif index == config.behaviours and (bad := [name for name in found if not _finds_by_file(found[name])]):
            yield f"The index {', '.join(bad)} has another mapping: its field file is no keyword."
        elif len(found) > 1:
            yield from _write_index(cluster, index, deadline)


def _write_index(cluster: SearchClient, alias: str, deadline: float) -> Iterator[str]:
    status, found = cluster.send("GET", f"/{quote(alias, safe='')}/_alias", None, deadline)
    if status != 200:
        raise refused(status, found)
    entries = [as_mapping(as_mapping(as_mapping(entry).get("aliases")).get(alias)) for entry in found.values()]
    if sum(entry.get("is_write_index") is True for entry in entries) != 1:
        yield f"The alias {alias} is of {len(found)} indices and has no write index: `mirror load` cannot write."


def _finds_by_file(index: object) -> bool:
    properties = as_mapping(as_mapping(as_mapping(index).get("mappings")).get("properties"))
    return as_mapping(properties.get("file")).get("type") == "keyword"
