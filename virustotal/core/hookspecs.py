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

    Args:
        settings: The service's settings, with the defaults of the submission parameters; `settings.plugin(NAME)` has
            this plugin's own.

    Raises:
        ValueError: The plugin cannot work with its settings; it is listed as failed.

    Example:
        @hookimpl
        def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
            return [Analyzer("comment_words", "file", "comments", analyze=analyze)]
    """
    return ()


@hookspec
def virustotal_remap(detections: tuple[Detection, ...], settings: Settings, obj: Object) -> tuple[Detection, ...]:
    """Return the detections with scores remapped or marked as ignored. Called for each object with engine results.

    Implementations are folded in order: each gets what the one before returned. Use `attrs.evolve`, and say the rule
    in `ignored_because` or `remapped_because`. Nothing is left out: an ignored detection is still shown.

    Args:
        detections: What each engine says.
        settings: The settings of the task.
        obj: The object that the engines looked at; an external plugin gets a copy.

    Example:
        @hookimpl
        def virustotal_remap(detections: tuple[Detection, ...], obj: Object) -> tuple[Detection, ...]:
            if obj.ref.kind != "url":
                return detections
            return tuple(evolve(d, ignored_because="not for URLs") if d.engine == "Acme" else d for d in detections)
    """
    return detections


@hookspec
def virustotal_verdict(obj: Object, detections: tuple[Detection, ...], settings: Settings) -> Verdict | None:
    """Return the verdict of an object, or None to leave it to the next one. The first answer wins.

    The built-in verdict (docs/scoring.md) comes last.

    Args:
        obj: The object that the engines looked at; an external plugin gets a copy.
        detections: What each engine says, after all remaps.
        settings: The settings of the task.

    Example:
        @hookimpl
        def virustotal_verdict(obj: Object) -> Verdict | None:
            return Verdict("clean", reasons=("Ours.",)) if obj.ref.id in OWN_DOMAINS else None
    """
    return None
