"""Elasticsearch 7 to 9 and OpenSearch over plain HTTP: `_mget`, `_search` and `_bulk`."""

import base64
import gzip
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import quote

import requests

from virustotal.api.decoding import parse
from virustotal.client.body_reader import LARGEST_ANSWER, whole
from virustotal.client.deadlines import DeadlineAdapter, ending_at
from virustotal.client.redaction import quiet_logs
from virustotal.client.transport_errors import failure_of
from virustotal.core.errors import ConfigurationError, VirusTotalError
from virustotal.core.settings import Credentials, MirrorConfig
from virustotal.mirror.search_answers import (
    BUSY,
    CLOSED_INDEX,
    FetchedDocument,
    MirrorError,
    SearchResult,
    bulk_status,
    error_of,
    fetched_document,
    search_result,
)
from virustotal.util.readers import EMPTY, as_list, as_mapping

#: Seconds that a connection and the answer to a question may take: a mirror that hangs must not cost the task.
CONNECT, READ = 2.0, 5.0
JSON: Mapping[str, str] = MappingProxyType({"Content-Type": "application/json"})
#: Connections to one address that are kept.
CONNECTIONS = 12
#: How hard a `_bulk` is compressed: more takes longer than it saves.
BULK_LEVEL = 1
#: The status of a request that is too large, also of one whose answer is: to be asked in parts.
TOO_LARGE = 413
#: Documents of one multi-get.
MOST_DOCUMENTS = 500

#: A query of the search API.
Query: TypeAlias = Mapping[str, Any]


class SearchClient:
    """One cluster by one or more addresses, each tried until one answers. Thread-safe.

    Environment variables, `.netrc` and proxies are not used.

    Args:
        config: Addresses and certificate authorities.
        credentials: The key or the user of the cluster.

    Raises:
        ConfigurationError: No header can carry the credentials, or there is no such CA bundle.
    """

    def __init__(self, config: MirrorConfig, credentials: Credentials) -> None:
        self._hosts = config.hosts  # the one that answered last comes first
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip", **_authorization(credentials)}
        if config.ca_bundle and not Path(config.ca_bundle).exists():
            raise ConfigurationError(f"mirror.ca_bundle: there is no {config.ca_bundle}")
        self._verify: bool | str = config.ca_bundle or True
        self._pool = DeadlineAdapter(pool_connections=8, pool_maxsize=CONNECTIONS, max_retries=0)
        quiet_logs()

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def get(self, places: Sequence[tuple[str, str]], deadline: float) -> tuple[FetchedDocument, ...]:
        """Return each document of `(index, id)`, in order, of as few multi-gets as there must be.

        Raises:
            MirrorError: The cluster cannot answer.
        """
        if not places:  # a multi-get of nothing is refused
            return ()
        body = {"docs": [{"_index": index, "_id": id} for index, id in places]}
        if len(places) <= MOST_DOCUMENTS:
            try:
                answer = self.ask("POST", "/_mget", json.dumps(body).encode(), deadline)
            except MirrorError as error:
                if error.status != TOO_LARGE:
                    raise
                if len(places) == 1:
                    return (error,)
            else:
                docs = chain(as_list(answer.get("docs")), repeat(EMPTY))
                return tuple(fetched_document(as_mapping(doc), id) for (_, id), doc in zip(places, docs, strict=False))
        half = len(places) // 2
        return (*self.get(places[:half], deadline), *self.get(places[half:], deadline))

    def mappings(self, index: str, deadline: float) -> Mapping[str, Mapping[str, Any]]:
        """Return the mapping of each index of an alias, or of an index itself.

        Raises:
            MirrorError: The cluster cannot answer, or there is no such index.
        """
        answer = self.ask("GET", f"/{quote(index, safe='')}/_mapping", None, deadline)
        return {name: as_mapping(as_mapping(entry).get("mappings")) for name, entry in answer.items()}

    def search(
        self, index: str, queries: Sequence[Query], most: int, deadline: float, *, distinct: bool = False
    ) -> SearchResult:
        """Return the documents that one of these queries finds, those that changed last first.

        A closed index of an alias is left out, and said to be the problem.

        Args:
            index: An index, or an alias of one or more indices.
            queries: Queries of the search API, such as `{"term": {"md5": "…"}}`.
            most: Documents at most.
            deadline: Monotonic time.
            distinct: Whether only the newest document of each `id` counts; the loader's own indices can tell.

        Raises:
            MirrorError: The cluster cannot answer.
        """
        query = {
            "size": most,
            "query": {"bool": {"should": list(queries), "minimum_should_match": 1}},
            "sort": [{"modified": {"order": "desc", "unmapped_type": "long"}}],
            **({"collapse": {"field": "id"}} if distinct else {}),
        }
        path, body, problem = f"/{quote(index, safe='')}/_search", json.dumps(query).encode(), ""
        try:
            answer = self.ask("POST", path, body, deadline)
        except MirrorError as error:
            if error.reason != CLOSED_INDEX:
                raise
            problem = str(error)
            answer = self.ask("POST", f"{path}?ignore_unavailable=true", body, deadline)
        if answer.get("timed_out"):
            raise error_of(200, answer)
        return search_result(answer, problem)

    def bulk(self, lines: Iterable[bytes], seconds: float) -> tuple[tuple[int, str], ...]:
        """Index documents; return status and type of error of each.

        Args:
            lines: The body of a `_bulk`.
            seconds: How long it may take.

        Raises:
            MirrorError: The cluster does not take the request as a whole.
        """
        body, deadline = gzip.compress(b"\n".join((*lines, b"")), BULK_LEVEL), time.monotonic() + seconds
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        answer = self.ask("POST", "/_bulk", body, deadline, headers=headers, read=seconds)
        return tuple(map(bulk_status, as_list(answer.get("items"))))

    def ask(self, method: str, path: str, body: bytes | None, deadline: float, **options: Any) -> Mapping[str, Any]:
        """Return the JSON object of an answer with status 200; see `send`.

        Raises:
            MirrorError: No address answers, or the status is another one.
        """
        status, answer = self.send(method, path, body, deadline, **options)
        if status != 200:
            raise error_of(status, answer)
        return answer

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        deadline: float,
        *,
        headers: Mapping[str, str] = JSON,
        read: float = READ,
    ) -> tuple[int, Mapping[str, Any]]:
        """Return status and JSON object of the first address that answers.

        Args:
            method: Of HTTP.
            path: With its query.
            body: None for none.
            deadline: Monotonic time.
            headers: Those of the body.
            read: Seconds that one address has to answer.

        Raises:
            MirrorError: No address answers.
        """
        failure = MirrorError("The mirror has no address.")
        hosts, headers = self._hosts, {**self._headers, **(headers if body is not None else {})}
        for at, host in enumerate(hosts):
            try:
                status, answer = self._once(requests.Request(method, host + path, headers, data=body), deadline, read)
            except MirrorError as error:
                if error.status == TOO_LARGE:  # the address works: another one would answer the same
                    raise
                failure = error
                continue
            if status not in BUSY:
                self._hosts = (*hosts[at:], *hosts[:at])
                return status, answer
            failure = error_of(status, answer)
        raise failure

    def _once(self, request: requests.Request, deadline: float, read: float) -> tuple[int, Mapping[str, Any]]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise MirrorError("There was no time to ask the mirror.")
        until = time.monotonic() + min(left, CONNECT + read)
        timeout = (min(CONNECT, left), min(read, left))
        try:
            with (
                ending_at(until),
                self._pool.send(request.prepare(), stream=True, timeout=timeout, verify=self._verify) as response,
            ):
                return response.status_code, _object(response.status_code, whole(response, until))
        except VirusTotalError as error:
            failed = MirrorError(f"The mirror cannot be read: {error}")
            if error.code == "LocalTooLarge":
                failed = MirrorError(f"The mirror's answer is larger than {LARGEST_ANSWER // 2**20} MB.", TOO_LARGE)
        except (requests.RequestException, OSError, ValueError) as error:
            failed = _unreachable(failure_of(error))
        # Outside the handler: the transport's exception knows the headers, and is not kept as this one's context.
        raise failed


def _unreachable(error: VirusTotalError) -> MirrorError:
    if error.code == "LocalCertificate":
        return MirrorError(
            "The mirror's TLS certificate could not be verified; its own authority belongs into mirror.ca_bundle."
        )
    return MirrorError(f"The mirror cannot be asked: {error}")


def _object(status: int, body: bytes) -> Mapping[str, Any]:
    """The JSON object of an answer; empty for the error page of something in between."""
    try:
        return as_mapping(parse(body))
    except ValueError:
        if status == 200:
            raise MirrorError("The mirror's answer is not JSON.", 200) from None
        return EMPTY


def _authorization(credentials: Credentials) -> dict[str, str]:
    key, user, password = credentials.mirror_api_key, credentials.mirror_user, credentials.mirror_password
    if key and (user or password):
        raise ConfigurationError("mirror_api_key: give either a key, or mirror_user and mirror_password")
    if bool(user) != bool(password):
        raise ConfigurationError("mirror_user: a user needs mirror_password, and a password mirror_user")
    if key:
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigurationError("mirror_api_key: it has characters that no API key has")
        return {"Authorization": f"ApiKey {key}"}
    if user:
        if ":" in user:
            raise ConfigurationError("mirror_user: a user's name has no colon")
        return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
    return {}
