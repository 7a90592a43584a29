"""The verdicts of one task: each object is judged once."""

import threading
from functools import partial
from typing import Protocol

from virustotal.core.models import Detection, Object, Verdict
from virustotal.core.scoring.safelist import Safelist
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings


class VerdictHooks(Protocol):
    """The hooks of one task that take part in a verdict."""

    def remap(self, detections: tuple[Detection, ...], obj: Object) -> tuple[Detection, ...]:
        """Return the detections of one object with scores or rules to ignore them."""

    def decide(self, obj: Object, detections: tuple[Detection, ...]) -> Verdict | None:
        """Return a verdict in place of the built-in one, or None."""


class Judge:
    """The verdict of any object by the hooks and the safelist of one task; thread-safe."""

    def __init__(self, settings: Settings, hooks: VerdictHooks, safelist: Safelist) -> None:
        self._hooks = hooks
        self._judge = partial(judge, settings=settings, decide=hooks.decide, safelist=safelist)
        self._verdicts: dict[int, tuple[Object, Verdict]] = {}
        self._lock = threading.Lock()

    def __call__(self, obj: Object) -> Verdict:
        """Return the verdict of an object, computed when it is first asked for."""
        with self._lock:
            judged = self._verdicts.get(id(obj))
        if judged is None:
            # The object is kept beside its verdict, so that its id is not given to another one.
            judged = (obj, self._judge(obj, remap=partial(self._hooks.remap, obj=obj)))
            with self._lock:
                self._verdicts[id(obj)] = judged
        return judged[1]
