"""The windows of a quota, as arithmetic over a flat state. The script of the Redis ledger does the same.

The state holds `s<second>`, `m<minute>`, `d<day>` and `M<month>`: the requests counted there; `xd<day>`, `xM<month>`
and `xh` (until `xu`): what others asked, by VirusTotal's count; `hold` (until when all wait) with `held` (how often in
a row); `born`. Minute and hour slide, which holds for fixed ones as well; day and month end at 00:00 UTC.
"""

import math
from datetime import UTC, datetime

from virustotal.sources.stores.interfaces import Left, Limits, Permit, Used

State = dict[str, float]

MINUTE, HOUR, DAY = 60, 3600, 86_400
#: A request whose end nobody reports (its process was killed) counts as having arrived so many seconds later.
ON_ITS_WAY = 10
#: Seconds that all wait after a 429 that does not say how long, and after one that follows upon such a wait.
FIRST_HOLD, NEXT_HOLD = 60.0, 600.0


def periods(now: float) -> tuple[int, int, float, float]:
    """Return the numbers of this UTC day and month, and when each ends."""
    today = datetime.fromtimestamp(now, UTC)
    month = today.year * 12 + today.month - 1
    after = datetime((month + 1) // 12, (month + 1) % 12 + 1, 1, tzinfo=UTC)
    day = int(now // DAY)
    return day, month, float((day + 1) * DAY), after.timestamp()


def take(state: State, limits: Limits, now: float, born: float = 0.0) -> Permit:
    """See `Ledger.take`; changes the state."""
    _forget(state, now)
    begun = state.setdefault("born", now)
    if born and begun != born and limits.minute and begun + MINUTE > state.get("hold", 0.0):
        state["hold"] = begun + MINUTE  # what was spent in the last minute is not known any more
    held = max(0.0, state.get("hold", 0.0) - now)
    for window, allowed, used, wait in _used(state, limits, now):
        if allowed and used >= allowed:
            return Permit(False, window=window, wait=max(0.05, wait, held), born=begun)
    if held:
        return Permit(False, window="minute", wait=held, born=begun)
    day, month, _, _ = periods(now)
    slot = int(now) + ON_ITS_WAY
    for name in (f"s{slot}", f"m{int(now) // MINUTE}", f"d{day}", f"M{month}"):
        state[name] = state.get(name, 0) + 1
    return Permit(True, slot, born=begun)


def settle(state: State, permit: Permit, now: float, worked: bool) -> None:
    """See `Ledger.settle`; changes the state."""
    slot = f"s{permit.slot}"
    if state.get(slot, 0) > 0:
        state[slot] -= 1
    arrived = f"s{int(now)}"
    state[arrived] = state.get(arrived, 0) + 1
    if worked and state.get("hold", 0.0) <= now:
        state.pop("held", None)


def hold(state: State, seconds: float | None, now: float) -> float:
    """See `Ledger.hold`; changes the state."""
    until, held = state.get("hold", 0.0), state.get("held", 0)
    if seconds is None:
        seconds = FIRST_HOLD if not held or until > now else NEXT_HOLD
    if until <= now:
        state["held"] = held + 1
    state["hold"] = max(until, now + seconds)
    return state["hold"] - now


def extras(state: State, used: Used, now: float) -> State:
    """Return what is to be set so that VirusTotal's count holds.

    Its count may lag behind by the requests of the last minute; beyond those it is the better one, for the ledger may
    count what VirusTotal does not charge. Sliding windows are only ever corrected upwards.
    """
    day, month, _, _ = periods(now)
    recent = _minute(state, now)
    found: State = {}
    if used.day is not None:
        ours = state.get(f"d{day}", 0)
        found[f"xd{day}"] = max(used.day, min(ours, used.day + recent)) - ours
    if used.month is not None:
        ours = state.get(f"M{month}", 0)
        found[f"xM{month}"] = max(used.month, min(ours, used.month + recent)) - ours
    if used.hour is not None:
        found["xh"], found["xu"] = max(0, used.hour - _hour(state, now)), now + HOUR
    return found


def left(state: State, limits: Limits, now: float) -> Left:
    """See `Ledger.left`."""
    rows = {window: (allowed, used, wait) for window, allowed, used, wait in _used(state, limits, now) if allowed}
    minute = max(0, rows["minute"][0] - int(rows["minute"][1])) if "minute" in rows else None
    longer = {window: max(0, row[0] - int(row[1])) for window, row in rows.items() if window != "minute"}
    held = max(0.0, state.get("hold", 0.0) - now)
    if not longer:
        return Left(minute, held=held)
    least = min(longer, key=lambda window: longer[window])
    return Left(minute, longer[least], least, rows[least][2], held)


def used(state: State, now: float) -> dict[str, int]:
    """Return the ledger's own count of each window, with what VirusTotal told of others."""
    return {window: int(count) for window, _, count, _ in _used(state, Limits(), now)}


def _used(state: State, limits: Limits, now: float) -> tuple[tuple[str, int, float, float], ...]:
    """Window, what it allows, what is used of it, and seconds until less is: the longest window first."""
    day, month, day_ends, month_ends = periods(now)
    minutes = [int(name[1:]) for name, count in state.items() if name[0] == "m" and count > 0]
    seconds = [int(name[1:]) for name, count in state.items() if name[0] == "s" and count > 0]
    extra = state.get("xh", 0) if state.get("xu", 0.0) > now else 0
    hour_wait = (min(minutes) + 2) * MINUTE + HOUR - now if minutes else state.get("xu", now) - now
    return (
        ("month", limits.month, state.get(f"M{month}", 0) + state.get(f"xM{month}", 0), month_ends - now),
        ("day", limits.day, state.get(f"d{day}", 0) + state.get(f"xd{day}", 0), day_ends - now),
        ("hour", limits.hour, _hour(state, now) + extra, hour_wait),
        ("minute", limits.minute, _minute(state, now), min(seconds) + MINUTE + 1 - now if seconds else 0.0),
    )


def _minute(state: State, now: float) -> float:
    return sum(count for name, count in state.items() if name[0] == "s" and int(name[1:]) + MINUTE + 1 > now)


def _hour(state: State, now: float) -> float:
    # A minute more than the hour: a request may have arrived after the minute in which it was permitted.
    bound = now - HOUR - 2 * MINUTE
    return sum(count for name, count in state.items() if name[0] == "m" and int(name[1:]) * MINUTE > bound)


def _forget(state: State, now: float) -> None:
    day, month, _, _ = periods(now)
    bounds = {
        "s": (math.floor(now) - MINUTE, now + MINUTE),  # what lies further ahead is of a clock that was set back
        "m": ((now - HOUR) / MINUTE - 2, now / MINUTE + 1),
        "d": (day, day + 1),
        "M": (month, month + 1),
    }
    for name in [name for name in state if name[0] in bounds and name[1:].isdigit()]:
        low, high = bounds[name[0]]
        if not low <= int(name[1:]) <= high:
            del state[name]
    for name in [name for name in state if name[:2] in {"xd", "xM"}]:
        if int(name[2:]) != (day if name[1] == "d" else month):
            del state[name]
