"""Files and pictures to the request. What cannot be attached is said, and costs nothing else."""

from collections.abc import Iterable
from pathlib import Path

from assemblyline_v4_service.common.request import ServiceRequest
from assemblyline_v4_service.common.result import ResultImageSection
from assemblyline_v4_service.common.task import MaxExtractedExceeded
from attrs import define, evolve, field

from virustotal.core.findings import Attachment, Download, Role
from virustotal.core.lookup.downloads import DownloadOutcome
from virustotal.core.plugin_host.output import AnalyzerOutput
from virustotal.util.readers import as_text

#: The larger side of a picture, in pixels; a larger one is a trap for the reader of its format.
LARGEST_SIDE = 8192


@define
class Attachments:
    """Attaches the files of a task to its request.

    Args:
        request: assemblyline_v4_service.common.request.ServiceRequest.
        notes: Sentences about what was not attached.
        drawn: The pictures, which stand in sections of their own, by their external analyser; all others under "".
    """

    request: ServiceRequest
    notes: list[str] = field(factory=list)
    drawn: dict[str, list[Attachment]] = field(factory=dict, repr=False)
    _written: int = 0

    @property
    def room(self) -> int:
        """How many more files may be extracted in this task."""
        return int(self.request.max_extracted) - len(self.request.extracted)

    def fetched(self, outcomes: Iterable[DownloadOutcome], outputs: Iterable[AnalyzerOutput] = ()) -> None:
        """Attach the artefacts that were fetched.

        Args:
            outcomes: Of the downloads.
            outputs: Of the analysers that asked for them.
        """
        external = {
            _unnamed(download): output.analyzer
            for output in outputs
            if output.external
            for download in output.downloads
        }
        for outcome in outcomes:
            download, path = outcome.download, outcome.path
            if path is not None:
                file = Attachment(
                    download.name, download.description, path=path, role=download.role, relation=download.relation
                )
                self._attach(file, external.get(_unnamed(download), ""))

    def made(self, output: AnalyzerOutput) -> None:
        """Attach the bytes that an analyser made."""
        for attachment in output.attachments:
            try:
                path = attachment.path or self._write(attachment.data)
            except OSError as error:
                self.notes.append(f"{attachment.name} was not attached: {as_text(str(error), 200)}")
                continue
            self._attach(evolve(attachment, path=path, data=b""), output.analyzer if output.external else "")

    def _write(self, data: bytes) -> Path:
        self._written += 1
        path = Path(self.request._working_directory) / f"attachment-{self._written:04d}"
        path.write_bytes(data)
        return path

    def pictures(self) -> dict[str, ResultImageSection]:
        """Return the sections of `drawn`, by its names; those under "" are promoted as screenshots."""
        sections = {}
        for analyzer, files in self.drawn.items():
            section = ResultImageSection(self.request, "Pictures")
            if shown := sum([self._draw(section, file) for file in files]):
                section.title_text = f"{'Pictures' if analyzer else 'Screenshots'} ({shown})"
                sections[analyzer] = section
        if "" in sections:
            sections[""].promote_as_screenshot()
        return sections

    def _attach(self, file: Attachment, analyzer: str) -> None:
        if file.role is Role.IMAGE:
            self.drawn.setdefault(analyzer, []).append(file)
            return
        add = self.request.add_extracted if file.role is Role.EXTRACTED else self.request.add_supplementary
        try:
            if not add(str(file.path), file.name, file.description or "-", parent_relation=file.relation):
                self.notes.append(f"{file.name} is empty and was not attached.")
        except MaxExtractedExceeded:
            self.notes.append(f"{file.name} was not attached: the submission's max_extracted is reached.")
        except (OSError, ValueError) as error:
            self.notes.append(f"{file.name} was not attached: {as_text(str(error), 200)}")

    def _draw(self, section: ResultImageSection, file: Attachment) -> bool:
        from PIL import Image  # the framework's own; only needed where there are pictures

        try:
            with Image.open(str(file.path)) as picture:
                if max(picture.size) > LARGEST_SIDE:
                    raise ValueError(f"it has {picture.width} x {picture.height} pixels")
                picture.verify()
            section.add_image(str(file.path), file.name, file.description)
        except Exception as error:  # the readers of hostile pictures raise whatever they like
            self.notes.append(f"The picture {file.name} cannot be shown: {as_text(str(error), 200)}")
            return False
        return True


def _unnamed(download: Download) -> Download:
    """Return a download as it was asked for, whatever it is called: one of two of the same name has got another."""
    return evolve(download, name="")
