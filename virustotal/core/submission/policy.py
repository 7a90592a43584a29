"""What may be sent to VirusTotal: rules checked before anything leaves; each refusal is one sentence."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TypeAlias
from urllib.parse import urlsplit

from attrs import frozen

from virustotal.core.lookup.subjects import Facts, Refusal, Subject, Subjects
from virustotal.core.settings import Settings
from virustotal.util.hosts import host_of, reason_not_public

MEGABYTE = 2**20
#: The rule that depends on where a file stands in its submission.
DEPTH_RULE = "submit_policy.max_depth"

#: True if the first classification is above the second one (assemblyline.common.classification.Classification).
Above: TypeAlias = Callable[[str, str], bool]


@frozen
class Ruling:
    """Whether something may leave.

    Args:
        rule: What decided.
        reason: The refusal as one sentence; empty where it is allowed.
    """

    rule: str
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """Whether it may leave."""
        return not self.reason


def is_private(settings: Settings) -> bool:
    """Return whether unknown files and URLs are submitted privately (docs/private.md), and never publicly."""
    private, public = settings.private_submit, settings.dynamic_submit
    return (settings.submit_privately == "allowed" and private) or (
        settings.submit_privately == "always" and (private or public)
    )


def requested_ruling(settings: Settings) -> Ruling:
    """Decide whether unknown files and URLs are submitted at all, by the parameters and what they need."""
    if is_private(settings):
        return Ruling("submit_privately")
    if settings.dynamic_submit:
        return _switched(settings)
    if settings.private_submit:
        reason = "Private scanning is not enabled: the service's configuration has submit_privately: never."
        return Ruling("submit_privately", reason)
    return Ruling("dynamic_submit", "The parameter dynamic_submit is off.")


def wants_privacy(settings: Settings) -> bool:
    """Return whether a private submission was requested, be it one that is refused, and nothing is sent publicly."""
    return is_private(settings) or (settings.private_submit and not requested_ruling(settings).allowed)


def public_look_up_ruling(kind: str, settings: Settings) -> Ruling:
    """Decide whether a file, URL or host may be looked up publicly: a look-up tells VirusTotal the hash or the URL."""
    name = "look_up_files" if kind == "file" else "look_up_urls"
    if settings.mirror.only or not wants_privacy(settings) or getattr(settings.private, name):
        return Ruling("look-up")
    return Ruling(f"private.{name}", f"Not looked up publicly: a private scan was requested (private.{name} is off).")


def refuse_hosts(subjects: Subjects, settings: Settings) -> Subjects:
    """Refuse hosts where a private scan was requested that does not allow their public look-up."""
    ruling = public_look_up_ruling("domain", settings)
    if ruling.allowed:
        return subjects
    hosts = [subject for subject in subjects.allowed if subject.ref.kind not in {"file", "url"}]
    others = tuple(subject for subject in subjects.allowed if subject not in hosts)
    return Subjects(others, (*subjects.refused, *(Refusal(host.label, ruling.reason) for host in hosts)))


def look_up_ruling(classification: str, settings: Settings, above: Above) -> Ruling:
    """Decide whether even a hash may leave: `max_classification` holds for everything."""
    return _classification("max_classification", classification, settings.max_classification, above)


def _classification(rule: str, classification: str, bound: str, above: Above) -> Ruling:
    refused = bool(bound) and above(classification, bound)
    return Ruling(rule, f"Its classification {classification} is above {rule} {bound}." if refused else "")


def submit_ruling(subject: Subject, facts: Facts, settings: Settings, above: Above) -> Ruling:
    """Decide whether content may be submitted, publicly or privately. The first rule that refuses is named.

    A private submission does not need `allow_dynamic_submit`.
    """
    switched = () if is_private(settings) else (_switched(settings),)
    content = _content(facts, settings) if subject.ref.kind == "file" else (_address(subject.url),)
    return _first_refusal(*switched, *_origin(facts, settings, above), *content)


def reanalyse_ruling(subject: Subject, facts: Facts, settings: Settings, above: Above) -> Ruling:
    """Decide whether a new public analysis of a known object may be requested: no content leaves, a request does."""
    if settings.submit_privately == "always" or wants_privacy(settings):
        return Ruling("submit_privately", "Nothing is sent publicly (submit_privately, private_submit).")
    address = () if subject.ref.kind == "file" else (_address(subject.url),)
    return _first_refusal(_switched(settings), *_origin(facts, settings, above), *address)


def _first_refusal(*rulings: Ruling) -> Ruling:
    return next((ruling for ruling in rulings if not ruling.allowed), Ruling("submit_policy"))


def _switched(settings: Settings) -> Ruling:
    reason = "" if settings.allow_dynamic_submit else "The service's configuration does not set allow_dynamic_submit."
    return Ruling("allow_dynamic_submit", reason)


def _origin(facts: Facts, settings: Settings, above: Above) -> tuple[Ruling, Ruling, Ruling]:
    """Return the rulings by the submission's classification and the file's depth in it."""
    classification, policy = facts.classification, settings.submit_policy
    depth = f"It was extracted at depth {facts.depth}, and submit_policy.max_depth is {policy.max_depth}."
    return (
        look_up_ruling(classification, settings, above),
        _classification("submit_policy.max_classification", classification, policy.max_classification, above),
        Ruling(DEPTH_RULE, depth if facts.depth > policy.max_depth else ""),
    )


def _content(facts: Facts, settings: Settings) -> tuple[Ruling, Ruling, Ruling]:
    """Return the rulings by the file's size and type."""
    policy = settings.submit_policy
    file_type = f"Its type {facts.file_type or 'unknown'} is not among submit_policy.file_types."
    size = f"It has {facts.size} bytes, and submit_policy.max_size_mb is {policy.max_size_mb} MB."
    return (
        Ruling("content", "" if facts.size else "Only its hash is known here, not its content."),
        Ruling("submit_policy.file_types", "" if allows_file_type(facts.file_type, policy.file_types) else file_type),
        Ruling("submit_policy.max_size_mb", size if facts.size > policy.max_size_mb * MEGABYTE else ""),
    )


def _address(url: str) -> Ruling:
    host = host_of(url)
    if host and "@" in urlsplit(url).netloc:
        return Ruling("credentials", "It holds a user name or password.")
    reason = reason_not_public(host) if host else "it names none"
    return Ruling("host", f"Its host may not be sent: {reason}." if reason else "")


def allows_file_type(file_type: str, patterns: tuple[str, ...]) -> bool:
    """Return whether patterns allow a type. `!pattern` excludes and goes first; exclusions alone allow all the rest."""
    excluded = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    included = [pattern for pattern in patterns if not pattern.startswith("!")] or (["*"] if excluded else [])
    if any(fnmatchcase(file_type, pattern) for pattern in excluded):
        return False
    return any(fnmatchcase(file_type, pattern) for pattern in included)
