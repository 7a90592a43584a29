"""The immutable index of analysers by exact (kind, relationship)."""

import copy
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from attrs import field, frozen

from virustotal.core.analyzer import ANY, Analyzer
from virustotal.core.settings import Settings


def _place(analyzer: Analyzer) -> tuple[int, str]:
    return analyzer.order, analyzer.name


def _in_order(analyzers: Iterable[Analyzer]) -> tuple[Analyzer, ...]:
    return tuple(sorted(analyzers, key=_place))


def _ask(analyzer: Analyzer, settings: Settings) -> bool:
    return bool(analyzer.wanted(settings))


@frozen
class Registry:
    """All analysers of the service, by (order, name). Names are unique: the loader sees to that.

    external: the names of those that external plugins brought; they add to the built-ins, and replace none.
    judges: True if an external plugin gives verdicts, which may read any attribute of an object.
    disabled: kind and relationship of analysers that `plugins.disabled` names.
    asks: calls the `wanted` of an analyser. In a task it never raises, and keeps failures for the result (HookCaller).
    """

    analyzers: tuple[Analyzer, ...] = field(default=(), converter=_in_order)
    external: frozenset[str] = frozenset()
    judges: bool = False
    asks: Callable[[Analyzer, Settings], bool] = field(default=_ask, repr=False, eq=False)
    disabled: frozenset[tuple[str, str]] = frozenset()
    _by_key: Mapping[tuple[str, str], tuple[Analyzer, ...]] = field(init=False, repr=False, eq=False)

    @_by_key.default
    def _index(self) -> Mapping[tuple[str, str], tuple[Analyzer, ...]]:
        index: dict[tuple[str, str], list[Analyzer]] = {}
        for analyzer in self.analyzers:
            index.setdefault((analyzer.kind, analyzer.relationship), []).append(analyzer)
        return MappingProxyType({key: tuple(analyzers) for key, analyzers in index.items()})

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
        return _in_order((*own, *self._by_key.get((kind, ANY), ())))

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
