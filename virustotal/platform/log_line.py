"""Log lines in `key=value`, for programs that read logs."""

import json
import re
from collections.abc import Mapping
from typing import Any

#: Values that need no quotes.
_PLAIN = re.compile(r"[A-Za-z0-9_.:/+-]+", re.ASCII)
#: The longest value in a line, in characters.
LONGEST = 500


def key_values(values: Mapping[str, Any]) -> str:
    """Return values as `name=value`, in order, as one line: others than plain words in quotes as in JSON.

    Args:
        values: By name; None is left out, numbers with a fraction have two places.
    """
    return " ".join(f"{name}={_shown(value)}" for name, value in values.items() if value is not None)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = f"{value:.2f}" if isinstance(value, float) else str(value)[:LONGEST]
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
