"""The verdicts of one task: each object is judged once."""

import threading
from functools import partial

from virustotal.core.models import Object, Verdict
from virustotal.core.plugin_host.hooks import HookCaller
from virustotal.core.scoring.safelist import Safelist
from virustotal.core.scoring.verdicts import judge
from virustotal.core.settings import Settings


class Judge:
    """The verdict of any object by the hooks and the safelist of one task; thread-safe."""

    def __init__(self, settings: Settings, hooks: HookCaller, safelist: Safelist) -> None:
        self._judge = partial(judge, settings=settings, remap=hooks.remap, decide=hooks.decide, safelist=safelist)
        self._known: dict[int, tuple[Object, Verdict]] = {}
        self._lock = threading.Lock()

    def __call__(self, obj: Object) -> Verdict:
        """Return the verdict of an object, computed when it is first asked for."""
        with self._lock:
            known = self._known.get(id(obj))
        if known is None:
            # The object is kept beside its verdict, so that its id is not given to another one.
            known = (obj, self._judge(obj))
            with self._lock:
                self._known[id(obj)] = known
        return known[1]
