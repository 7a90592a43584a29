"""JSON of any depth: the standard parser first, ijson where that one gives up."""

import io
import json
import math
from decimal import Decimal
from functools import partial
from typing import Any

#: Deeper than this nobody nests by accident; what walks the value has to end as well.
DEEPEST = 100_000
#: Digits of the largest integer that is read; Python refuses some thousands.
MOST_DIGITS = 400


def parse(body: bytes) -> Any:
    """Return the value of a JSON text.

    Bytes that are not UTF-8 are replaced; NaN, infinities and numbers beyond all bounds are null.

    Raises:
        ValueError: It is no JSON, or is nested deeper than DEEPEST.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        try:
            return _loads(text)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer of thousands of digits
            return _loads(text, parse_int=_integer, strict=False)
    except RecursionError:
        return parse_deep(text)


def parse_deep(text: str) -> Any:
    """Return the value of a JSON text without recursion, more slowly; ValueError as `parse`."""
    import ijson.backends.python as ijson  # seldom needed; that of C takes no half of a surrogate pair
    from ijson.common import JSONError, ObjectBuilder

    builder, depth = ObjectBuilder(), 0
    try:
        for event, value in ijson.basic_parse(io.BytesIO(text.encode()), use_float=False):
            depth += event.startswith("start") - event.startswith("end")
            if depth > DEEPEST:
                raise ValueError("nested too deeply")
            builder.event(event, _finite(str(value)) if isinstance(value, Decimal) else value)
    except JSONError as error:
        raise ValueError(str(error)) from None
    return builder.value


def _finite(text: str) -> float | None:
    return number if math.isfinite(number := float(text)) else None


_loads = partial(json.loads, parse_constant=lambda _: None, parse_float=_finite)


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < MOST_DIGITS else None
