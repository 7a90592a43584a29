"""The windows of a quota, as arithmetic over a flat state that the stores keep as JSON.

The state holds `s<second>`, `m<minute>`, `d<day>` and `M<month>`: the requests counted there; `xh` (until `xu`): what
others asked in the hour, by VirusTotal's count, taken over at `synced`; `pause` (until when all requests wait), `since`
(when that was said) and `refusals` (how many in a row).
Minute and hour slide, which holds for fixed ones as well; day and month end at 00:00 UTC.
"""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime

from attrs import frozen

from virustotal.storage.interfaces import Permit, Quota, Remaining
from virustotal.util.readers import json_mapping, number

State = dict[str, float]

MINUTE, HOUR, DAY = 60, 3600, 86_400
#: Seconds for which a permit counts in the minute: a request arrives later than it is permitted.
MINUTE_AND_WAY = MINUTE + 2
#: Seconds that all requests pause after a 429 that does not say how long, and after one that follows such a pause.
FIRST_PAUSE, NEXT_PAUSE = 60.0, 600.0
#: Seconds that a pause lasts at most, whatever VirusTotal says.
LONGEST_PAUSE = 86_400.0
#: Refusals in a row after which a short pause is not believed any more.
PATIENCE = 3


def dumps(state: State) -> str:
    """Return the state as a store keeps it."""
    return json.dumps(state, separators=(",", ":"))


def loads(text: str | None) -> State:
    """Return the state that a store kept; what is no finite number in it is of no use, so it does not count."""
    return {name: count for name, value in json_mapping(text).items() if (count := number(value)) is not None}


def periods(now: float) -> tuple[int, int, float, float]:
    """Return the numbers of this UTC day and month, and when each ends."""
    today = datetime.fromtimestamp(now, UTC)
    month = today.year * 12 + today.month - 1
    after = datetime((month + 1) // 12, (month + 1) % 12 + 1, 1, tzinfo=UTC)
    day = int(now // DAY)
    return day, month, float((day + 1) * DAY), after.timestamp()


def acquire(state: State, quota: Quota, now: float) -> Permit:
    """See `RateLimiter.acquire`; changes the state."""
    _forget(state, now)
    sync(state, quota, now)
    pause = max(0.0, _paused_until(state, now) - now)
    for window in _windows(state, quota, now):
        wait = max(0.05, window.frees)
        if window.full and wait > pause:
            return Permit(False, window.name, wait, reserved=window.used < window.limit)
    if pause:
        return Permit(False, "pause", pause)
    day, month, _, _ = periods(now)
    for name in (f"s{int(now)}", f"m{int(now) // MINUTE}", f"d{day}", f"M{month}"):
        state[name] = state.get(name, 0) + 1
    return Permit(True, probing=bool(state.get("refusals")))


def release(state: State) -> None:
    """See `RateLimiter.release`; changes the state."""
    state.pop("refusals", None)


def pause(state: State, seconds: float | None, now: float) -> float:
    """See `RateLimiter.pause`; changes the state."""
    until, before = _paused_until(state, now), int(state.get("refusals", 0))
    paused = until > now
    if not paused:  # what was on its way when a pause began does not show that waiting did not help
        state["refusals"] = before + 1
    if seconds is None:
        seconds = FIRST_PAUSE if paused or not before else NEXT_PAUSE
    elif state.get("refusals", 0) > PATIENCE:
        seconds = max(seconds, NEXT_PAUSE)
    state["pause"], state["since"] = max(until, now + min(seconds, LONGEST_PAUSE)), now
    return state["pause"] - now


def _paused_until(state: State, now: float) -> float:
    """Until when all wait. A pause that began later than now is of a clock that was set back, and does not count."""
    since = state.get("since", 0.0)
    return min(state.get("pause", 0.0), since + LONGEST_PAUSE) if since <= now + MINUTE else 0.0


def sync(state: State, quota: Quota, now: float) -> None:
    """Take over VirusTotal's count, unless a newer one was taken over before; changes the state.

    Its count may lag behind by the requests of the last minute; beyond those it is the better one, for the state may
    count what VirusTotal does not charge. The sliding hour is only ever corrected upwards.
    """
    if not state.get("synced", 0.0) < quota.moment <= now + MINUTE:
        return
    state["synced"] = quota.moment
    day, month, _, _ = periods(now)
    today, this_month, _, _ = periods(quota.moment)
    used, recent = quota.used, _minute(state, now)
    if used.day is not None and today == day:
        state[f"d{day}"] = max(used.day, min(state.get(f"d{day}", 0), used.day + recent))
    if used.month is not None and this_month == month:
        state[f"M{month}"] = max(used.month, min(state.get(f"M{month}", 0), used.month + recent))
    if used.hour is not None:
        state["xh"], state["xu"] = max(0, used.hour - _hour(state, now)), quota.moment + HOUR


def remaining(state: State, quota: Quota, now: float) -> Remaining:
    """See `RateLimiter.remaining`; the state may change."""
    sync(state, quota, now)
    *others, minute = _windows(state, quota, now)
    left = minute.left if minute.limit else None
    pause = max(0.0, _paused_until(state, now) - now)
    longer = [window for window in others if window.limit]
    if not longer:
        return Remaining(left, pause=pause)
    least = min(longer, key=lambda window: window.left)
    return Remaining(left, least.left, least.name, least.frees, pause)


@frozen
class _Window:
    """name; limit: requests that it allows, 0 for any number; kept: how many of them are reserved for others;
    used: requests so far; frees: seconds until some of them no longer count."""

    name: str
    limit: int
    kept: int
    used: int
    frees: float

    @property
    def left(self) -> int:
        return max(0, self.limit - self.kept - self.used)

    @property
    def full(self) -> bool:
        return bool(self.limit) and not self.left


def _windows(state: State, quota: Quota, now: float) -> tuple[_Window, ...]:
    """The longest window first."""
    day, month, day_ends, month_ends = periods(now)
    minutes = [minute for minute, count in _counted(state, "m") if count > 0]
    seconds = [second for second, count in _counted(state, "s") if count > 0]
    others = state.get("xh", 0) if state.get("xu", 0.0) > now else 0
    hour_frees = (min(minutes) + 2) * MINUTE + HOUR - now if minutes else state.get("xu", now) - now
    minute_frees = min(seconds) + MINUTE_AND_WAY - now if seconds else 0.0
    today, this_month = int(state.get(f"d{day}", 0)), int(state.get(f"M{month}", 0))
    limits, reserve = quota.limits, quota.reserve
    return (
        _Window("month", limits.month, 0, this_month, month_ends - now),
        _Window("day", limits.day, math.ceil(limits.day * reserve), today, day_ends - now),
        _Window("hour", limits.hour, math.ceil(limits.hour * reserve), int(_hour(state, now) + others), hour_frees),
        _Window("minute", limits.minute, 0, int(_minute(state, now)), minute_frees),
    )


def _minute(state: State, now: float) -> float:
    return sum(count for second, count in _counted(state, "s") if second + MINUTE_AND_WAY > now)


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
        "s": (now - MINUTE_AND_WAY - 1, now + MINUTE),  # what lies further ahead is of a clock that was set back
        "m": ((now - HOUR) / MINUTE - 2, now / MINUTE + 1),
        "d": (day, day + 1),
        "M": (month, month + 1),
    }
    for mark, (low, high) in bounds.items():
        for period in [period for period, _ in _counted(state, mark) if not low <= period <= high]:
            state.pop(f"{mark}{period}", None)
