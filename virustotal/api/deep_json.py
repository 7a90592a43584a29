"""JSON of any depth, without recursion where the standard parser gives up."""

import json
import math
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # public in json.decoder, absent from typeshed
from typing import Any

#: Deeper than this nobody nests by accident; what walks the value has to end as well.
DEEPEST = 100_000

_BLANK = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None, "NaN": None, "Infinity": None, "-Infinity": None}
_WORD = re.compile("true|false|null|NaN|-?Infinity")


def parse(body: bytes) -> Any:
    """Return the value of a JSON text; ValueError where it is none, or is nested deeper than DEEPEST.

    Bytes that are not UTF-8 are replaced, NaN and infinities are null.
    """
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError):  # the latter: an integer of thousands of digits
        return _Parser(text).value()


class _Parser:
    """Keeps the open containers on a list of its own. Slower than the standard one, and used where that one fails."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def value(self) -> Any:
        """The whole text as one value."""
        holder: list[Any] = []
        open_: list[tuple[Any, str]] = [(holder, "")]
        while True:
            key = self._key(open_[-1][0])
            found, container = self._one()
            self._put(open_[-1][0], key, found)
            if container:
                if len(open_) > DEEPEST:
                    raise ValueError("nested too deeply")
                open_.append((found, "}" if isinstance(found, dict) else "]"))
                if not self._take(open_[-1][1]):
                    continue
                open_.pop()
            while len(open_) > 1 and not self._take(","):
                self._need(open_.pop()[1])
            if len(open_) == 1:
                self._end()
                return holder[0]

    def _key(self, container: Any) -> str | None:
        if not isinstance(container, dict):
            return None
        self._need('"')
        key, self.at = scanstring(self.text, self.at, False)
        self._need(":")
        return str(key)

    def _one(self) -> tuple[Any, bool]:
        """One value, or an empty container that is to be filled."""
        if self._take("{"):
            return {}, True
        if self._take("["):
            return [], True
        if self._take('"'):
            found, self.at = scanstring(self.text, self.at, False)
            return found, False
        if match := _WORD.match(self.text, self.at):
            self.at = match.end()
            return _WORDS[match.group()], False
        return self._number(), False

    def _number(self) -> int | float | None:
        match = _NUMBER.match(self.text, self.at)
        if not match:
            raise ValueError(f"no JSON value at {self.at}")
        self.at = match.end()
        if match.group(1) is None and match.group(2) is None and len(match.group()) < 400:
            return int(match.group())
        found = float(match.group())
        return found if math.isfinite(found) else None

    @staticmethod
    def _put(container: Any, key: str | None, found: Any) -> None:
        if key is None:
            container.append(found)
        else:
            container[key] = found

    def _take(self, mark: str) -> bool:
        self._blank()
        if self.text.startswith(mark, self.at):
            self.at += 1
            return True
        return False

    def _blank(self) -> None:
        if match := _BLANK.match(self.text, self.at):
            self.at = match.end()

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            raise ValueError(f"no {mark} at {self.at}")

    def _end(self) -> None:
        self._blank()
        if self.at != len(self.text):
            raise ValueError(f"more than one value, at {self.at}")
