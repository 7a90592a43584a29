"""Unwanted software: the words by which engines and sandboxes name it, and what such a detection weighs."""

import re
from collections.abc import Mapping
from functools import lru_cache

from virustotal.core.models import Object
from virustotal.util.readers import as_mapping, named_counts

_WORDS = """
    adw adware appl application apprisk browsermodifier bundler crack grayware greyware hacktool hktl keygen not-a-virus
    potentialrisk pua puf pum pup risktool riskware softwarebundler spr toolbar unwanted unwanted-program webtoolbar
"""
#: Words of engines' results and of VirusTotal's threat categories, matched on word borders; `_` borders a word.
UNWANTED_WORDS = tuple(sorted((*_WORDS.split(), "potentially unsafe", "potentially unwanted")))
#: Points of an unwanted detection by its category: a third of any other one.
UNWANTED_POINTS: Mapping[str, int] = {"malicious": 33, "suspicious": 16}
#: The most that engines give a file whose threat category leads with unwanted software: below `highly suspicious`.
MOST_UNWANTED_POINTS = 699

_PATTERN = re.compile(
    rf"(?<![^\W_])(?:{'|'.join(re.escape(word) for word in sorted(UNWANTED_WORDS, key=len, reverse=True))})(?![^\W_])",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def unwanted_word(name: str) -> str:
    """Return the word by which a name means unwanted software, such as `pua`; empty where it does not."""
    match = _PATTERN.search(name)
    return match[0].lower() if match else ""


def leading_unwanted(obj: Object) -> str:
    """Return the unwanted category that leads a file's `popular_threat_category`; empty where another one does.

    A category that others equal does not lead.
    """
    threat = as_mapping(obj.attributes.get("popular_threat_classification"))
    counted = named_counts(threat.get("popular_threat_category"))
    words = [unwanted_word(name) for name, count in counted if count == counted[0][1]]
    return words[0] if words and all(words) else ""
