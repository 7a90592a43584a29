"""Packages of VirusTotal's feeds into the mirror: in order of time, and on from where an earlier run ended."""

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from attrs import define, evolve, field, frozen

from virustotal.api.source import Request, Save, Source
from virustotal.core.errors import NotAvailableYetError, NotFoundError
from virustotal.mirror.checkpoint import Checkpoint
from virustotal.mirror.feed_loader import Loader
from virustotal.mirror.feed_packages import PackageError

#: Feeds by their names in the API's paths (https://docs.virustotal.com/reference/feeds), each with its objects' type.
FEEDS: Mapping[str, str] = MappingProxyType(
    {
        "files": "file",
        "urls": "url",
        "domains": "domain",
        "ip_addresses": "ip_address",
        "file-behaviours": "file_behaviour",
    }
)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
#: Age at which VirusTotal has the package of a minute, and of an hour.
MINUTE_AGE, HOUR_AGE = HOUR, 2 * HOUR
#: Time for which VirusTotal keeps packages.
KEPT = timedelta(days=7)
#: A moment that is never reached: all packages are waited for.
END = datetime.max.replace(tzinfo=UTC)
#: Bytes of one package at most: the disk space that a run needs.
MOST_BYTES = 4 * 2**30
#: Seconds that the download of one package may take.
SECONDS = 3600.0
#: How often a damaged package is downloaded, and a package asked for that VirusTotal does not have yet.
ATTEMPTS, MOST_WAITS = 3, 60
#: Minutes in a row that VirusTotal may lack: a single one is usual.
MOST_MISSING = 10


class FetchError(Exception):
    """The feeds cannot be fetched any further; the message is a whole sentence."""


@frozen
class FeedPackage:
    """One package of a feed.

    Args:
        feed: Its name in the API's paths.
        start: The first moment of the package, in UTC.
        length: A minute or an hour.
    """

    feed: str
    start: datetime
    length: timedelta = MINUTE

    @property
    def name(self) -> str:
        """VirusTotal's name of the package in its feed."""
        return self.start.strftime("%Y%m%d%H%M" if self.length == MINUTE else "%Y%m%d%H")

    @property
    def path(self) -> str:
        """The path below `/api/v3`."""
        return f"/feeds/{self.feed}/{'' if self.length == MINUTE else 'hourly/'}{self.name}"

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.start + self.length

    @property
    def available(self) -> datetime:
        """The moment from which VirusTotal has it."""
        return self.start + (MINUTE_AGE if self.length == MINUTE else HOUR_AGE)

    @classmethod
    def named(cls, feed: str, name: str) -> "FeedPackage | None":
        """Return the package of a name, None for a name that is none."""
        form, length = ("%Y%m%d%H%M", MINUTE) if len(name) == len("YYYYMMDDhhmm") else ("%Y%m%d%H", HOUR)
        try:
            return cls(feed, datetime.strptime(name, form).replace(tzinfo=UTC), length)
        except ValueError:
            return None


@define
class _Position:
    """Where a run is in a feed. by_minute: hours before this moment are loaded by the minute."""

    start: datetime
    by_minute: datetime
    missing: int = 0


@frozen(eq=False)
class FeedFetcher:
    """Downloads packages one at a time, and loads each.

    Args:
        source: VirusTotal.
        loader: Loads what was downloaded.
        folder: Holds the package that is being loaded; packages that an earlier run left there are deleted.
        now: The time in Unix seconds.
        sleep: Waits for seconds.
    """

    source: Source
    loader: Loader
    folder: Path
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    missing: list[str] = field(factory=list, init=False)

    def newest(self) -> datetime:
        """Return the first moment of which VirusTotal has no package yet."""
        return _minute(self._now() - MINUTE_AGE) + MINUTE

    def start(self, feed: str, checkpoint: Checkpoint, since: datetime | None) -> datetime:
        """Return where to begin: after what was loaded, or at `since` if that is later, or at the oldest package.

        The packages in between that VirusTotal does not have any more are added to `missing`.
        """
        name, reached = checkpoint.last()
        oldest = _minute(self._now() - KEPT) + 2 * MINUTE  # with some time to load it
        start = since or oldest
        if package := FeedPackage.named(feed, name):
            loaded = package.end if reached.done else package.start
            start = max(loaded, since or loaded)
        if start < oldest:
            self.missing.append(f"{feed}: {FeedPackage(feed, start).name} to {FeedPackage(feed, oldest).name}")
        return max(start, oldest)

    def fetch(
        self, checkpoints: Mapping[str, Checkpoint], since: datetime | None, until: datetime
    ) -> Iterator[FeedPackage]:
        """Load the packages of some feeds in order of time; yield each before it is downloaded.

        A package that breaks off is downloaded again, and loading goes on at the line where it ended. One that stays
        damaged is counted as refused, and one that VirusTotal does not have is added to `missing`.

        Args:
            checkpoints: By feed.
            since: Where a feed begins that was not loaded up to a later moment.
            until: The first moment that is not loaded. What VirusTotal does not have yet is waited for.

        Raises:
            FetchError: VirusTotal lacks more packages than usual, or another run uses the folder.
            VirusTotalError: VirusTotal does not give a package.
            MirrorError: The mirror does not take it.
            OSError: The disk is full, or a folder cannot be written.
        """
        with _locked(self.folder):
            starts = {feed: self.start(feed, checkpoint, since) for feed, checkpoint in checkpoints.items()}
            positions = {feed: _Position(start, start) for feed, start in starts.items()}
            while positions:
                feed, position = min(positions.items(), key=lambda entry: entry[1].start)
                if position.start >= until:
                    return
                package = self._next(feed, position, until)
                yield package
                if self._load(package, evolve(checkpoints[feed], package=package.name)):
                    position.start, position.missing = package.end, 0
                elif package.length == HOUR:
                    position.by_minute = package.end
                else:
                    position.start = package.end
                    position.missing += 1
                    self.missing.append(f"{feed}: {package.name}")
                    if position.missing > MOST_MISSING:
                        raise FetchError(f"VirusTotal lacks {position.missing} packages of {feed} in a row.")

    def _next(self, feed: str, position: _Position, until: datetime) -> FeedPackage:
        hour = FeedPackage(feed, position.start, HOUR)
        whole = hour.start.minute == 0 and position.by_minute <= hour.start and hour.end <= until
        return hour if whole and hour.available <= self._now() else FeedPackage(feed, position.start)

    def _load(self, package: FeedPackage, checkpoint: Checkpoint) -> bool:
        """Return whether VirusTotal has the package."""
        path = self.folder / f"{package.feed}-{package.name}"
        damage = ""
        for _ in range(ATTEMPTS):
            try:
                if not self._download(package, path):
                    return False
                self.loader.load(path, checkpoint)
                return True
            except PackageError as error:
                damage = str(error)
            finally:
                path.unlink(missing_ok=True)
        reached = checkpoint.read()
        self.loader.statistics.refuse(damage, f"{path.name}, after line {reached.lines}")
        checkpoint.write(evolve(reached, done=True))
        return True

    def _download(self, package: FeedPackage, path: Path) -> bool:
        save = Save(path, MOST_BYTES, magic=(b"BZh",), resume=True)
        for _ in range(MOST_WAITS):
            while (seconds := (package.available - self._now()).total_seconds()) > 0:
                self.sleep(min(seconds, 60.0))
            try:
                self.source.ask(Request("GET", package.path, save=save), time.monotonic() + SECONDS)
            except NotFoundError:
                return False
            except NotAvailableYetError:
                self.sleep(60.0)
            else:
                return True
        raise FetchError(f"VirusTotal does not have the package {package.name} of {package.feed} yet.")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _is_package(path: Path) -> bool:
    """Return whether a file has the name of a package, or of a part of one: the folder may hold what is not ours."""
    feed, _, name = path.name.removeprefix(".part-").rpartition("-")
    return feed in FEEDS and FeedPackage.named(feed, name) is not None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Use a folder alone, without the package that an earlier run left. FetchError where another run does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FetchError(f"Another run uses the folder {folder}.") from None
        for path in folder.iterdir():
            if _is_package(path):
                path.unlink()
        yield
