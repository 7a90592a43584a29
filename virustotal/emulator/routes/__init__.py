"""The routes of the API: which method and path leads to which handler, under which name it is counted."""

from collections.abc import Iterable
from urllib.parse import unquote

from attrs import frozen

from virustotal.emulator.errors import ApiError
from virustotal.emulator.state import Handler


@frozen
class Route:
    """One route. Segments of ``pattern`` in braces are parameters; ``free`` ones are not counted.

    ``counted`` is False where the handler itself decides whether the request is charged.
    """

    method: str
    pattern: str
    handler: Handler
    endpoint: str
    counted: bool = True

    def match(self, method: str, segments: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the parameters if the route fits a request, else None."""
        own = self.pattern.split("/")
        if method != self.method or len(own) != len(segments):
            return None
        pairs = list(zip(own, segments, strict=True))
        if any(part != segment for part, segment in pairs if not part.startswith("{")):
            return None
        params = tuple(segment for part, segment in pairs if part.startswith("{"))
        return params if all(params) else None


def find(routes: Iterable[Route], method: str, raw_path: str) -> tuple[Route, tuple[str, ...]]:
    """Return the first route that fits a percent-encoded path below ``/api/v3/``, or raise the 404."""
    segments = tuple(unquote(segment) for segment in raw_path.split("/"))
    for route in routes:
        params = route.match(method, segments)
        if params is not None:
            return route, params
    raise ApiError("NotFoundError", "Resource not found.")
