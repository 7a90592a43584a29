"""What the documentation leaves open, or what depends on VirusTotal's day: one switch each, both ways tested.

The first choice of each switch is the default.
"""

from collections.abc import Mapping
from typing import Any

import attrs
from attrs import define, field


def _choice(*choices: str) -> Any:
    return field(default=choices[0], validator=attrs.validators.in_(choices), metadata={"choices": choices})


def _number(default: float) -> Any:
    return field(default=default, converter=float, validator=attrs.validators.ge(0))


def _count(default: int) -> Any:
    return field(default=default, converter=int, validator=attrs.validators.ge(0))


@define
class Switches:
    """The emulator's behaviour where the real one is not known or varies; a wrong value raises ``ValueError``."""

    relationship_attributes: str = _choice("ignored", "honoured", "half", "400")
    relationship_counters: str = _choice("ignored", "honoured", "400")
    attributes: str = _choice("ignored", "honoured", "400")
    inline_bad_name: str = _choice("400", "left-out")
    inline_forbidden: str = _choice("403", "400", "left-out")
    unknown_relationship: str = _choice("404", "400")
    withdrawn: str = _choice("served", "unknown")
    empty_behaviours: str = _choice("200", "404")
    unknown_host: str = _choice("empty", "404")
    absent_one: str = _choice("null", "missing", "404")
    uppercase_hash: str = _choice("accepted", "404", "400")
    bad_url_id: str = _choice("400", "404")
    bad_limit: str = _choice("400", "default")
    cursor_limit: str = _choice("bound", "free")
    count: str = _choice("present", "absent", "wrong")
    quota_code: str = _choice("QuotaExceededError", "TooManyRequestsError")
    gzip: str = _choice("agent", "always", "never")
    artefacts: str = _choice("generated", "recorded")
    artefact_answer: str = _choice("direct", "redirect")
    metadata: str = _choice("every", "premium")
    known_upload: str = _choice("charged", "409")
    upload_host: str = _choice("same", "other")
    analysis_end: str = _choice("completed", "never")
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


CHOICES: Mapping[str, tuple[str, ...]] = {
    switch.name: switch.metadata["choices"] for switch in attrs.fields(Switches) if switch.metadata
}
"""Switch -> what it may be, the default first."""
