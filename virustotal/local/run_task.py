"""Runs one task through the service as Assemblyline would, without a server (after assemblyline_v4_service.dev)."""

import json
import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from typing import Any

from attrs import field, frozen

from virustotal.platform.manifest import use_manifest
from virustotal.util.readers import EMPTY

use_manifest()

from assemblyline.common import forge  # noqa: E402 - the framework reads the manifest at import
from assemblyline.common.dict_utils import flatten  # noqa: E402
from assemblyline.common.heuristics import HeuristicHandler, InvalidHeuristicException  # noqa: E402
from assemblyline.common.isotime import now_as_iso  # noqa: E402
from assemblyline.odm.messages.task import Task as ServiceTask  # noqa: E402
from assemblyline.odm.models.error import Error  # noqa: E402
from assemblyline.odm.models.result import Result  # noqa: E402
from assemblyline_v4_service.common.base import ServiceBase  # noqa: E402
from assemblyline_v4_service.common.ontology_helper import HEUR_LIST  # noqa: E402


@frozen
class Target:
    """What a task is about.

    Args:
        name: As the platform would show it.
        fileinfo: The fields of assemblyline.odm.messages.task.FileInfo.
        path: The content; None where only a digest is known: such a target can be looked up and never submitted.
    """

    name: str
    fileinfo: Mapping[str, Any]
    path: Path | None = None


@frozen
class TaskOutcome:
    """How a task ended. Exactly one of `handed` and `error` is given.

    Args:
        handed: The result as the service hands it to the platform.
        stored: The same as the platform keeps it: heuristics with names and ATT&CK patterns, checked by Assemblyline's
            own Result model.
        error: The error as handed over.
        files: The content of extracted and supplementary files by SHA-256, copied to the `keep` of `run_task`.
    """

    handed: Mapping[str, Any] = EMPTY
    stored: Mapping[str, Any] = EMPTY
    error: Mapping[str, Any] = EMPTY
    files: Mapping[str, Path] = field(default=EMPTY, repr=False)

    @property
    def sections(self) -> tuple[Mapping[str, Any], ...]:
        """The result's sections in the order in which they are shown."""
        return tuple(self.stored.get("result", {}).get("sections", ()))

    @property
    def score(self) -> int:
        """The score of the whole result."""
        return int(self.stored.get("result", {}).get("score", 0))

    @property
    def partial(self) -> bool:
        """True if the platform will not reuse the result."""
        return bool(self.handed.get("partial", False))

    @property
    def message(self) -> str:
        """The error's last line, without the framework's own class of error; empty where there is a result."""
        line = self._last_line
        return line.partition(": ")[2] if self.deliberate else line

    @property
    def deliberate(self) -> bool:
        """True if the service itself ended the task with an error, False for a result or a failure of the service."""
        return self._last_line.startswith(("RecoverableError: ", "NonRecoverableError: "))

    @property
    def _last_line(self) -> str:
        return str(self.error.get("response", {}).get("message", "")).strip().rpartition("\n")[2].strip()


class NoPlatform:
    """Answers for the service-server where there is none (assemblyline_v4_service.common.api.ServiceAPI)."""

    def get_safelist(self, tag_list: list[str] | None = None) -> dict[str, Any]:
        """Return the platform's safelist: none."""
        return {}


def _default_parameters(service: ServiceBase) -> dict[str, Any]:
    """Return the submission parameters of the manifest with their values."""
    return {parameter.name: parameter.value for parameter in service.service_attributes.submission_params}


@contextmanager
def tasking_folder() -> Iterator[Path]:
    """Give the framework a private folder for the files of a task, and remove it afterwards."""
    before = os.environ.get("TASKING_DIR")
    with tempfile.TemporaryDirectory(prefix="virustotal_") as folder:
        os.environ["TASKING_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["TASKING_DIR"]
            else:
                os.environ["TASKING_DIR"] = before


@contextmanager
def started_service(config: Mapping[str, Any] = EMPTY) -> Iterator[ServiceBase]:
    """Construct and start the service as the framework does, and stop it afterwards.

    There is no platform to ask for a safelist unless the environment names one (SERVICE_API_HOST).

    Args:
        config: Entries of the manifest's `config` part that replace its own.

    Raises:
        ConfigurationError: An entry is wrong.
    """
    from virustotal.service import VirusTotal  # what builds a task alone does not need the service

    service = VirusTotal(dict(config))
    if "SERVICE_API_HOST" not in os.environ:
        service._api_interface = NoPlatform()
    service.get_tool_version()
    service.start()
    try:
        yield service
    finally:
        service.stop()


def run_task(
    service: ServiceBase,
    target: Target,
    parameters: Mapping[str, Any] = EMPTY,
    *,
    keep: Path | None = None,
    **message: Any,
) -> TaskOutcome:
    """Run one task through the service's own `handle_task` and return how it ended.

    Args:
        service: Constructed and started.
        target: What the task is about.
        parameters: Submission parameters, over those of the manifest.
        keep: A folder for the files of the result; None to drop them.
        **message: More fields of the task message (assemblyline.odm.messages.task.Task), such as `metadata`, `depth`,
            `deep_scan`, `min_classification`.

    Raises:
        ValueError: The result is not a valid one.
    """
    with tasking_folder() as folder:
        if target.path is not None:
            copyfile(target.path, folder / target.fileinfo["sha256"])
        service.handle_task(_message(service, target, parameters, message))
        return _outcome(folder, keep)


def _message(
    service: ServiceBase, target: Target, parameters: Mapping[str, Any], message: Mapping[str, Any]
) -> ServiceTask:
    fields: dict[str, Any] = {
        "sid": str(uuid.uuid4()),
        "metadata": {},
        "service_name": service.service_attributes.name,
        "service_config": {**_default_parameters(service), **parameters},
        "fileinfo": dict(target.fileinfo),
        "filename": target.name,
        "min_classification": forge.get_classification().UNRESTRICTED,
        "max_files": 501,
        "ttl": 3600,
    }
    return ServiceTask({**fields, **message})


def _outcome(folder: Path, keep: Path | None) -> TaskOutcome:
    for path in folder.glob("*_error.json"):
        error = json.loads(path.read_text(encoding="utf-8"))
        Error(dict(error))
        return TaskOutcome(error=error)
    path = next(folder.glob("*_result.json"))
    text = path.read_text(encoding="utf-8")
    stored = _stored(json.loads(text))
    return TaskOutcome(handed=json.loads(text), stored=stored, files=_kept(json.loads(text), keep))


def _stored(result: dict[str, Any]) -> Mapping[str, Any]:
    """Return the result as the service-server stores it."""
    for name in ("temp_submission_data", "freshen"):
        result.pop(name, None)
    for file in result["response"]["extracted"] + result["response"]["supplementary"]:
        file.pop("path", None)
        file.pop("is_supplementary", None)
    result["result"]["score"] = resolve_heuristics(result["result"]["sections"])
    result.update(created=now_as_iso(), archive_ts=None, expiry_ts=now_as_iso(24 * 60 * 60))
    stored: Mapping[str, Any] = Result(result).as_primitives(strip_null=True)
    for handed, kept in zip(result["result"]["sections"], stored["result"]["sections"], strict=True):
        # The model leaves tags out that it does not know, and says so in a log alone.
        if lost := flatten(handed["tags"]).keys() - flatten(kept.get("tags", {})).keys():
            raise ValueError(f"the section {handed['title_text']!r} has unknown tags: {', '.join(sorted(lost))}")
    return stored


def resolve_heuristics(sections: Iterable[dict[str, Any]]) -> int:
    """Give the sections of a finished result their heuristics as the platform has them; return the score of all."""
    score = 0
    for section in sections:
        section.pop("zeroize_on_tag_safe", None)
        section.pop("zeroize_on_sig_safe", None)
        if section["heuristic"]:
            section["heuristic"] = _heuristic(section)
            score += section["heuristic"]["score"]
    return score


def _heuristic(section: dict[str, Any]) -> dict[str, Any]:
    try:
        stored, tags = HeuristicHandler().service_heuristic_to_result_heuristic(section["heuristic"], HEUR_LIST)
    except InvalidHeuristicException as error:
        raise ValueError(f"the section {section['title_text']!r} has an invalid heuristic: {error}") from error
    for kind, value in tags:
        section["tags"].setdefault(kind, [])
        if value not in section["tags"][kind]:
            section["tags"][kind].append(value)
    return dict(stored)


def _kept(result: Mapping[str, Any], keep: Path | None) -> Mapping[str, Path]:
    if keep is None:
        return EMPTY
    kept: dict[str, Path] = {}
    for file in result["response"]["extracted"] + result["response"]["supplementary"]:
        kept[file["sha256"]] = keep / file["sha256"]
        copyfile(file["path"], kept[file["sha256"]])
    return kept
