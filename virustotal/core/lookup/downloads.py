"""Downloads to files on disk through a Source, concurrently, each with its own outcome. Attaching is the shell's."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from attrs import evolve, field, frozen

from virustotal.api import endpoints
from virustotal.api.source import Save, Source
from virustotal.core.errors import VirusTotalError
from virustotal.core.findings import Download, Role
from virustotal.core.lookup.executor import RequestExecutor, side_by_side
from virustotal.core.models import FOUND, Outcome, Status
from virustotal.core.settings import Settings

#: Bytes of the shortest file of a kind: the header of a capture, and of an event log.
_SHORTEST = {"pcap": 24, "evtx": 128}
_MAY_BE_HTML = frozenset({"html", "dom", "file"})


@frozen
class DownloadOutcome:
    """How one download ended.

    Args:
        outcome: Where it is not found, its detail says in one sentence why the artefact is missing.
        path: Of the body, verified and whole; None where there is none.
    """

    download: Download
    outcome: Outcome
    path: Path | None = None


@frozen
class _Round:
    """What the threads of one round share."""

    executor: RequestExecutor
    folder: Path
    most_bytes: int
    refused: dict[str, Outcome] = field(factory=dict)  # by kind: the licence covers all of a kind or none


def fetch(
    downloads: Iterable[Download],
    source: Source,
    folder: Path,
    settings: Settings,
    deadline: float,
    limit: int,
) -> tuple[DownloadOutcome, ...]:
    """Fetch each distinct download once; what fails leaves no file behind.

    Args:
        downloads: What the analysers asked for.
        source: What answers.
        folder: The task's own, which exists.
        settings: With the size of a file at most.
        deadline: Of `time.monotonic()`.
        limit: How many more files the task may extract (`max_extracted`); beyond it a download is skipped.

    Returns:
        How each ended, in their order.

    Raises:
        OSError: The folder cannot be written to.
    """
    distinct: dict[tuple[str, ...], Download] = {}
    for download in downloads:
        distinct.setdefault(_key(download), download)
    chosen, skipped = _within(distinct.values(), limit)
    # A folder of its own: what an earlier subject's artefacts left in the task's folder is attached by its path.
    artefacts = Path(tempfile.mkdtemp(prefix="artefacts-", dir=folder)) if chosen else folder
    round = _Round(RequestExecutor(source, deadline), artefacts, settings.max_download_mb * 2**20)
    fetched = side_by_side(lambda pair: _one(round, *pair), enumerate(chosen))
    outcomes = {_key(outcome.download): outcome for outcome in (*skipped, *fetched)}
    return _with_distinct_names(_licence_once(outcomes[key] for key in distinct))


def _key(download: Download) -> tuple[str, ...]:
    """Return what two downloads of the same bytes share: their digest, else where they come from."""
    digest = download.sha256.lower() or (download.ref.id.lower() if download.kind == "file" else "")
    if digest:
        return ("sha256", digest)
    # A signed address differs from answer to answer; it tells pictures apart only where no object of theirs is known.
    address = download.link if download.kind == "screenshot" != download.ref.kind else ""
    return (download.kind, download.ref.kind, download.ref.id.lower(), address)


def _within(downloads: Iterable[Download], limit: int) -> tuple[list[Download], list[DownloadOutcome]]:
    """Return the downloads that are made, and how those ended for which no extracted file is left."""
    chosen: list[Download] = []
    skipped: list[DownloadOutcome] = []
    left = max(0, limit)
    for download in downloads:
        counts = download.role is Role.EXTRACTED
        if counts and not left:
            reason = "Not fetched: the submission's max_extracted is reached."
            skipped.append(DownloadOutcome(download, Outcome(Status.SKIPPED, reason)))
            continue
        left -= counts
        chosen.append(download)
    return chosen, skipped


def _one(round: _Round, index: int, download: Download) -> DownloadOutcome:
    if (refusal := round.refused.get(download.kind)) is not None:
        return DownloadOutcome(download, refusal)
    path = round.folder / f"artefact-{index:04d}"
    save = Save(
        path,
        round.most_bytes,
        download.magic,
        download.sha256,
        min_bytes=_SHORTEST.get(download.kind, 1),
        html=download.kind in _MAY_BE_HTML,
    )
    try:
        request = (
            endpoints.linked(download.link, save)
            if download.link
            else endpoints.artefact(download.ref, download.kind, save)
        )
        round.executor.ask(request)
    except VirusTotalError as error:
        if error.status is Status.FORBIDDEN:
            round.refused[download.kind] = error.outcome
        return DownloadOutcome(download, error.outcome)
    except Exception as error:  # a full disk, say: it costs this file and nothing else
        path.unlink(missing_ok=True)
        return DownloadOutcome(download, Outcome(Status.FAILED, f"It could not be stored: {type(error).__name__}."))
    return DownloadOutcome(download, FOUND, path)


def _licence_once(outcomes: Iterable[DownloadOutcome]) -> Iterator[DownloadOutcome]:
    """Say why the licence does not cover it once; the status of the others says enough."""
    said = False
    for outcome in outcomes:
        if outcome.outcome.status is Status.FORBIDDEN:
            outcome, said = (evolve(outcome, outcome=Outcome(Status.FORBIDDEN)) if said else outcome), True
        yield outcome


def _with_distinct_names(outcomes: Iterable[DownloadOutcome]) -> tuple[DownloadOutcome, ...]:
    """Give each fetched file a name of its own: two sandboxes may have names that look alike once they are safe."""
    used: Counter[PurePath] = Counter()
    renamed: list[DownloadOutcome] = []
    for outcome in outcomes:
        name = PurePath(outcome.download.name)
        used[name] += 1
        if used[name] > 1:
            other = f"{name.stem}_{used[name]}{name.suffix}"
            outcome = evolve(outcome, download=evolve(outcome.download, name=other))
        renamed.append(outcome)
    return tuple(renamed)
