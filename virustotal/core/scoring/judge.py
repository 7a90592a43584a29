"""The verdicts of one task: each object is judged once."""

from functools import partial

from virustotal.core.models import Object, Verdict
from virustotal.core.scoring.safelist import Safelist
from virustotal.core.scoring.verdicts import Decide, Remap, judge
from virustotal.core.settings import Settings


class Judge:
    """The verdict of any object by the hooks and the safelist of one task; thread-safe."""

    def __init__(self, settings: Settings, remap: Remap, decide: Decide, safelist: Safelist) -> None:
        self._judge = partial(judge, settings=settings, remap=remap, decide=decide, safelist=safelist)
        # Each object is kept beside its verdict, so that its id is not given to another one.
        self._verdicts: dict[int, tuple[Object, Verdict]] = {}

    def __call__(self, obj: Object) -> Verdict:
        """Return the verdict of an object, computed when it is first asked for."""
        judged = self._verdicts.get(id(obj))
        if judged is None:
            judged = self._verdicts[id(obj)] = obj, self._judge(obj)
        return judged[1]
