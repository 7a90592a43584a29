"""`av_config`: which engines and names are ignored, and which detections have a score of their own."""

import re
from collections.abc import Mapping
from functools import lru_cache

from attrs import evolve, frozen

from virustotal.core import AvConfig, Detection, Settings, hookimpl

_PARTS = ("engine", "result")


@frozen
class _Term:
    """One compiled entry of `term_blocklist`. part: `engine` or `result` where it is qualified, else empty."""

    entry: str
    part: str
    pattern: re.Pattern[str]

    def hits(self, each: Detection) -> bool:
        where = {"engine": each.engine, "result": each.result}.get(self.part, f"{each.engine}.{each.result}")
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
    """Apply `av_config` to the detections of one object; what is ignored stays listed, with its rule."""
    config = settings.av_config
    if config == AvConfig(hit_threshold=config.hit_threshold):
        return detections
    return tuple(_remapped(each, config) for each in detections)


def _remapped(each: Detection, config: AvConfig) -> Detection:
    if each.ignored_because:
        return each
    if because := _ignored(each, config):
        return evolve(each, ignored_because=because)
    score, because = _score(each, config)
    return each if score is None else evolve(each, score=score, remapped_because=because)


def _ignored(each: Detection, config: AvConfig) -> str:
    if config.specific_AVs and each.engine.casefold() not in _engines(config.specific_AVs):
        return "not in av_config.specific_AVs"
    hit = next((term for term in _terms(config.term_blocklist) if term.hits(each)), None)
    return f"av_config.term_blocklist: {hit.entry}" if hit is not None else ""


def _score(each: Detection, config: AvConfig) -> tuple[int | None, str]:
    """The exact "engine.result" goes before a keyword; of several keywords the longest, being the most exact."""
    if not each.result:
        return None, ""
    name = f"{each.engine}.{each.result}"
    if name in config.revised_sig_score_map:
        return config.revised_sig_score_map[name], f"av_config.revised_sig_score_map: {name}"
    keyword = _keyword(each.result, config.revised_kw_score_map)
    if keyword is None:
        return None, ""
    return config.revised_kw_score_map[keyword], f"av_config.revised_kw_score_map: {keyword}"


def _keyword(result: str, scores: Mapping[str, int]) -> str | None:
    plain = result.casefold()
    found = (keyword for keyword in scores if keyword.strip() and keyword.strip().casefold() in plain)
    return max(found, key=lambda keyword: (len(keyword), keyword), default=None)
