"""What is told of a threat: the facts of vulnerabilities, actors, malware families, toolkits, campaigns and reports."""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from virustotal.core import Object
from virustotal.core.readers import as_list, as_mapping, as_text, as_texts, day, integer, number, pairs
from virustotal.core.tables import brief
from virustotal.core.threats import ACTOR, CAMPAIGN, FAMILY, REPORT, TOOLKIT, VULNERABILITY, exploitation
from virustotal.plugins.relationships.columns import ID, THROUGH, Column, attribute_column

#: Characters of a text that people wrote.
LONGEST_PROSE = 1_000

_MARKUP = re.compile(r"<[^<>]{0,200}>|&nbsp;")
_MEMBERS = ("files", "urls", "domains", "ip_addresses", "references", "attack_techniques")


def _texts(value: Any) -> tuple[str, ...]:
    """Return the texts of a list, and those of details: `{value, …}`, or the last place of a hierarchy."""
    keys = ("value", "country", "sub_region", "region", "industry", "industry_group")

    def text(entry: Any) -> str:
        details = as_mapping(entry)
        return next(filter(None, (as_text(details.get(key)) for key in keys)), "") if details else as_text(entry)

    return as_texts(list(map(text, as_list(value))))


def _days_of(value: Any) -> tuple[str, ...]:
    """Return days: of moments, or of the `value` of details."""
    return tuple(map(day, _texts(value)))


def _many(label: str, *names: str) -> Column:
    """Return a column of the texts of several attributes, each text once."""

    def read(obj: Object) -> tuple[str, ...]:
        return as_texts([text for name in names for text in _texts(obj.attributes.get(name))])

    return Column(label, read, names)


def _prose(label: str, name: str) -> Column:
    """Return a column of texts that people wrote, without HTML tags, blank lines and bullets of one text alone."""

    def read(value: Any) -> str:
        texts = (as_text(entry, 4 * LONGEST_PROSE) for entry in as_list(value))
        return " ".join(" ".join(_MARKUP.sub(" ", text).split()) for text in texts)

    return attribute_column(label, name, read, LONGEST_PROSE)


def _days(label: str, name: str, **moments: str) -> Column:
    """Return a column of the days inside of a mapping; what is no mapping is shown as it came."""

    def read(value: Any) -> str:
        fields = as_mapping(value)
        days = (f"{title} {moment}" for key, title in moments.items() if (moment := day(fields.get(key))))
        rest = (f"{key.replace('_', ' ')}: {brief(entry)}" for key, entry in pairs(fields) if key not in moments)
        return ", ".join((*days, *rest)) if fields else str(brief(value))

    return attribute_column(label, name, read)


def _cvss(cvss: Any) -> str:
    """Return the scores by version, newest first: `3.x 9.8, temporal 9.1 (CVSS:3.1/…)`; another shape as it came."""
    versions = as_mapping(cvss)
    if not versions:
        return str(brief(cvss))
    texts = []
    for name, entry in sorted(pairs(versions), reverse=True):
        version = name.removeprefix("cvssv").replace("_", ".", 1).replace("_", " ")
        details = as_mapping(entry)
        score = as_text(_score(details)) if details else str(brief(entry))
        if temporal := as_text(details.get("temporal_score")):
            score = f"{score}, temporal {temporal}"
        vector = as_text(details.get("vector"), 120)
        if score or vector:
            texts.append(" ".join(filter(None, (version, score, f"({vector})" if vector else ""))))
    return ", ".join(texts)


def _score(details: Mapping[str, Any]) -> Any:
    return details.get("base_score", details.get("score"))


def base_score(obj: Object) -> float:
    """Return the highest CVSS score of 0 to 10; 0 where there is none."""
    cvss = obj.attributes.get("cvss")
    values = [cvss, *(_score(as_mapping(entry)) if as_mapping(entry) else entry for _, entry in pairs(cvss))]
    return max((score for score in map(number, values) if score is not None and 0 <= score <= 10), default=0.0)


def _epss(epss: Any) -> str:
    """Return the probability of exploitation within 30 days; a number that is none says so."""
    score, percentile = _epss_score(epss), as_text(as_mapping(epss).get("percentile"))
    value = number(score)
    odd = " (not a probability)" if value is not None and not 0 <= value <= 1 else ""
    rest = f", percentile {percentile}" if percentile else ""
    return f"{brief(score)}{odd}{rest}" if epss else ""


def _epss_score(epss: Any) -> Any:
    return as_mapping(epss).get("score") if as_mapping(epss) else epss


def probability(obj: Object) -> float:
    """Return the probability of exploitation by EPSS; 0 where there is none."""
    score = number(_epss_score(obj.attributes.get("epss")))
    return score if score is not None and 0 <= score <= 1 else 0.0


def risk(obj: Object) -> str:
    """Return the risk rating of a vulnerability, or the predicted one, marked as such."""
    rated, predicted = (as_text(obj.attributes.get(name), 60) for name in ("risk_rating", "predicted_risk_rating"))
    return rated or (f"{predicted} (predicted)" if predicted else "")


def _weakness(cwe: Any) -> str:
    words = (as_text(as_mapping(cwe).get(key)) for key in ("id", "title"))
    return " ".join(filter(None, words)) or str(brief(cwe))


def _exploited(obj: Object) -> str:
    reasons = exploitation(obj)
    return f"yes: {', '.join(reasons)}" if reasons else ""


def _members(obj: Object) -> str:
    counters = dict(pairs(obj.attributes.get("counters")))
    counts = {name: integer(counters.get(name, obj.attributes.get(f"{name}_count"))) for name in _MEMBERS}
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)


def techniques(obj: Object) -> tuple[str, ...]:
    """Return the techniques that an answer lists of a threat: `{id, name}`, an id, or either one counted."""
    aggregations = [as_mapping(entry) for _, entry in pairs(obj.attributes.get("aggregations"))]
    texts = []
    for entry in chain.from_iterable(
        as_list(part.get("attack_techniques")) for part in (obj.attributes, *aggregations)
    ):
        counted = as_mapping(entry)
        named = as_mapping(counted.get("value")) or counted
        words = [as_text(named.get(key)) for key in ("id", "value", "name")] if named else [as_text(entry)]
        count = integer(counted.get("count"))
        texts.append(" ".join(filter(None, words)) + (f" ({count} members)" if count else ""))
    return tuple(dict.fromkeys(texts))


#: The techniques that a threat is known for; nobody observed them of the subject.
TECHNIQUES = Column("Techniques it is known for (not observed here)", techniques, ("attack_techniques",))


#: The kinds of threats in the order in which they stand; lists come after them.
KINDS: Mapping[str, str] = {
    ACTOR: "Threat actor",
    FAMILY: "Malware family",
    TOOLKIT: "Software toolkit",
    CAMPAIGN: "Campaign",
    VULNERABILITY: "Vulnerability",
    REPORT: "Report",
}
#: All kinds; the empty one is a list.
EVERY = (*KINDS, "")
_PEOPLE = (ACTOR, CAMPAIGN, REPORT)
_CODE = (FAMILY, TOOLKIT)
_FLAW = (VULNERABILITY,)

#: What is told of a threat, in this order, and of which kinds; an empty kind is a list.
FACTS: tuple[tuple[Column, tuple[str, ...]], ...] = (
    (attribute_column("Name", "name"), EVERY),
    (attribute_column("Kind", "collection_type"), EVERY),
    (Column("Exploited in the wild", _exploited, ("exploitation_state", "tags")), _FLAW),
    (Column("Risk", risk, ("risk_rating", "predicted_risk_rating")), _FLAW),
    (attribute_column("CVSS", "cvss", _cvss), _FLAW),
    (attribute_column("EPSS", "epss", _epss), _FLAW),
    (attribute_column("CVE", "cve_id"), _FLAW),
    (attribute_column("Exploitation state", "exploitation_state"), _FLAW),
    (attribute_column("Consequence", "exploitation_consequence"), _FLAW),
    (_days("CISA Known Exploited Vulnerabilities", "cisa_known_exploited", added_date="added", due_date="due"), _FLAW),
    (attribute_column("Exploit", "exploit_availability"), _FLAW),
    (
        _days(
            "Exploitation",
            "exploitation",
            first_exploitation="first exploited",
            exploit_release_date="exploit released",
            tech_details_release_date="details released",
        ),
        _FLAW,
    ),
    (_many("Vectors", "exploitation_vectors"), _FLAW),
    (attribute_column("Priority", "priority"), _FLAW),
    (attribute_column("Weakness", "cwe", _weakness), _FLAW),
    (attribute_column("Disclosed", "date_of_disclosure", _days_of), _FLAW),
    (_many("Mitigations available", "available_mitigation"), _FLAW),
    (_prose("Mitigations", "mitigations"), _FLAW),
    (_prose("Workarounds", "workarounds"), _FLAW),
    (_prose("Vulnerable products", "vulnerable_products"), _FLAW),
    (attribute_column("Report type", "report_type"), (REPORT,)),
    (attribute_column("Author", "author"), (REPORT,)),
    (attribute_column("Link", "link"), (REPORT, TOOLKIT)),
    (_prose("Summary", "executive_summary"), (VULNERABILITY, REPORT)),
    (_prose("Generated summary", "autogenerated_summary"), (REPORT,)),
    (_prose("Analyst's comment", "analyst_comment"), (REPORT,)),
    (_prose("Analysis", "analysis"), _FLAW),
    (_many("Also known as", "alt_names", "alt_names_details", "aliases"), EVERY),
    (_many("Merged with", "merged_actors"), (ACTOR,)),
    (_many("Roles", "malware_roles"), _CODE),
    (_many("Capabilities", "capabilities"), _CODE),
    (_many("Operating systems", "operating_systems"), _CODE),
    (_many("Detection names", "detection_names"), _CODE),
    (_many("Motivations", "motivations"), (*_PEOPLE, TOOLKIT)),
    (_many("From", "source_region", "source_regions_hierarchy"), (*_PEOPLE, FAMILY)),
    (attribute_column("Sponsor", "sponsor_region"), (ACTOR,)),
    (_many("Targeted regions", "targeted_regions", "targeted_regions_hierarchy"), (*_PEOPLE, FAMILY)),
    (_many("Targeted industries", "targeted_industries", "targeted_industries_tree"), (*_PEOPLE, FAMILY)),
    (attribute_column("Extent", "campaign_type"), (CAMPAIGN,)),
    (attribute_column("First seen", "first_seen_details", _days_of), (ACTOR, CAMPAIGN)),
    (attribute_column("Last seen", "last_seen_details", _days_of), (ACTOR, CAMPAIGN, FAMILY)),
    (attribute_column("Origin", "origin"), EVERY),
    (attribute_column("Tags", "tags"), EVERY),
    (Column("Holds", _members, ("counters", *(f"{name}_count" for name in _MEMBERS))), EVERY),
    (attribute_column("Created", "creation_date", _days_of), EVERY),
    (attribute_column("Modified", "last_modification_date", _days_of), EVERY),
    (_prose("Description", "description"), EVERY),
    (THROUGH, EVERY),
    (ID, EVERY),
    (TECHNIQUES, (ACTOR, *_CODE, CAMPAIGN)),
)
