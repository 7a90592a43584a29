"""VirusTotal's private scanning behind the requests of the public API: other paths, types and options."""

import re
from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from virustotal.api.source import Answer, RemainingQuota, Request, Source
from virustotal.client.private_archive import fetch_private_file
from virustotal.core.errors import InvalidError
from virustotal.core.scoring.words import BAD
from virustotal.core.settings import PrivateConfig
from virustotal.util.readers import as_mapping, number

_PRIVATE = re.compile(r"/(files|urls|analyses|file_behaviours|url_behaviours|zip_files)(/.*)?")
_DOWNLOAD = re.compile(r"/files/([0-9a-f]{64})/download")
_PREFIX = "private_"


@frozen
class PrivateSource(Source):
    """Asks for private objects only, see https://docs.virustotal.com/docs/private-scanning. Nothing of it is cached.

    Args:
        source: The key's.
        options: Sent with each submission.
    """

    source: Source
    options: PrivateConfig

    def remaining(self, deadline: float, *, for_subject: bool = False) -> RemainingQuota:
        """See `Source.remaining`."""
        return self.source.remaining(deadline, for_subject=for_subject)

    def ask(self, request: Request, deadline: float) -> Answer:
        """See `Source.ask`.

        Raises:
            InvalidError: Private scanning has no such request; nothing was sent.
        """
        download = _DOWNLOAD.fullmatch(request.path)
        if request.save is not None and download:
            return fetch_private_file(download[1], request.save, self, deadline)
        answer = self.source.ask(self._private(request), deadline)
        return evolve(answer, payload=_translated(answer.payload))

    def _private(self, request: Request) -> Request:
        if request.upload is not None:
            request = evolve(request, upload=evolve(request.upload, fields=file_options(self.options)))
        if request.address:  # an upload address, or a signed link
            return request
        if not _PRIVATE.fullmatch(request.path):
            raise InvalidError("Private scanning has no such object.", code="LocalNotPrivate")
        form = (*request.form, *url_options(self.options)) if request.form else ()
        return evolve(request, path=f"/private{request.path}", form=form)


def url_options(options: PrivateConfig) -> tuple[tuple[str, str], ...]:
    """Return the fields of the form with a URL."""
    region = (("storage_region", options.storage_region),) if options.storage_region else ()
    return (("retention_period_days", str(options.retention_period_days)), *region)


def file_options(options: PrivateConfig) -> tuple[tuple[str, str], ...]:
    """Return the fields of the form with a file.

    Also those with a default value: VirusTotal's published defaults contradict each other.
    """
    switches = ("enable_internet", "intercept_tls", "disable_sandbox")
    line = (("command_line", options.command_line),) if options.command_line else ()
    return (*url_options(options), *((name, str(getattr(options, name)).lower()) for name in switches), *line)


def _translated(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer with the types of the public API, so that the same code reads it."""
    data = payload.get("data")
    if isinstance(data, list | tuple):
        return {**payload, "data": [_object(entry) for entry in data]}
    return {**payload, "data": _object(data)} if isinstance(data, Mapping) else payload


def _object(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    kind = entry.get("type")
    if not isinstance(kind, str) or not kind.startswith(_PREFIX):
        return entry
    translated = {**entry, "type": kind.removeprefix(_PREFIX)}
    stats = as_mapping(as_mapping(entry.get("attributes")).get("last_analysis_stats"))
    if kind == "private_url" and not any(number(stats.get(name)) for name in BAD):
        # The only engine of a private URL is Google Safebrowsing, whose silence is no verdict.
        engines = ("last_analysis_stats", "last_analysis_results")
        attributes = as_mapping(entry.get("attributes"))
        translated["attributes"] = {name: value for name, value in attributes.items() if name not in engines}
    return translated
