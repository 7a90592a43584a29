"""The nouns between a task and its sections: frozen values, raw JSON beside a typed identity."""

import enum
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from virustotal.util.readers import EMPTY


class Status(enum.StrEnum):
    """How looking something up ended. "Clean" never looks like "not looked up"."""

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
    """How one object, relationship or artefact ended, and why in plain words.

    detail: one sentence for the analyst; empty where the status says it all. It never holds a key.
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

    kind: VirusTotal's own type name, such as `file`, `url`, `domain`, `ip_address`, `file_behaviour`.
    id: the identifier inside that type, as VirusTotal writes it.
    """

    kind: str
    id: str


@frozen
class Object:
    """One VirusTotal object: a typed identity beside raw JSON.

    attributes: every key is optional, and every value may be of another type than documented.
    context: `context_attributes`, facts about the link that led here and not about the object.
    links: VirusTotal's own addresses, as information only.
    whole: False where only some attributes were asked for, so that absent and not asked stay apart.
    error: the code inside a relationship item that VirusTotal knows by its id alone, such as `NotFoundError`.
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

    total: how many there are by VirusTotal's own count, or None where it does not say.
    complete: False if more pages exist than were fetched.
    detailed: False if the items are bare descriptors.
    cursor: where the list goes on, of a list that stood in line in the subject's own answer; an opaque text.
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
    """All that is known about one subject. Where `outcome` is not found, `subject` has only its reference."""

    subject: Object
    related: Mapping[str, Related] = EMPTY
    outcome: Outcome = FOUND


class Level(enum.StrEnum):
    """How bad an object is held to be, in the platform's words for its score.

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

    category: VirusTotal's own, such as `malicious`, `suspicious`, `undetected`, `type-unsupported`.
    result: what the engine calls it, or an empty text.
    score: what it is worth by `revised_sig_score_map` or `revised_kw_score_map`, or None where neither says.
    ignored_because: the rule that put it aside, or an empty text.
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

    malicious, suspicious: engines that count; ignored ones do not.
    engines: all that came to a verdict, ignored ones too.
    below_threshold: engines detected it, and fewer than `hit_threshold` asks for.
    points: what engines alone add to the score, or the plugin that judges in their place.
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

    level: a `Level`, or its text, such as `malicious`; the service sets it by the score, but for `clean` and `unknown`.
    reasons: one sentence a point, in the order in which they were decided.
    score: points before any cap of the whole result.
    counts: how many engines said what; the service fills it in.
    trusted_by: who vouches for the object, such as `Microsoft Corporation`; the service fills it in.
    """

    level: Level = field(default=Level.UNKNOWN, converter=Level)
    detections: tuple[Detection, ...] = ()
    reasons: tuple[str, ...] = ()
    score: int = 0
    counts: EngineCounts = EngineCounts()
    trusted_by: str = ""
