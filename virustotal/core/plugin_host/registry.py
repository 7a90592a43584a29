"""The immutable index of analysers by exact (kind, relationship)."""

import copy
import logging
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from attrs import field, frozen

from virustotal.core.analyzer import ANY, Analyzer
from virustotal.core.plugin_host.isolation_util import last_line
from virustotal.core.settings import Settings

log = logging.getLogger("assemblyline.service.virustotal.plugins")


def _place(analyzer: Analyzer) -> tuple[int, str]:
    return analyzer.order, analyzer.name


def _index(analyzers: Iterable[Analyzer]) -> Mapping[tuple[str, str], tuple[Analyzer, ...]]:
    index: dict[tuple[str, str], list[Analyzer]] = {}
    for analyzer in sorted(analyzers, key=_place):
        index.setdefault((analyzer.kind, analyzer.relationship), []).append(analyzer)
    return MappingProxyType({key: tuple(value) for key, value in index.items()})


def _wants(analyzer: Analyzer, settings: Settings) -> bool:
    """A plugin's own code: whatever it raises, the plan is made without its wish."""
    try:
        return bool(analyzer.wanted(settings))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        log.warning("`wanted` of the analyser %s failed: %s", analyzer.name, last_line(error))
        return False


@frozen
class Registry:
    """All analysers of the service, by (order, name). Names are unique: the loader sees to that.

    external: the names of those that external plugins brought; they add to the built-ins, and replace none.
    judges: True if an external plugin gives verdicts, which may read any attribute of an object.
    disabled: kind and relationship of analysers that `plugins.disabled` names.
    asks: calls the `wanted` of an analyser; never raises. In a task it keeps failures for the result (core.host.Hooks).
    """

    analyzers: tuple[Analyzer, ...] = ()
    external: frozenset[str] = frozenset()
    judges: bool = False
    asks: Callable[[Analyzer, Settings], bool] = field(default=_wants, repr=False, eq=False)
    disabled: frozenset[tuple[str, str]] = frozenset()
    _by_key: Mapping[tuple[str, str], tuple[Analyzer, ...]] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "analyzers", tuple(sorted(self.analyzers, key=_place)))
        object.__setattr__(self, "_by_key", _index(self.analyzers))

    def asking(self, asks: Callable[[Analyzer, Settings], bool]) -> "Registry":
        """Return the same analysers with another `asks`; as `evolve`, without sorting them anew for each task."""
        registry = copy.copy(self)
        object.__setattr__(registry, "asks", asks)
        return registry

    def find(self, kind: str, relationship: str = "") -> tuple[Analyzer, ...]:
        """Return the analysers of exactly this kind and relationship, in order.

        A relationship without a built-in of its own gets those of `ANY` too, so that a name unknown today is shown.
        """
        own = self._by_key.get((kind, relationship), ())
        if (
            not relationship
            or (kind, relationship) in self.disabled
            or any(analyzer.name not in self.external for analyzer in own)
        ):
            return own
        both = (*own, *self._by_key.get((kind, ANY), ()))
        return tuple(sorted(both, key=_place))

    def is_disabled(self, kind: str, relationship: str) -> bool:
        """True if the analysers of a relationship are disabled, so that it is not requested."""
        return (kind, relationship) in self.disabled and not self.find(kind, relationship)

    def wanted(self, kind: str, settings: Settings) -> tuple[str, ...]:
        """Return the relationships that analysers of this kind want by themselves, in order, without duplicates."""
        names = (
            analyzer.relationship
            for analyzer in self.analyzers
            if analyzer.kind == kind and analyzer.relationship not in ("", ANY) and self.asks(analyzer, settings)
        )
        return tuple(dict.fromkeys(names))
