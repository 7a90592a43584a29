"""What an analyzer yields. A finding is a value: the service carries out what it describes."""

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from assemblyline_v4_service.common.result import ResultSection
from attrs import field, frozen

from virustotal.core.models import Ref

#: ATT&CK ids of one finding; there are fewer techniques than that.
MOST_ATTACK_IDS = 2000


class Role(enum.StrEnum):
    """What becomes of bytes: an extracted file, a supplementary file, or a picture in the result."""

    EXTRACTED = "extracted"
    SUPPLEMENTARY = "supplementary"
    IMAGE = "image"


class Family(enum.StrEnum):
    """Where points come from. Each family has a cap over the whole result (docs/scoring.md)."""

    ENGINES = "engines"
    NETWORK = "network"
    ANALYST = "analyst"
    ASSESSMENT = "assessment"
    CROWDSOURCED = "crowdsourced"
    CONFIGURATION = "configuration"
    STATIC = "static"
    BEHAVIOUR = "behaviour"
    RELATED = "related"
    TAGGED = "tagged"
    CAPABILITY = "capability"
    AI = "ai"
    PLUGIN = "plugin"


@frozen
class Download:
    """An artefact that the service fetches, verifies and attaches after analysis.

    Args:
        ref: The object that owns it (a `file_behaviour`, a `url_behaviour`, a `file`, a `screenshot`).
        kind: `evtx`, `pcap`, `memdump`, `html`, `dom`, `file` or `screenshot`.
        name: The display name, built from an allow-list of characters (`virustotal.core.readers.safe_name`).
        description: Of the attached file.
        role: A `Role`, or its text: `extracted`, `supplementary` or `image`.
        relation: One of Assemblyline's PARENT_RELATION names.
        magic: The body must begin with one of these; empty for no check.
        sha256: The body must have this digest; empty where it is not known.
        link: The signed address of a picture; all other artefacts have an address of the API.
    """

    ref: Ref
    kind: str
    name: str
    description: str
    role: Role = field(default=Role.EXTRACTED, converter=Role)
    relation: str = "DYNAMIC"
    magic: tuple[bytes, ...] = ()
    sha256: str = ""
    link: str = ""


@frozen
class Attachment:
    """Bytes that a plugin made, such as a STIX bundle or a picture. Either `data` or `path` is given.

    Args:
        name: The display name.
        description: Of the attached file.
        data: The bytes.
        path: The file that has them; it must exist until the task ends.
        role: A `Role`, or its text: `extracted`, `supplementary` or `image`.
        relation: One of Assemblyline's PARENT_RELATION names.
    """

    name: str
    description: str
    data: bytes = field(default=b"", repr=False)
    path: Path | None = None
    role: Role = field(default=Role.SUPPLEMENTARY, converter=Role)
    relation: str = "INFORMATION"


@frozen
class OntologyPart:
    """One part of the result ontology, as keyword arguments of Assemblyline's own model.

    Args:
        kind: `antivirus`, `sandbox`, `process`, `network`, `signature` or `malware_config`.
        data: The model's fields (assemblyline.odm.models.ontology.results).
    """

    kind: str
    data: Mapping[str, Any]


@frozen
class About:
    """The related object that points are about. The result lists all of them in one section, with their tags.

    Args:
        ref: The object.
        value: What an analyst calls it: the address of a URL, a host, a SHA-256.
        relationship: The title of the relationship that leads to it.
        detections: What its engines say, such as `3/90`.
        threat: Its threat label or threat names.
        tag: The tag type of `value` (assemblyline.odm.models.tagging.Tagging); empty for an object that is not tagged.
        level: Its level in words, such as `malicious`.
    """

    ref: Ref
    value: str
    relationship: str = ""
    detections: str = ""
    threat: str = ""
    tag: str = ""
    level: str = ""


@frozen
class Points:
    """What a finding adds to the score, and why. Sections carry no heuristic of their own: the service sets it.

    Args:
        family: A name of `Family`; points of external plugins always count as `plugin`.
        name: A short stable name, which becomes the heuristic's signature.
        amount: Points before the family's cap; 0 for something seen and not scored. Less than 0 counts as 0.
        reason: One sentence for the explanation of the score.
        section: The section of the same analyzer that shows it, for its colour; None for the analyzer's first section.
        attack_ids: ATT&CK ids that belong to it.
        about: The flagged object of these points: it is listed in the one section of flagged objects, which they
            colour.
    """

    family: str
    name: str
    amount: int
    reason: str
    section: ResultSection | None = field(default=None, eq=False)
    attack_ids: tuple[str, ...] = ()
    about: About | None = None


Finding: TypeAlias = ResultSection | Download | Attachment | OntologyPart | Points
