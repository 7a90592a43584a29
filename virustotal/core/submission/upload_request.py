"""Whether a task's subject is submitted or analysed anew, and with what: policy, name, password."""

import time
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from attrs import evolve, frozen

from virustotal.api.source import Upload
from virustotal.core.lookup.subjects import Subject
from virustotal.core.models import Ref, Report, Status
from virustotal.core.settings import Settings
from virustotal.core.submission.policy import DEPTH_RULE, MEGABYTE, Ruling, reanalyse_ruling, submit_ruling
from virustotal.core.submission.submit import Submission, SubmissionContext, submit_and_wait
from virustotal.platform.task import Task, above
from virustotal.util.readers import as_texts, safe_name, timestamp

#: Passwords that are tried on a protected archive.
MOST_PASSWORDS = 100
#: Bytes of an entry that are tried; the framework's Python deciphers about two million a second.
MOST_TRIED, PIECE = 512 * 1024, 64 * 1024
SECONDS_A_DAY = 24 * 3600

_SANDBOXES = "The engines have finished; the reports of sandboxes may come up to an hour later."


@frozen
class Content:
    """How the shell gets at a task's file.

    path: returns it, or raises OSError or the framework's own Exception where it is gone or is another file.
    passwords: of earlier services (temporary data `passwords`). digests: its MD5 and SHA-1, where they are known.
    """

    path: Callable[[], str]
    passwords: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()


@frozen
class Submitted:
    """What became of it. changing: why the result may soon change, or an empty text."""

    report: Report
    notes: tuple[str, ...] = ()
    changing: str = ""


def submit_if_allowed(
    task: Task,
    subject: Subject,
    report: Report,
    look_up: Callable[[], Report],
    desk: SubmissionContext,
    content: Content,
) -> Submitted:
    """Submit an unknown file or URL, or ask for a new analysis of an old report, where that is asked for and allowed.

    report: what the look-up gave. look_up: asks again for the same. Raises AuthenticationError alone.
    """
    if subject.ref.kind not in {"file", "url"}:
        return Submitted(report)
    if report.outcome.status is Status.UNKNOWN:
        return _new(task, subject, report, look_up, desk, content)
    if report.outcome.found and _old(report, task.settings):
        return _again(task, subject, report, look_up, desk)
    return Submitted(report)


def _new(
    task: Task,
    subject: Subject,
    report: Report,
    look_up: Callable[[], Report],
    desk: SubmissionContext,
    content: Content,
) -> Submitted:
    if not task.settings.dynamic_submit:
        return _refused(report, Ruling("dynamic_submit", "The parameter dynamic_submit is off."))
    ruling = submit_ruling(task.candidate(subject), task.settings, above)
    if not ruling.allowed:
        size = 0 if subject.url else task.size
        desk.audit(f"submit {subject.ref.kind} {subject.ref.id} size={size} refused by {ruling.rule}")
        return _refused(report, ruling)
    job = Submission(subject.ref, look_up, ruling.rule, url=subject.url, size=0 if subject.url else task.size)
    if not subject.url:
        try:
            upload = _upload(task, Path(content.path()), content, desk.stage)
            job = evolve(job, upload=upload, aliases=_files(content.digests))
        except Exception as error:  # the framework raises a bare Exception for a file that is not there
            return _refused(report, Ruling("content", f"Its content cannot be read: {error}"))
    found = submit_and_wait(job, desk)
    if found.outcome.found and subject.ref.kind == "file":
        return Submitted(found, (_SANDBOXES,), _SANDBOXES)
    if not found.outcome.found and found.outcome.status is not Status.PENDING:
        # It could not be submitted, and it is still what the look-up said: unknown, not failed.
        found = evolve(report, outcome=evolve(report.outcome, detail=found.outcome.detail))
    return Submitted(found)


def _refused(report: Report, ruling: Ruling) -> Submitted:
    return Submitted(evolve(report, outcome=evolve(report.outcome, detail=f"It was not submitted. {ruling.reason}")))


def analysis_date(report: Report) -> datetime | None:
    """Return when the object of a report was analysed. Reports are compared by it: a deep one cannot be by value."""
    return timestamp(report.subject.attributes.get("last_analysis_date"))


def _old(report: Report, settings: Settings) -> bool:
    analysed = analysis_date(report)
    days = settings.reanalyze_after_days
    return days > 0 and analysed is not None and time.time() - analysed.timestamp() > days * SECONDS_A_DAY


def _again(
    task: Task, subject: Subject, report: Report, look_up: Callable[[], Report], desk: SubmissionContext
) -> Submitted:
    ruling = reanalyse_ruling(task.candidate(subject), task.settings, above)
    if not ruling.allowed:
        # The platform's result cache does not know the depth, which this may be about.
        changing = ruling.reason if ruling.rule == DEPTH_RULE else ""
        return Submitted(report, (f"No new analysis was asked for. {ruling.reason}",), changing)
    # By VirusTotal's own identifier: the same object may have been asked for by MD5 or SHA-1.
    size = 0 if subject.url else task.size
    digests = as_texts([report.subject.attributes.get(name) for name in ("md5", "sha1")])
    aliases = (subject.ref, *(_files(digests) if subject.ref.kind == "file" else ()))
    found = submit_and_wait(Submission(report.subject.ref, look_up, ruling.rule, size=size, aliases=aliases), desk)
    if found.outcome.found:
        late = subject.ref.kind == "file" and analysis_date(found) != analysis_date(report)
        return Submitted(found, (_SANDBOXES,), _SANDBOXES) if late else Submitted(found)
    return Submitted(report, (f"The report shown is the old one. {found.outcome.detail}",), found.outcome.detail)


def _files(digests: Iterable[str]) -> tuple[Ref, ...]:
    return tuple(Ref("file", digest) for digest in digests)


def _upload(task: Task, path: Path, content: Content, stage: Callable[[str], None]) -> Upload:
    last = task.facts.file_name.replace("\\", "/").rpartition("/")[2]
    name = safe_name(last) if task.settings.submit_file_name == "name" and last else task.facts.sha256
    password = password_of(path, content.passwords, task.deadline) if task.settings.submit_password else ""
    return Upload(path, name, password, progress=_progress(stage))


def _progress(stage: Callable[[str], None]) -> Callable[[int, int], None]:
    """Say each tenth of a large upload once."""
    said = 0

    def sent(done: int, size: int) -> None:
        nonlocal said
        tenth = 10 * done // size if size >= MEGABYTE else 0
        if tenth > said:
            said = tenth
            stage(f"submit: sent {done // MEGABYTE} of {size // MEGABYTE} MB")

    return sent


def password_of(path: Path, passwords: Iterable[str], deadline: float) -> str:
    """Return the password that opens a protected ZIP archive, or an empty text where it is none or none does.

    deadline: of `time.monotonic()`; a tenth of what is left is spent at most. Where the encryption is one that cannot
    be tried here (AES), the first password is the best guess.
    """
    candidates = [each for each in passwords if isinstance(each, str) and each][:MOST_PASSWORDS]
    until = time.monotonic() + max(0.0, deadline - time.monotonic()) / 10
    try:
        with zipfile.ZipFile(path) as archive:
            protected = [entry for entry in archive.infolist() if entry.flag_bits & 1]
            if not protected:
                return ""
            smallest = min(protected, key=lambda entry: entry.file_size)
            return next((each for each in candidates if _opens(archive, smallest, each, until)), "")
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return ""


def _opens(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, password: str, until: float) -> bool:
    """Read the entry to its end, where its checksum is compared; of a long one a part, which is telling enough."""
    if time.monotonic() > until:
        return False
    try:
        with archive.open(entry, pwd=password.encode()) as file:
            for _ in range(MOST_TRIED // PIECE):
                if not file.read(PIECE):
                    break
    except NotImplementedError:
        return True
    except Exception:  # zipfile and zlib raise many kinds for a wrong password
        return False
    return True
