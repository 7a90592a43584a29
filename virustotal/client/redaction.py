"""What keeps the key and signed addresses out of messages and logs."""

import logging
import re
from collections.abc import Iterable
from urllib.parse import quote

from virustotal.core.errors import VirusTotalError

MASK = "***"

_USER = re.compile(r"(/users/)[^/?\s]+")
_QUERY = re.compile(r"\?\S*")

#: Characters from which on a secret is masked in data too; a shorter one, such as the password `virus`, may be a word
#: of the data.
LONG_SECRET = 32


def redact(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return a body without the secrets: a server may echo what it was sent. In linear time.

    As they are, in any case, percent-encoded, and with characters escaped as JSON may do.
    """
    forms = {form for secret in filter(None, secrets) for form in (secret, quote(secret, safe=""))}
    lowered = body.lower()
    numbers, escapes = b"\\u00" in lowered, b"\\" in lowered
    for form in sorted(forms, key=len, reverse=True):
        may_be_escaped = numbers or (escapes and any(character in form for character in '/"\\'))
        if may_be_escaped or form.encode().lower() in lowered:
            body = re.sub(b"".join(map(_any_way, form)), MASK.encode(), body, flags=re.IGNORECASE)
    return body


def redact_error(error: VirusTotalError, secrets: Iterable[str]) -> VirusTotalError:
    """Mask the secrets in an error's message and code, and return it."""
    secrets = tuple(secrets)
    error.args = (redact(str(error).encode("utf-8", "replace"), secrets).decode(),)
    error.code = redact(error.code.encode("utf-8", "replace"), secrets).decode()
    return error


def _any_way(character: str) -> bytes:
    """An expression of one character as it is, behind a backslash where JSON has it so, or by its number."""
    itself = (b"\\\\?" if character in '/"\\' else b"") + re.escape(character.encode())
    if not character.isascii():
        return itself
    return rb"(?:%s|\\u00(?:%02x|%02x))" % (itself, ord(character.lower()), ord(character.upper()))


class _Quiet(logging.Filter):
    """urllib3 logs the path of each request at debug level: a user's path is the key, a signed query is a licence."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_shortened(value) if isinstance(value, str) else value for value in record.args)
        return True


def _shortened(value: str) -> str:
    return _QUERY.sub("?" + MASK, _USER.sub(r"\1" + MASK, value))


def quiet_logs() -> None:
    """Filter urllib3's own log lines, once."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logger = logging.getLogger(name)
        if not any(isinstance(filter_, _Quiet) for filter_ in logger.filters):
            logger.addFilter(_Quiet())
