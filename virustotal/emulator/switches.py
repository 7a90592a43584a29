"""What the documentation leaves open, or what depends on VirusTotal's day: one switch each, both ways tested.

The first choice of each list is the default.
"""

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import define, field

CHOICES: Mapping[str, tuple[str, ...]] = {
    "relationship_attributes": ("ignored", "honoured", "half", "400"),
    "relationship_counters": ("ignored", "honoured", "400"),
    "attributes": ("ignored", "honoured", "400"),
    "inline_bad_name": ("400", "left-out"),
    "inline_forbidden": ("403", "400", "left-out"),
    "unknown_relationship": ("404", "400"),
    "withdrawn": ("served", "unknown"),
    "empty_behaviours": ("200", "404"),
    "unknown_host": ("empty", "404"),
    "absent_one": ("null", "missing", "404"),
    "uppercase_hash": ("accepted", "404", "400"),
    "bad_url_id": ("400", "404"),
    "bad_limit": ("400", "default"),
    "cursor_limit": ("bound", "free"),
    "count": ("present", "absent", "wrong"),
    "quota_code": ("QuotaExceededError", "TooManyRequestsError"),
    "gzip": ("agent", "always", "never"),
    "artefacts": ("generated", "recorded"),
    "artefact_answer": ("direct", "redirect"),
    "metadata": ("every", "premium"),
    "known_upload": ("charged", "409"),
    "upload_host": ("same", "other"),
    "analysis_end": ("completed", "never"),
}
"""Switch -> what it may be, the default first."""


def _choice(name: str) -> Any:
    return field(default=CHOICES[name][0], validator=attrs.validators.in_(CHOICES[name]))


def _number(default: float) -> Any:
    return field(default=default, converter=float, validator=attrs.validators.ge(0))


def _count(default: int) -> Any:
    return field(default=default, converter=int, validator=attrs.validators.ge(0))


@define
class Switches:
    """The emulator's behaviour where the real one is not known or varies; a wrong value raises ``ValueError``."""

    relationship_attributes: str = _choice("relationship_attributes")
    relationship_counters: str = _choice("relationship_counters")
    attributes: str = _choice("attributes")
    inline_bad_name: str = _choice("inline_bad_name")
    inline_forbidden: str = _choice("inline_forbidden")
    unknown_relationship: str = _choice("unknown_relationship")
    withdrawn: str = _choice("withdrawn")
    empty_behaviours: str = _choice("empty_behaviours")
    unknown_host: str = _choice("unknown_host")
    absent_one: str = _choice("absent_one")
    uppercase_hash: str = _choice("uppercase_hash")
    bad_url_id: str = _choice("bad_url_id")
    bad_limit: str = _choice("bad_limit")
    cursor_limit: str = _choice("cursor_limit")
    count: str = _choice("count")
    quota_code: str = _choice("quota_code")
    gzip: str = _choice("gzip")
    artefacts: str = _choice("artefacts")
    artefact_answer: str = _choice("artefact_answer")
    metadata: str = _choice("metadata")
    known_upload: str = _choice("known_upload")
    upload_host: str = _choice("upload_host")
    analysis_end: str = _choice("analysis_end")
    cursor_repeats: bool = field(default=False, converter=attrs.converters.to_bool)
    """Every page names the cursor that led to it: a client that trusts it loops."""
    short_pages: bool = field(default=False, converter=attrs.converters.to_bool)
    """Pages hold half of what was asked for, and still have a cursor."""
    inline_page: int = _count(20)
    """Descriptors of one relationship inside an object."""
    retry_after: float | None = field(default=None, converter=attrs.converters.optional(float))
    """Seconds of the ``Retry-After`` header on 429; None sends none."""
    analysis_polls: int = _count(1)
    """How often a new analysis answers ``queued``, and then ``in-progress``, when time does not decide."""
    analysis_seconds: float = _number(0)
    """When above 0: the analysis ends that long after the submission, whatever the number of polls."""
    private_seconds: float = _number(0)
    """The same of a private analysis."""
    private_screenshots: bool = field(default=True, converter=attrs.converters.to_bool)
    """Whether visits of private URLs have a screenshot."""
    analysis_missing: int = _count(0)
    """How often a fresh analysis id answers 404."""
    analysis_status: str = ""
    """When set: the status that every unfinished analysis names, known to the reference or not."""
    object_missing: int = _count(0)
    """How often the object of a completed analysis still answers 404."""
    behaviour_delay: float = _number(60)
    """Seconds between an uploaded file's completed analysis and its first sandbox report."""
    latency: float = _number(0)
    """Seconds before every answer of the API."""

    def set(self, **values: Any) -> None:
        """Set several switches; an unknown name raises ``AttributeError``, a wrong value ``ValueError``."""
        for name, value in values.items():
            if name not in attrs.fields_dict(Switches):
                raise AttributeError(f"there is no switch {name!r}")
            try:
                setattr(self, name, value)
            except ValueError as error:  # a validator's has more arguments than its sentence
                raise ValueError(f"the switch {name}: {error.args[0]}") from None
