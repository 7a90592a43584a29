"""Which relationships a key may read, by the licence that each needs; what is asked for after a refusal."""

from virustotal.api import relationships
from virustotal.api.relationships import Licence
from virustotal.core.models import Outcome, Status

#: The licences whose names a combined request has, first and after each refusal.
_LADDER: tuple[frozenset[Licence], ...] = (
    frozenset(Licence),
    frozenset({Licence.PUBLIC, Licence.PREMIUM, Licence.UNCONFIRMED}),
    frozenset({Licence.PUBLIC, Licence.PREMIUM}),
    frozenset({Licence.PUBLIC}),
)


def fallback_selections(kind: str, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the names of a combined request, then those with which it is made again after each refusal.

    What the fewest keys may read is left out first: a key without threat intelligence has the premium names all the
    same. Last the object is asked for alone.
    """
    licences = {name: licence_of(kind, name) for name in names}
    return tuple(dict.fromkeys((*(tuple(name for name in names if licences[name] in each) for each in _LADDER), ())))


def licence_of(kind: str, name: str) -> Licence:
    """Return which keys may read a relationship; unconfirmed for a name outside the catalogue."""
    entry = relationships.find(kind, name)
    return Licence.UNCONFIRMED if entry is None else entry.licence


def safe_names(kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that every key may read."""
    return tuple(name for name in names if licence_of(kind, name) is Licence.PUBLIC)


def is_unlicensed(kind: str, name: str, outcome: Outcome) -> bool:
    """True if an outcome says that the key's licence does not cover a relationship that not every key may read."""
    return outcome.status is Status.FORBIDDEN and licence_of(kind, name) is not Licence.PUBLIC
