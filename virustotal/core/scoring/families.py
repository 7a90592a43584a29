"""Names of malware families and of actors: one rule for what engines and sandboxes say."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from assemblyline.common.attack_map import group_map

from virustotal.core.models import Detection
from virustotal.core.scoring.unwanted import UNWANTED_WORDS
from virustotal.core.scoring.words import BAD
from virustotal.util.readers import as_mapping, as_text, as_texts, distinct, named_counts, pairs, whole_text

#: A name is a family where at least this many unrelated engines or sandboxes use it.
FAMILY_SOURCES = 2
#: Families and actors that are tagged.
MOST_FAMILIES = 5

_PLATFORMS = """
    acad andr android androidos ansi asp autoit bat chm cmd com data doc docx dos elf elf32 elf64 excel exe html ios iot
    java js jscript lnk linux mac macos macro mips msexcel msil msoffice msword multios mw97 net nsis o97m office ole
    ole2 osx pdf pe pe32 perl php png powershell ppt python rtf script swf unix vba vbs w2k w32 w64 w97 w97m win win16
    win32 win64 windows wm wm97 word x97 x97m x64 x86 xls xml zip
"""
_KINDS = """
    adload archive backdoor banker bankers bckdr bkdr bomb bot botnet bypass clicker coinminer cryp crypt crypter
    cryptominer cryptor ddos dialer dldr downldr downloader drop dropped dropper exp expl exploit fakeav file
    flooder hoax infostealer injector installer joke keylogger kryptik loader macro miner monitor obfus obfuscated
    packed packer password patched phish phisher phishing pws ransom ransomware rat rogue rootkit shell shellcode
    smsreg spammer spy spyware stealer stlr trj troj trojan trojandownloader trojandropper trojanspy trojware
    virtool virus worm
"""
_GENERIC = """
    abnormal agen agent agentb agn agnt ai aidetect aidetectmalware aidetectnet artemis asmalws attribute auto behav
    behaves behaveslike bscope c2 c2c casur classic cloud cnc common confidence corrupt crypted cve dacic
    dangerousobject deepscan detected detection dfi discord eicar eldorado fam family force fragtor gdsda gen genasa
    gencirc general generic generickd genericrxwc generisk genetic genkryptik genome genpua grp heur heuristic
    hidden high highconfidence html ics invader jatif kd knc lazy low mal malform malformed malicious maltrak
    malware mbt misc ml moderate msg multi multiple nn obj object other php possible possiblethreat probably program
    proxy ps qvm radar reputation risk save score scr siggen small smg static susgen suspect suspicious test text
    threat tiggre token tool tr trojanx type ulise undef undefined unknown unsafe usermode variant vho wacatac
    zedlaf zemsilf zusy
"""
#: Words that name no family: platforms, kinds of malware and of unwanted software, and what engines say without a name.
NO_FAMILY = frozenset(f"{_PLATFORMS} {_KINDS} {_GENERIC} {' '.join(UNWANTED_WORDS).replace('-', ' ')}".split())

#: Animals, weather and minerals by which vendors name actors, after another word.
_ACTOR = re.compile(
    r"(?:(?:apt|fin|ta|unc|uac|temp|dev|storm|tag)[ -]?\d{1,5}[a-z]?"
    r"|\w+[ _-](?:bear|blizzard|buffalo|chollima|elephant|flood|jackal|kitten|leopard|lynx|panda|sandstorm|sleet"
    r"|spider|tempest|tiger|tsunami|typhoon|wolf))",
    re.IGNORECASE | re.ASCII,
)
_GROUPS = frozenset(str(group["name"]).casefold() for group in group_map.values())
_TOKEN = re.compile(r"[^\W_]+")
_SHARED_ENDING = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$|[!@].*$")


def is_actor(name: str) -> bool:
    """True for the name of an actor: a group of ATT&CK, or one that vendors' schemes make."""
    return name.casefold() in _GROUPS or _ACTOR.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_family(name: str) -> bool:
    """True for a name that may be a family's: of 3 to 40 characters, with a word that is not generic."""
    return 3 <= len(name) <= 40 and any(map(_specific, _TOKEN.findall(name.casefold())))


def _specific(token: str) -> bool:
    word = token.strip("0123456789")
    return len(word) >= 3 and token not in NO_FAMILY and word not in NO_FAMILY


def family_names(detections: Iterable[Detection], attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of VirusTotal's popular threat names on which unrelated engines agree, most common first.

    A reduced object has no engines: then VirusTotal's own counts tell.
    """
    popular = named_counts(as_mapping(attributes.get("popular_threat_classification")).get("popular_threat_name"))
    results = _results(detections)
    return tuple(
        name
        for name, count in popular
        if (_sources(name, results) if results else count) >= FAMILY_SOURCES and whole_text(name) == name
    )


def attribution_tags(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield `attribution.family` and `attribution.actor` for names that are one, each once in any case."""
    for name in distinct(names):
        if is_actor(name):
            yield "attribution.actor", name
        elif is_family(name):
            yield "attribution.family", name


def agreed_labels(labels: Mapping[str, Iterable[str]], attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return sandboxes' names of malware that another sandbox or an engine uses too, and all names of actors.

    Args:
        labels: The names by sandbox.
        attributes: The file's own, for its engines and its `sandbox_verdicts`.
    """
    by_sandbox = {sandbox: {name.casefold() for name in names} for sandbox, names in labels.items()}
    for sandbox, verdict in pairs(attributes.get("sandbox_verdicts")):
        names = as_texts(as_mapping(verdict).get("malware_names"), 120)
        by_sandbox.setdefault(sandbox, set()).update(name.casefold() for name in names)
    results = _engine_results(attributes)
    return tuple(
        name
        for names in labels.values()
        for name in names
        if is_actor(name)
        or sum(name.casefold() in others for others in by_sandbox.values()) + _sources(name, results) >= FAMILY_SOURCES
    )


def _engine_results(attributes: Mapping[str, Any]) -> frozenset[str]:
    entries = (as_mapping(entry) for _, entry in pairs(attributes.get("last_analysis_results")))
    results = (entry.get("result") for entry in entries if as_text(entry.get("category")) in BAD)
    return frozenset(_shared(as_text(result)) for result in results if result)


def _results(detections: Iterable[Detection]) -> frozenset[str]:
    """Return what engines call it, in lower case; those that share a technology say the same, and count once."""
    bad = (detection for detection in detections if detection.category in BAD and not detection.ignored_because)
    return frozenset(_shared(detection.result) for detection in bad if detection.result)


def _shared(result: str) -> str:
    return _SHARED_ENDING.sub("", result.casefold())


def _sources(name: str, results: Iterable[str]) -> int:
    """Count the results that have the name between word borders; `_` borders a word.

    A result that ends in another one, variant included, is the same technology's under a prefix of its own.
    """
    word = re.compile(rf"(?<![^\W_]){re.escape(name.casefold())}(?![^\W_])")
    named = [result for result in results if word.search(result)]
    variants = [result for result in named if len(result) > len(name) + 3]
    return sum(1 for result in named if not any(other != result and result.endswith(other) for other in variants))
