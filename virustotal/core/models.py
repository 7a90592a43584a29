"""The nouns between a task and its sections: frozen values, raw JSON beside a typed identity."""

import enum
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from virustotal.util.readers import EMPTY


class Status(enum.StrEnum):
    """How a look-up ended. "Clean" never looks like "not looked up"."""

    FOUND = "found"
    UNKNOWN = "unknown"
    PENDING = "pending"
    FORBIDDEN = "forbidden"
    QUOTA = "quota"
    INVALID = "invalid"
    SKIPPED = "skipped"
    FAILED = "failed"


@frozen
class Outcome:
    """How the look-up of one object, relationship or artefact ended, and why in plain words.

    Args:
        status: How it ended.
        detail: One sentence for the analyst; empty where the status says it all. It never holds a key.
    """

    status: Status
    detail: str = ""

    @property
    def found(self) -> bool:
        """True if VirusTotal answered with the thing itself."""
        return self.status is Status.FOUND


FOUND = Outcome(Status.FOUND)


@frozen(order=True)
class Ref:
    """What VirusTotal calls a descriptor: the identity of one object.

    Args:
        kind: VirusTotal's own type name, such as `file`, `url`, `domain`, `ip_address`, `file_behaviour`.
        id: The identifier inside that type, as VirusTotal writes it.
    """

    kind: str
    id: str


@frozen
class Object:
    """One VirusTotal object: a typed identity beside raw JSON.

    Args:
        ref: Which object.
        attributes: Every key is optional, and every value may be of another type than documented.
        context: `context_attributes`: facts about the link that led here, not about the object.
        links: VirusTotal's own addresses, as information only.
        whole: False where only some attributes were requested: one that is missing may just not have been requested.
        error: The code inside a relationship item that VirusTotal knows by its id alone, such as `NotFoundError`.
    """

    ref: Ref
    attributes: Mapping[str, Any] = EMPTY
    context: Mapping[str, Any] = EMPTY
    links: Mapping[str, Any] = EMPTY
    whole: bool = True
    error: str = ""


@frozen
class Related:
    """What VirusTotal knows under one relationship of one object.

    Args:
        relationship: Its name, such as `contacted_ips`.
        items: The related objects, in VirusTotal's order.
        outcome: How its look-up ended.
        total: How many there are by VirusTotal's own count, or None where it does not say.
        complete: False if more pages exist than were fetched.
        detailed: False if the items are bare descriptors.
        cursor: VirusTotal's opaque text for the next page of a list that the subject's own response holds.
    """

    relationship: str
    items: tuple[Object, ...] = ()
    outcome: Outcome = FOUND
    total: int | None = None
    complete: bool = True
    detailed: bool = True
    cursor: str = field(default="", repr=False)


@frozen
class Report:
    """All that is known about one subject.

    Args:
        subject: The object; only its reference where `outcome` is not found.
        related: Its relationships by name.
        outcome: How its look-up ended.
    """

    subject: Object
    related: Mapping[str, Related] = EMPTY
    outcome: Outcome = FOUND


class Level(enum.StrEnum):
    """How dangerous an object is, in the platform's words for its score.

    UNKNOWN: no engine came to a verdict. CLEAN: a trusted source says so. INFORMATIONAL: all others below `suspicious`.
    """

    UNKNOWN = "unknown"
    CLEAN = "clean"
    INFORMATIONAL = "informational"
    SUSPICIOUS = "suspicious"
    HIGHLY_SUSPICIOUS = "highly suspicious"
    MALICIOUS = "malicious"

    @property
    def rank(self) -> int:
        """A number that grows with the danger, for sorting."""
        return list(Level).index(self)


@frozen
class Detection:
    """One engine's verdict of one object.

    Args:
        engine: Its name.
        category: VirusTotal's own, such as `malicious`, `suspicious`, `undetected`, `type-unsupported`.
        result: What the engine calls the object, or an empty text.
        version: Of the engine.
        update: The day of its signatures, as VirusTotal writes it.
        score: Its points by `revised_sig_score_map` or `revised_kw_score_map`, or None where neither has any.
        ignored_because: The rule by which it does not count, or an empty text.
        remapped_because: The rule by which it has the score, or an empty text.
    """

    engine: str
    category: str
    result: str = ""
    version: str = ""
    update: str = ""
    score: int | None = None
    ignored_because: str = ""
    remapped_because: str = ""


@frozen
class EngineCounts:
    """How many engines said what of one object.

    Args:
        malicious: Engines that call it malicious; ignored ones do not count.
        suspicious: Engines that call it suspicious; ignored ones do not count.
        engines: All that came to a verdict, ignored ones too.
        below_threshold: Whether engines detected it, and fewer than `hit_threshold`.
        points: What engines alone add to the score, or the plugin that judges in their place.
    """

    malicious: int = 0
    suspicious: int = 0
    engines: int = 0
    below_threshold: bool = False
    points: int = 0

    @property
    def hits(self) -> float:
        """What `hit_threshold` and ratios compare: a suspicious engine weighs half."""
        return self.malicious + self.suspicious / 2


@frozen
class Verdict:
    """What all engines together say of one object, with the reasons attached.

    Args:
        level: A `Level`, or its text, such as `malicious`; the service sets it by the score, but for `clean` and
            `unknown`.
        detections: Those that it was made of.
        reasons: One sentence for each step, in the order in which they were decided.
        score: Points before any cap of the whole result.
        counts: How many engines said what; the service fills it in.
        trusted_by: Who vouches for the object, such as `Microsoft Corporation`; the service fills it in.
    """

    level: Level = field(default=Level.UNKNOWN, converter=Level)
    detections: tuple[Detection, ...] = ()
    reasons: tuple[str, ...] = ()
    score: int = 0
    counts: EngineCounts = EngineCounts()
    trusted_by: str = ""
