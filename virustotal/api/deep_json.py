"""JSON that is nested too deeply for the standard parser, by ijson."""

import io
import math
from decimal import Decimal
from typing import Any

#: Deeper than this nobody nests by accident; what walks the value has to end as well.
DEEPEST = 100_000


def parse_deep(text: str) -> Any:
    """Return the value of a JSON text as `decoding.parse`, without recursion and more slowly.

    Raises:
        ValueError: It is no JSON, or is nested deeper than DEEPEST.
    """
    import ijson.backends.python as ijson  # seldom needed; that of C takes no half of a surrogate pair
    from ijson.common import JSONError, ObjectBuilder

    builder, depth = ObjectBuilder(), 0
    try:
        for event, value in ijson.basic_parse(io.BytesIO(text.encode()), use_float=False):
            depth += event.startswith("start") - event.startswith("end")
            if depth > DEEPEST:
                raise ValueError("nested too deeply")
            if isinstance(value, Decimal):
                value = number if math.isfinite(number := float(value)) else None
            builder.event(event, value)
    except JSONError as error:
        raise ValueError(str(error)) from None
    return builder.value
