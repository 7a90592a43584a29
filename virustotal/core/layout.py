"""Findings to the final sections: order, headings, caps, tags, coverage and errors."""

from collections.abc import Sequence

from virustotal.core.results import Artefact, Layout, SubjectResult
from virustotal.core.safelist import NO_SAFELIST, Safelist
from virustotal.core.settings import Settings

__all__ = ["Artefact", "Layout", "SubjectResult", "compose"]


def compose(
    results: Sequence[SubjectResult],
    settings: Settings,
    safelist: Safelist = NO_SAFELIST,
    *,
    notes: Sequence[str] = (),
    volatile: Sequence[str] = (),
    unloaded: Sequence[str] = (),
) -> Layout:
    """Return the result of a task.

    results: one a subject, in the order in which they are shown.
    notes: sentences about the task: parameters not understood, subjects that were refused, the safelist.
    volatile: why the result depends on what the platform's result cache does not know, such as the metadata.
    unloaded: plugins that did not load, one line each; they are listed and do not make the result partial.
    """
    raise NotImplementedError
