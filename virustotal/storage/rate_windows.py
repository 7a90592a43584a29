"""The windows of a quota, as arithmetic over a flat state. The script of the Redis ledger does the same.

The state holds `s<second>`, `m<minute>`, `d<day>` and `M<month>`: the requests counted there; `xd<day>`, `xM<month>`
and `xh` (until `xu`): what others asked, by VirusTotal's count; `hold` (until when all wait) with `since` (when that
was said), `held` (how often in a row) and `after` (a request permitted since then that works ends the row); `born`.
Minute and hour slide, which holds for fixed ones as well; day and month end at 00:00 UTC.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from virustotal.storage.interfaces import Left, Limits, Permit, Used

State = dict[str, float]

MINUTE, HOUR, DAY = 60, 3600, 86_400
#: A request whose end nobody reports (its process was killed) counts as having arrived so many seconds later.
ON_ITS_WAY = 10
#: Seconds that all wait after a 429 that does not say how long, and after one that follows upon such a wait.
FIRST_HOLD, NEXT_HOLD = 60.0, 600.0
#: Seconds that a hold lasts at most, whatever was told.
LONGEST_HOLD = 86_400.0
#: Refusals in a row after which a short wait is not believed any more.
PATIENCE = 3


def state_of(kept: Mapping[str, Any]) -> State:
    """Return what is a number of what a store keeps; the rest is of no use, so it does not count."""
    return {name: number for name, value in kept.items() if (number := _number(value)) is not None}


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


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
    # Further ahead it is of a clock that was set back, and nothing was lost.
    if born and begun != born and limits.minute and abs(now - begun) < MINUTE:
        wait(state, begun + MINUTE, now)  # what was spent in the last minute is not known any more
    held = max(0.0, _held_until(state, now) - now)
    for window, allowed, used, frees in _used(state, limits, now):
        if allowed and used >= allowed and max(0.05, frees) > held:
            return Permit(False, window=window, wait=max(0.05, frees), born=begun)
    if held:
        return Permit(False, window="held", wait=held, born=begun)
    return Permit(True, count(state, now), born=begun)


def count(state: State, now: float) -> int:
    """Count one request, whatever the windows allow, and return its slot; changes the state."""
    _forget(state, now)
    day, month, _, _ = periods(now)
    slot = int(now) + ON_ITS_WAY
    for name in (f"s{slot}", f"m{int(now) // MINUTE}", f"d{day}", f"M{month}"):
        state[name] = state.get(name, 0) + 1
    return slot


def settle(state: State, permit: Permit, now: float, worked: bool) -> None:
    """See `Ledger.settle`; changes the state."""
    slot = f"s{permit.slot}"
    if state.get(slot, 0) > 0:
        state[slot] -= 1
    for name in (f"s{int(now)}", *later_periods(permit, now)):
        state[name] = state.get(name, 0) + 1
    if worked and permit.slot - ON_ITS_WAY + 1 > state.get("after", 0.0):
        state.pop("held", None)


def later_periods(permit: Permit, now: float) -> tuple[str, ...]:
    """Return the day and month of a request's end where its permit was of an earlier one: it may count for either."""
    before, after = periods(permit.slot - ON_ITS_WAY)[:2], periods(now)[:2]
    return tuple(f"{mark}{new}" for mark, old, new in zip("dM", before, after, strict=True) if new > old)


def hold(state: State, seconds: float | None, now: float) -> float:
    """See `Ledger.hold`; changes the state."""
    until, held = _held_until(state, now), state.get("held", 0)
    if until <= now:
        # What was on its way when the first hold began does not show that waiting helped.
        state["held"], state["after"] = held + 1, until if held else now + 1
    if seconds is None:
        seconds = FIRST_HOLD if not held or until > now else NEXT_HOLD
    elif state.get("held", 0) > PATIENCE:
        seconds = max(seconds, NEXT_HOLD)
    return wait(state, now + min(seconds, LONGEST_HOLD), now) - now


def wait(state: State, until: float, now: float) -> float:
    """Let all wait until then, or longer where they do already, and return until when; changes the state."""
    state["hold"], state["since"] = max(_held_until(state, now), until), now
    return state["hold"]


def _held_until(state: State, now: float) -> float:
    """Until when all wait. A hold that began later than now is of a clock that was set back, and does not count."""
    since = state.get("since", 0.0)
    return min(state.get("hold", 0.0), since + LONGEST_HOLD) if since <= now + MINUTE else 0.0


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
    held = max(0.0, _held_until(state, now) - now)
    if not longer:
        return Left(minute, held=held)
    least = min(longer, key=lambda window: longer[window])
    return Left(minute, longer[least], least, rows[least][2], held)


def _used(state: State, limits: Limits, now: float) -> tuple[tuple[str, int, float, float], ...]:
    """Window, what it allows, what is used of it, and seconds until less is: the longest window first."""
    day, month, day_ends, month_ends = periods(now)
    minutes = [number for number, count in _counted(state, "m") if count > 0]
    seconds = [number for number, count in _counted(state, "s") if count > 0]
    extra = state.get("xh", 0) if state.get("xu", 0.0) > now else 0
    hour_wait = (min(minutes) + 2) * MINUTE + HOUR - now if minutes else state.get("xu", now) - now
    return (
        ("month", limits.month, state.get(f"M{month}", 0) + state.get(f"xM{month}", 0), month_ends - now),
        ("day", limits.day, state.get(f"d{day}", 0) + state.get(f"xd{day}", 0), day_ends - now),
        ("hour", limits.hour, _hour(state, now) + extra, hour_wait),
        ("minute", limits.minute, _minute(state, now), min(seconds) + MINUTE + 1 - now if seconds else 0.0),
    )


def _minute(state: State, now: float) -> float:
    return sum(count for second, count in _counted(state, "s") if second + MINUTE + 1 > now)


def _hour(state: State, now: float) -> float:
    # A minute more than the hour: a request may have arrived after the minute in which it was permitted.
    bound = now - HOUR - 2 * MINUTE
    return sum(count for minute, count in _counted(state, "m") if minute * MINUTE > bound)


def _counted(state: State, mark: str) -> Iterator[tuple[int, float]]:
    """Yield number and count of each second, minute, day or month that is counted."""
    for name, count in state.items():
        if name.startswith(mark) and name[1:].isdecimal():
            yield int(name[1:]), count


def _forget(state: State, now: float) -> None:
    day, month, _, _ = periods(now)
    bounds = {
        "s": (math.floor(now) - MINUTE, now + MINUTE),  # what lies further ahead is of a clock that was set back
        "m": ((now - HOUR) / MINUTE - 2, now / MINUTE + 1),
        "d": (day, day + 1),
        "M": (month, month + 1),
    }
    for mark, (low, high) in bounds.items():
        for number in [number for number, _ in _counted(state, mark) if not low <= number <= high]:
            state.pop(f"{mark}{number}", None)
    for name in [name for name in state if name[:2] in {"xd", "xM"} and name not in {f"xd{day}", f"xM{month}"}]:
        del state[name]
