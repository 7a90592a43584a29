"""What a task of the framework says, as values of the core."""

import time
from collections.abc import Mapping
from typing import Any

import yaml
from assemblyline.common import forge
from assemblyline_v4_service.common.request import ServiceRequest
from attrs import frozen

from virustotal.core.lookup.subjects import Facts
from virustotal.core.settings import Credentials, Settings
from virustotal.core.settings.submission_params import credentials, task_settings
from virustotal.core.submission.submit import Content
from virustotal.util.readers import EMPTY, as_mapping, as_text, as_texts

#: A URI file is a few lines; what is larger is none.
LARGEST_URI_FILE = 64 * 1024


@frozen
class Task:
    """One task.

    Args:
        settings: Of the service, with the submission's parameters.
        credentials: The keys.
        facts: About the file.
        deadline: Of `time.monotonic()`, by which the service answers.
        notes: Sentences for the analyst.
        tags: Of earlier services: type to values, or to (value, score).
    """

    settings: Settings
    credentials: Credentials
    facts: Facts
    deadline: float
    notes: tuple[str, ...] = ()
    tags: Mapping[str, Any] = EMPTY


def read_task(request: ServiceRequest, configured: Settings, config: dict[str, Any], seconds: float) -> Task:
    """Return the task of a request.

    Args:
        request: assemblyline_v4_service.common.request.ServiceRequest.
        configured: The service's settings.
        config: The service's raw configuration, for the secrets.
        seconds: The time that the task has.
    """
    deadline = time.monotonic() + seconds
    # Not `get_param`: it raises on a parameter that is null.
    parameters = request.task.service_config
    settings, notes = task_settings(
        configured, parameters, deep_scan=bool(request.deep_scan), ignore_filtering=bool(request.task.ignore_filtering)
    )
    return Task(
        settings,
        credentials(config, parameters),
        _facts(request),
        deadline,
        notes,
        as_mapping(request.task.tags),
    )


def content(request: ServiceRequest) -> Content:
    """Return what a submission sends of a task's file."""
    passwords = as_texts(request.temp_submission_data.get("passwords"))
    name, digests = str(request.file_name or ""), as_texts([request.md5, request.sha1])
    return Content(lambda: str(request.file_path), name, passwords, digests)


def _facts(request: ServiceRequest) -> Facts:
    task = request.task
    return Facts(
        sha256=_digest(request),
        file_type=str(request.file_type or ""),
        depth=int(task.depth or 0),
        metadata=as_mapping(task.metadata),
        classification=str(task.min_classification),
        size=int(request.file_size or 0),
        uri=_uri(request) if str(request.file_type or "").startswith("uri/") else "",
    )


def _digest(request: ServiceRequest) -> str:
    """The SHA-256; where that is a placeholder of zeros, the first other digest that is known."""
    digests = [str(digest or "") for digest in (request.sha256, request.sha1, request.md5)]
    return next((digest for digest in digests if digest.strip("0")), digests[0])


def _uri(request: ServiceRequest) -> str:
    """The URI as Assemblyline identified it, else as the file says it (assemblyline.common.file.make_uri_file)."""
    uri_info = request.task.fileinfo.uri_info
    if uri_info is not None and uri_info.uri:
        return str(uri_info.uri)
    try:
        with open(request.file_path, "rb") as file:
            content = file.read(LARGEST_URI_FILE)
        return as_text(as_mapping(yaml.safe_load(content)).get("uri"), LARGEST_URI_FILE)
    except Exception:  # a file that is gone, or that is no URI file: YAML has many ways to fail
        return ""


def above(classification: str, bound: str) -> bool:
    """Return whether a classification is above another, by Assemblyline's own engine."""
    return not forge.get_classification().is_accessible(bound, classification, ignore_invalid=True)
