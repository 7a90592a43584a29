"""What the answers of Elasticsearch and OpenSearch mean: documents, errors, and what is worth another try."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from attrs import frozen

from virustotal.util.readers import EMPTY, as_list, as_mapping, as_text, integer

#: Type of the error of an index that is closed.
CLOSED_INDEX = "index_closed_exception"
#: Type of the error of a search where no shard can answer.
NO_SHARD = "search_phase_execution_exception"
#: Statuses of an address, or of one document, that pass.
BUSY = frozenset({408, 429, 502, 503, 504})


class MirrorError(Exception):
    """The cluster did not answer as it should.

    Args:
        message: A whole sentence without any secret.
        status: Of HTTP; 0 without an answer.
        reason: The type of error that the answer names; empty for none.
    """

    def __init__(self, message: str, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


#: One document of a multi-get: its source, None where there is none, the error where that is not known.
FetchedDocument: TypeAlias = Mapping[str, Any] | MirrorError | None


@frozen
class SearchResult:
    """What a search found.

    Args:
        sources: Those of the documents.
        problem: Why there may be more, as a sentence; empty where there are not.
    """

    sources: tuple[Mapping[str, Any], ...]
    problem: str = ""


def fetched_document(entry: Mapping[str, Any], id: str) -> FetchedDocument:
    """Return one document of a multi-get."""
    if entry.get("error"):
        reason = reason_of(entry)
        return MirrorError(f"The mirror cannot read a document: {reason}.", reason=reason)
    if entry.get("_id") != id or not isinstance(entry.get("found"), bool):
        return MirrorError("The mirror left a document out of its answer.")
    return as_mapping(entry.get("_source")) if entry["found"] else None


def search_result(answer: Mapping[str, Any], problem: str) -> SearchResult:
    """Return what a search found; of two problems the one that was known before it."""
    hits = as_list(as_mapping(answer.get("hits")).get("hits"))
    sources = tuple(as_mapping(as_mapping(hit).get("_source")) for hit in hits)
    return SearchResult(sources, problem or _shard_problem(as_mapping(answer.get("_shards"))))


def _shard_problem(shards: Mapping[str, Any]) -> str:
    if not shards.get("failed"):
        return ""
    failure = next(map(as_mapping, as_list(shards.get("failures"))), EMPTY)
    reason = as_text(as_mapping(failure.get("reason")).get("type"), 80) or "no reason given"
    return f"The mirror cannot search a shard of {as_text(failure.get('index'), 80) or 'the index'}: {reason}."


def bulk_status(item: Any) -> tuple[int, str]:
    """Return the status and the type of error of one document of a bulk request."""
    entry = next(iter(as_mapping(item).values()), EMPTY)
    return integer(as_mapping(entry).get("status")) or 0, reason_of(as_mapping(entry))


def reason_of(answer: Mapping[str, Any]) -> str:
    """Return the type of error that an answer names, such as `index_not_found_exception`; never its text."""
    error = answer.get("error")
    return as_text(as_mapping(error).get("type"), 80) or ("" if error is None else "error")


def error_of(status: int, answer: Mapping[str, Any]) -> MirrorError:
    """Return the error of an answer that is none."""
    if status in {401, 403}:
        return MirrorError(
            f"The mirror does not accept the credentials, or they may not do this (HTTP {status}).", status
        )
    reason = reason_of(answer)
    why = f"HTTP {status}" + (f", {reason}" if reason else "")
    return MirrorError(f"The mirror could not answer ({why}).", status, reason)
