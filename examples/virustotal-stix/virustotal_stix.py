"""A STIX 2.1 bundle of what VirusTotal knows around the subject, as a supplementary file.

The subject and its related files, URLs, domains and addresses are observables, related as VirusTotal relates them; an
object that engines flag has an indicator beside it. Settings, under `plugins.settings.stix`: `max_objects` (500).
"""

import ipaddress
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from assemblyline_v4_service.common.result import ResultOrderedKeyValueSection

from virustotal.core import Analyzer, Attachment, Evidence, Object, hookimpl

# Identifiers are made of what they identify, so that the same report gives the same bundle, and bundles can be merged.
NAMESPACE = uuid.UUID("a7c3f6a2-52c1-4b8e-9f27-6c1d5a0e4b11")
KINDS = ("file", "url", "domain", "ip_address")
HASHES = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256"}


def observable(obj: Object) -> Any | None:
    """Return the observable of an object, or None for one that STIX has no type or no value for."""
    import stix2  # here, since loading a plugin should be cheap

    given = obj.attributes
    if obj.ref.kind == "domain":
        return stix2.DomainName(value=obj.ref.id)
    if obj.ref.kind == "ip_address":
        try:
            version = ipaddress.ip_address(obj.ref.id).version
        except ValueError:
            return None
        return (stix2.IPv4Address if version == 4 else stix2.IPv6Address)(value=obj.ref.id)
    if obj.ref.kind == "url":
        return stix2.URL(value=given["url"]) if isinstance(given.get("url"), str) else None
    if obj.ref.kind == "file":
        digests = {"sha256": obj.ref.id, **{name: given.get(name) for name in ("md5", "sha1")}}
        hashes = {HASHES[name]: value for name, value in digests.items() if isinstance(value, str)}
        name = given.get("meaningful_name")
        try:
            return stix2.File(hashes=hashes, **({"name": name} if isinstance(name, str) and name else {}))
        except (ValueError, stix2.exceptions.STIXError):
            return None  # an identifier that is no SHA-256
    return None


def pattern(obj: Object, known: Any) -> str:
    """Return the pattern of an indicator of an observable."""
    import stix2

    if obj.ref.kind == "file":
        return f"[file:hashes.'SHA-256' = '{obj.ref.id}']"
    return f"[{known.type}:value = {stix2.patterns.StringConstant(known.value)}]"


class Bundle:
    """A bundle in the making. Each object is in it once; `left_out` counts what the bound left out."""

    def __init__(self, evidence: Evidence, most: int) -> None:
        self.objects: dict[str, Any] = {}
        self.left_out = 0
        self._evidence = evidence
        self._most = most
        moment = evidence.report.subject.attributes.get("last_analysis_date")
        seconds = moment if isinstance(moment, int) and 0 < moment < 2**32 else 0
        self._moment = datetime.fromtimestamp(seconds, UTC)

    def add(self, obj: Object) -> Any | None:
        """Add an object's observable, and an indicator where engines flag it; return the observable."""
        import stix2

        known = observable(obj)
        if known is None:
            return None
        if known.id not in self.objects and len(self.objects) >= self._most:
            self.left_out += 1
            return None
        self.objects[known.id] = known
        verdict = self._evidence.judge(obj)
        if verdict.level in {"suspicious", "malicious"}:
            made = stix2.Indicator(
                name=f"{obj.ref.kind} {obj.ref.id}",
                description=" ".join(verdict.reasons),
                indicator_types=["malicious-activity" if verdict.level == "malicious" else "anomalous-activity"],
                pattern=pattern(obj, known),
                pattern_type="stix",
                valid_from=self._moment,
                **self._common("indicator", known.id),
            )
            self.objects[made.id] = made
            self.relate(made.id, "based-on", known.id, "")
        return known

    def relate(self, source: str, how: str, target: str, description: str) -> None:
        """Relate two objects that are in the bundle."""
        import stix2

        made = stix2.Relationship(
            relationship_type=how,
            source_ref=source,
            target_ref=target,
            **({"description": description} if description else {}),
            **self._common("relationship", source, how, target, description),
        )
        self.objects[made.id] = made

    def _common(self, kind: str, *parts: str) -> Mapping[str, Any]:
        id = f"{kind}--{uuid.uuid5(NAMESPACE, '|'.join((kind, *parts)))}"
        return {"id": id, "created": self._moment, "modified": self._moment}

    def serialized(self, subject: str) -> bytes:
        """Return the bundle as STIX 2.1 JSON."""
        import stix2

        id = f"bundle--{uuid.uuid5(NAMESPACE, '|'.join((subject, *sorted(self.objects))))}"
        made = stix2.Bundle(objects=list(self.objects.values()), id=id)
        return bytes(made.serialize(indent=4).encode("utf-8"))


def analyze(evidence: Evidence) -> Iterator[Attachment | ResultOrderedKeyValueSection]:
    """Yield the bundle and how much is in it; nothing where the subject has no relationships."""
    bundle = Bundle(evidence, evidence.settings.plugin("stix").get("max_objects", 500))
    subject = bundle.add(evidence.report.subject)
    if subject is None:
        return
    counts: dict[str, int] = {}
    for name, related in evidence.report.related.items():
        for obj in related.items:
            known = bundle.add(obj)
            if known is not None:
                bundle.relate(subject.id, "related-to", known.id, name)
                counts[name] = counts.get(name, 0) + 1
    if not counts:
        return
    data = bundle.serialized(subject.id)
    name = f"virustotal_{evidence.report.subject.ref.kind}.stix.json"
    yield Attachment(name, "STIX 2.1 bundle of the relationships on VirusTotal", data)
    section = ResultOrderedKeyValueSection(f"STIX bundle: {len(bundle.objects)} objects", auto_collapse=True)
    for relationship, count in counts.items():
        section.add_item(relationship, count)
    if bundle.left_out:
        section.add_item("left out", bundle.left_out)
    yield section


@hookimpl
def virustotal_analyzers(settings: Any) -> tuple[Analyzer, ...]:
    """Return one analyser a kind of subject. They read no relationship of their own, but all that were fetched."""
    most = settings.plugin("stix").get("max_objects", 500)
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ValueError("plugins.settings.stix.max_objects: expected a whole number of at least 1")
    return tuple(
        Analyzer(f"stix_{kind}", kind, analyze=analyze, summary="A STIX 2.1 bundle of the relationships.", order=900)
        for kind in KINDS
    )
