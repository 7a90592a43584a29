"""A plugin of API 1, kept as it was written: it must load and work in every later service. Never edit it."""

from attrs import evolve

from virustotal.core import (
    Analyzer,
    Attachment,
    Detection,
    Download,
    Evidence,
    Needs,
    Object,
    OntologyPart,
    Outcome,
    Points,
    Ref,
    Related,
    Verdict,
    hookimpl,
)

SEEN = (Object, Outcome, Related, Evidence, Detection)


def analyze(evidence):
    from assemblyline_v4_service.common.result import ResultSection

    section = ResultSection("API 1")
    section.add_line(evidence.related.items[0].ref.id)
    yield section
    yield Points("plugin", "api1", 10, "An old plugin.", section, ("T1059",))
    yield Download(Ref("file", "ab" * 32), "file", "old.bin", "A file.", role="supplementary")
    yield Attachment("old.txt", "A text.", data=b"old")
    yield OntologyPart("signature", {"name": "Rule", "type": "SIGMA"})


@hookimpl
def virustotal_analyzers(settings):
    settings.plugin("api1")
    return [
        Analyzer(
            "api1",
            "file",
            "comments",
            analyze=analyze,
            needs=Needs(("text",)),
            wanted=lambda settings: True,
            order=10,
            summary="Old.",
            api=1,
        )
    ]


@hookimpl
def virustotal_remap(detections):
    return tuple(evolve(detection, ignored_because="old") for detection in detections)


@hookimpl
def virustotal_verdict(obj, detections, settings):
    return Verdict("suspicious", detections, ("old",), 5)
