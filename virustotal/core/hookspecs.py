"""The hooks. Mark an implementation with `hookimpl`; it may name fewer arguments, and gives none a default."""

from collections.abc import Iterable

import pluggy

from virustotal.core.analyzer import Analyzer
from virustotal.core.models import Detection, Object, Verdict
from virustotal.core.settings import Settings

PROJECT = "virustotal"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """Return the analysers of this plugin. Called once, when the service starts.

    settings: the service's settings, with the defaults of the submission parameters, and `settings.plugin(NAME)`
    for this plugin's own. A plugin that cannot work with its settings raises ValueError and is listed as failed.
    """
    return ()


@hookspec
def virustotal_remap(detections: tuple[Detection, ...], settings: Settings) -> tuple[Detection, ...]:
    """Return the detections with scores remapped or marked as ignored. Called for each object with engine results.

    Implementations are folded in order: each gets what the one before returned. Use `attrs.evolve`, and say the rule
    in `ignored_because` or `remapped_because`. Nothing is left out: an ignored detection is still shown.
    """
    return detections


@hookspec
def virustotal_verdict(obj: Object, detections: tuple[Detection, ...], settings: Settings) -> Verdict | None:
    """Return the verdict of an object, or None to leave it to the next one. The first answer wins.

    The built-in verdict (docs/scoring.md) comes last.
    """
    return None
