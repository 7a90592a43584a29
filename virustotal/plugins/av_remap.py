"""`av_config`: which engines and names are ignored, and which detections have a score of their own."""

import re
from collections.abc import Mapping
from functools import lru_cache

from attrs import evolve, frozen

from virustotal.core import AvConfig, Detection, Settings, hookimpl
from virustotal.core.verdicts import UNWANTED_POINTS, unwanted_word

_PARTS = ("engine", "result")


@frozen
class _Term:
    """One compiled entry of `term_blocklist`. part: `engine` or `result` where it is qualified, else empty."""

    entry: str
    part: str
    pattern: re.Pattern[str]

    def hits(self, detection: Detection) -> bool:
        texts = {"engine": detection.engine, "result": detection.result}
        where = texts.get(self.part, f"{detection.engine}.{detection.result}")
        return self.pattern.search(where) is not None


@lru_cache(maxsize=16)
def _terms(blocklist: tuple[str, ...]) -> tuple[_Term, ...]:
    return tuple(term for entry in blocklist if (term := _term(entry)))


def _term(entry: str) -> _Term | None:
    head, colon, rest = entry.partition(":")
    qualified = bool(colon) and head.strip().lower() in _PARTS
    part, word = (head.strip().lower(), rest.strip()) if qualified else ("", entry.strip())
    return _Term(entry, part, _words(word)) if word else None


def _words(term: str) -> re.Pattern[str]:
    """The term on word borders. Names of detections are full of underscores, which therefore border a word too."""
    before = r"(?<![^\W_])" if term[0].isalnum() else ""
    after = r"(?![^\W_])" if term[-1].isalnum() else ""
    return re.compile(before + re.escape(term) + after, re.IGNORECASE)


@lru_cache(maxsize=16)
def _engines(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


@hookimpl
def virustotal_remap(detections: tuple[Detection, ...], settings: Settings) -> tuple[Detection, ...]:
    """Apply `av_config` and the built-in table of unwanted software to the detections of one object.

    What is ignored stays listed, with its rule.
    """
    config = settings.av_config
    ignores = bool(config.specific_AVs or config.term_blocklist)
    return tuple(
        _remap_one(detection, config) if ignores or detection.result else detection for detection in detections
    )


def _remap_one(detection: Detection, config: AvConfig) -> Detection:
    if detection.ignored_because:
        return detection
    if because := _ignored(detection, config):
        return evolve(detection, ignored_because=because)
    score, because = _score(detection, config)
    return detection if score is None else evolve(detection, score=score, remapped_because=because)


def _ignored(detection: Detection, config: AvConfig) -> str:
    if config.specific_AVs and detection.engine.casefold() not in _engines(config.specific_AVs):
        return "not in av_config.specific_AVs"
    term = next((term for term in _terms(config.term_blocklist) if term.hits(detection)), None)
    return f"av_config.term_blocklist: {term.entry}" if term is not None else ""


def _score(detection: Detection, config: AvConfig) -> tuple[int | None, str]:
    """The exact "engine.result" goes before a keyword, a configured keyword before the built-in table.

    Of several configured keywords the longest holds, being the most exact.
    """
    if not detection.result:
        return None, ""
    if config.revised_sig_score_map:
        name = f"{detection.engine}.{detection.result}"
        if name in config.revised_sig_score_map:
            return config.revised_sig_score_map[name], f"av_config.revised_sig_score_map: {name}"
    if config.revised_kw_score_map:
        keyword = _keyword(detection.result, config.revised_kw_score_map)
        if keyword is not None:
            return config.revised_kw_score_map[keyword], f"av_config.revised_kw_score_map: {keyword}"
    points = UNWANTED_POINTS.get(detection.category)
    word = unwanted_word(detection.result) if points is not None else ""
    return (points, f"unwanted software: {word}") if word else (None, "")


def _keyword(result: str, scores: Mapping[str, int]) -> str | None:
    plain = result.casefold()
    keywords = (keyword for keyword in scores if keyword.strip() and keyword.strip().casefold() in plain)
    return max(keywords, key=lambda keyword: (len(keyword), keyword), default=None)
