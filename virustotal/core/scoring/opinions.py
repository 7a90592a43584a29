"""Who says what of an object beside its engines, and the headline that names them."""

import re
from collections.abc import Iterator
from typing import Any

from attrs import frozen

from virustotal.core.models import Object, Verdict
from virustotal.core.scoring.trust import BENIGN_ANALYST, analyst_verdict
from virustotal.core.scoring.words import BAD, verdict_words
from virustotal.util.readers import as_list, as_mapping, as_text, as_texts, pairs

#: AI analyses that are named.
MOST_ANALYSES = 5
_SILENT = frozenset({"", "unknown"})
_AI_SOURCES = {"palm": "Code Insight"}
_ANALYST = "Mandiant analyst"
_BENIGN = f"{_ANALYST}: benign"
_SINKHOLE = re.compile(r"\bsink-?hole", re.IGNORECASE)


@frozen
class Opinion:
    """One source's own word, such as `malicious`; one that is not known is shown as it came."""

    source: str
    word: str

    @property
    def bad(self) -> bool:
        """True if the source calls the object malicious or suspicious."""
        return any(word in BAD for word in re.findall(r"[a-z]+", self.word.lower()))

    def __str__(self) -> str:
        """Return `source: word`."""
        return f"{self.source}: {self.word}"


def opinions(obj: Object) -> tuple[Opinion, ...]:
    """Return what others than the engines say, people first. An AI's word is shown and never scored."""
    return tuple(opinion for opinion in _opinions(obj) if opinion.word.lower() not in _SILENT)


def headline(obj: Object, verdict: Verdict, score: int | None = None) -> str:
    """Return the title of an object's section: word, counts, and who says otherwise or the same.

    Who finds nothing is named only where others find something.

    Args:
        score: The number beside which the title stands; the verdict's own where it is not given.
    """
    named = opinions(obj)
    detected = verdict.counts.hits > 0 or any(opinion.bad for opinion in named)
    shown = [str(opinion) for opinion in named if opinion.bad or detected]
    if BENIGN_ANALYST in verdict.trusted_by:
        shown = [text for text in shown if text != _BENIGN]
    trusted = [f"trusted by {verdict.trusted_by}"] if verdict.trusted_by else []
    sinkhole = ["a sinkhole"] if is_sinkhole(obj, verdict) else []
    return "; ".join((verdict_words(verdict, score), *sinkhole, *trusted, *shown))


def is_sinkhole(obj: Object, verdict: Verdict) -> bool:
    """True if the tags, the categories, the network's owner or an engine call a host or URL a sinkhole."""
    if obj.ref.kind == "file":
        return False
    attributes = obj.attributes
    texts = [*as_texts(attributes.get("tags")), *(as_text(value) for _, value in pairs(attributes.get("categories")))]
    texts += [as_text(attributes.get("as_owner")), *(detection.result for detection in verdict.detections)]
    return any(map(_SINKHOLE.search, texts))


def _opinions(obj: Object) -> Iterator[Opinion]:
    attributes = obj.attributes
    if analyst := analyst_verdict(obj):
        yield Opinion(_ANALYST, analyst)
    assessment = as_mapping(attributes.get("gti_assessment"))
    yield Opinion("Google Threat Intelligence", _constant(assessment.get("verdict")))
    yield Opinion("sandboxes", _sandboxes(attributes.get("sandbox_verdicts")))
    yield Opinion("VirusTotal's threat verdict", _constant(attributes.get("threat_verdict")))
    for entry in as_list(attributes.get("crowdsourced_ai_results"))[:MOST_ANALYSES]:
        analysis = as_mapping(entry)
        source = as_text(analysis.get("source"), 60) or "AI"
        yield Opinion(_AI_SOURCES.get(source.lower(), source), as_text(analysis.get("verdict"), 60).lower())


def _constant(value: Any) -> str:
    value = as_mapping(value).get("value") if as_mapping(value) else value
    return as_text(value, 60).upper().removeprefix("VERDICT_").lower()


def _sandboxes(value: Any) -> str:
    """Return `2 of 3 malicious`, the worst category with how many share it; empty where no sandbox answered."""
    words = [as_text(as_mapping(entry).get("category"), 60).lower() for _, entry in pairs(value)]
    for word in (*BAD, "harmless", "undetected"):
        if word in words:
            return f"{words.count(word)} of {len(words)} {word}"
    return ""
