"""What keeps the key and signed addresses out of messages and logs."""

import logging
import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"

_USER = re.compile(r"(/users/)[^/?\s]+")
_QUERY = re.compile(r"\?\S*")


def redact(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return a body without the secrets, as they are and percent-encoded: a server may echo what it was sent."""
    for secret in filter(None, secrets):
        for form in {secret, quote(secret, safe="")}:
            body = body.replace(form.encode(), MASK.encode())
    return body


class _Quiet(logging.Filter):
    """urllib3 logs the path of each request at debug level: a user's path is the key, a signed query is a licence."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_shortened(each) if isinstance(each, str) else each for each in record.args)
        return True


def _shortened(value: str) -> str:
    return _QUERY.sub("?" + MASK, _USER.sub(r"\1" + MASK, value))


def quiet_logs() -> None:
    """Filter urllib3's own log lines, once."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Quiet) for each in logger.filters):
            logger.addFilter(_Quiet())
