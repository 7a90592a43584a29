"""Threat objects: vulnerabilities, actors, malware families, toolkits, campaigns, reports, lists. Never scored.

Each threat is a card; lists, and threats beyond the first ones, are rows of a table. The most dangerous come first.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from assemblyline_v4_service.common.result import ResultSection
from attrs import frozen

from virustotal.core import Analyzer, Evidence, Finding, Object, Related, Settings, hookimpl, relationships, tables
from virustotal.core.readers import (
    as_list,
    as_mapping,
    as_text,
    as_texts,
    day,
    integer,
    number,
    pairs,
    timestamp,
    whole_text,
)
from virustotal.core.relationships import Relationship
from virustotal.core.tables import brief, listed
from virustotal.core.threats import (
    ACTOR,
    CAMPAIGN,
    FAMILY,
    REPORT,
    TOOLKIT,
    VULNERABILITY,
    cve_id,
    exploitation,
    threat_kind,
)
from virustotal.plugins.relationships.columns import THROUGH, Column, add, further, plain, read_by
from virustotal.plugins.relationships.record_table import row
from virustotal.plugins.relationships.related_table import analyzer_of, heading, links, table_heading

#: Threats of one relationship that have a card; the others are in a table.
MOST_CARDS = 8
#: Techniques that are listed of one threat, and characters of a text that people wrote.
MOST_TECHNIQUES, LONGEST_PROSE = 200, 1_000
#: Kinds of threats in the order in which they stand; lists come after them.
KINDS: Mapping[str, str] = {
    ACTOR: "Threat actor",
    FAMILY: "Malware family",
    TOOLKIT: "Software toolkit",
    CAMPAIGN: "Campaign",
    VULNERABILITY: "Vulnerability",
    REPORT: "Report",
}
#: The tag of a threat's name, by kind; a vulnerability is tagged by its CVE.
TAGS: Mapping[str, str] = {
    ACTOR: "attribution.actor",
    FAMILY: "attribution.family",
    TOOLKIT: "attribution.implant",
    CAMPAIGN: "attribution.campaign",
    VULNERABILITY: "attribution.exploit",
}
#: The kinds that relationships lead to; those that are not here lead to all.
LEADS_TO: Mapping[str, tuple[str, ...]] = {
    "campaigns": (CAMPAIGN,),
    "malware_families": (FAMILY,),
    "related_reports": (REPORT,),
    "related_threat_actors": (ACTOR,),
    "reports": (REPORT,),
    "software_toolkits": (TOOLKIT,),
    "vulnerabilities": (VULNERABILITY,),
}
RISKS = ("UNRATED", "LOW", "MEDIUM", "HIGH", "CRITICAL")

_MARKUP = re.compile(r"<[^<>]{0,200}>|&nbsp;")
_NAME = re.compile(r"\w[\w .,:/()+&'-]{0,79}")
_MEMBERS = ("files", "urls", "domains", "ip_addresses", "references", "attack_techniques")


# --- readers ---------------------------------------------------------------------------------------------------------


def _values(*names: str) -> Callable[[Object], tuple[str, ...]]:
    """Return a reader of lists of texts, and of details: `{value, …}`, or the last place of a hierarchy."""
    keys = ("value", "country", "sub_region", "region", "industry", "industry_group")

    def value(entry: Any) -> str:
        details = as_mapping(entry)
        return next(filter(None, (as_text(details.get(key)) for key in keys)), "") if details else as_text(entry)

    return lambda obj: as_texts([value(entry) for name in names for entry in as_list(obj.attributes.get(name))])


def _dated(label: str, *names: str) -> Column:
    """Return a column of days: of moments, or of the `value` of details."""
    return Column(label, lambda obj: tuple(day(value) for value in _values(*names)(obj)), names)


def _many(label: str, *names: str) -> Column:
    return Column(label, _values(*names), names)


def _prose(label: str, *names: str) -> Column:
    """Return a column of texts that people wrote, without HTML tags, blank lines and bullets of one text alone."""

    def read(obj: Object) -> str:
        texts = (as_text(entry, 4 * LONGEST_PROSE) for name in names for entry in as_list(obj.attributes.get(name)))
        return " ".join(" ".join(_MARKUP.sub(" ", text).split()) for text in texts)

    return Column(label, read, names, LONGEST_PROSE)


def _days(label: str, name: str, moments: Mapping[str, str]) -> Column:
    """Return a column of the days inside of a mapping; what is no mapping is shown as it came."""

    def read(obj: Object) -> str:
        value = obj.attributes.get(name)
        found = as_mapping(value)
        shown = (f"{title} {moment}" for key, title in moments.items() if (moment := day(found.get(key))))
        rest = (f"{key.replace('_', ' ')}: {brief(entry)}" for key, entry in pairs(found) if key not in moments)
        return ", ".join((*shown, *rest)) if found else str(brief(value))

    return Column(label, read, (name,))


def _cvss(obj: Object) -> str:
    """Return the scores by version, newest first: `3.x 9.8, temporal 9.1 (CVSS:3.1/…)`; another shape as it came."""
    versions = as_mapping(obj.attributes.get("cvss"))
    if not versions:
        return str(brief(obj.attributes.get("cvss")))
    found = []
    for name, entry in sorted(pairs(versions), reverse=True):
        version = name.removeprefix("cvssv").replace("_", ".", 1).replace("_", " ")
        details = as_mapping(entry)
        score = as_text(_score(details)) if details else str(brief(entry))
        if temporal := as_text(details.get("temporal_score")):
            score = f"{score}, temporal {temporal}"
        vector = as_text(details.get("vector"), 120)
        if score or vector:
            found.append(" ".join(filter(None, (version, score, f"({vector})" if vector else ""))))
    return ", ".join(found)


def _score(details: Mapping[str, Any]) -> Any:
    return details.get("base_score", details.get("score"))


def _base_score(obj: Object) -> float:
    """Return the highest score that is one, of 0 to 10."""
    cvss = obj.attributes.get("cvss")
    values = [cvss, *(_score(as_mapping(entry)) if as_mapping(entry) else entry for _, entry in pairs(cvss))]
    return max((score for score in map(number, values) if score is not None and 0 <= score <= 10), default=0.0)


def _epss(obj: Object) -> str:
    """Return the probability of exploitation within 30 days; a number that is none says so."""
    epss = obj.attributes.get("epss")
    score = as_mapping(epss).get("score") if as_mapping(epss) else epss
    percentile = as_text(as_mapping(epss).get("percentile"))
    known = number(score)
    odd = " (not a probability)" if known is not None and not 0 <= known <= 1 else ""
    return f"{brief(score)}{odd}{f', percentile {percentile}' if percentile else ''}" if epss else ""


def _probability(obj: Object) -> float:
    epss = obj.attributes.get("epss")
    score = number(as_mapping(epss).get("score") if as_mapping(epss) else epss)
    return score if score is not None and 0 <= score <= 1 else 0.0


def _risk(obj: Object) -> str:
    rated, predicted = (as_text(obj.attributes.get(name), 60) for name in ("risk_rating", "predicted_risk_rating"))
    return rated or (f"{predicted} (predicted)" if predicted else "")


def _pair(label: str, name: str, *keys: str) -> Column:
    """Return a column of some values inside of a mapping."""

    def read(obj: Object) -> str:
        found = as_mapping(obj.attributes.get(name))
        return " ".join(filter(None, (as_text(found.get(key)) for key in keys))) or str(brief(obj.attributes.get(name)))

    return Column(label, read, (name,))


def _exploited(obj: Object) -> str:
    found = exploitation(obj)
    return f"yes: {', '.join(found)}" if found else ""


def _members(obj: Object) -> str:
    counted = dict(pairs(obj.attributes.get("counters")))
    found = []
    for name in _MEMBERS:
        count = integer(counted.get(name, obj.attributes.get(f"{name}_count")))
        if count:
            found.append(f"{count} {name.replace('_', ' ')}")
    return ", ".join(found)


def _techniques(obj: Object) -> tuple[str, ...]:
    """Return the techniques that an answer lists of a threat: `{id, name}`, an id, or either one counted."""
    aggregations = [as_mapping(entry) for _, entry in pairs(obj.attributes.get("aggregations"))]
    found = []
    for entry in chain.from_iterable(
        as_list(part.get("attack_techniques")) for part in (obj.attributes, *aggregations)
    ):
        counted = as_mapping(entry)
        named = as_mapping(counted.get("value")) or counted
        words = [as_text(named.get(key)) for key in ("id", "value", "name")] if named else [as_text(entry)]
        count = integer(counted.get("count"))
        found.append(" ".join(filter(None, words)) + (f" ({count} members)" if count else ""))
    return tuple(dict.fromkeys(found))


#: The techniques that a threat is known for; nobody saw them of the subject. Those of `aggregations` where that came.
TECHNIQUES = Column("Techniques it is known for (not observed here)", _techniques, ("attack_techniques",))


# --- facts -----------------------------------------------------------------------------------------------------------

_EVERY = (*KINDS, "")
_PEOPLE = (ACTOR, CAMPAIGN, REPORT)
_CODE = (FAMILY, TOOLKIT)

#: What is told of a threat, in this order, and of which kinds; an empty kind is a list.
FACTS: tuple[tuple[Column, tuple[str, ...]], ...] = (
    (plain("Name", "name"), _EVERY),
    (plain("Kind", "collection_type"), _EVERY),
    (Column("Exploited in the wild", _exploited, ("exploitation_state", "tags")), (VULNERABILITY,)),
    (Column("Risk", _risk, ("risk_rating", "predicted_risk_rating")), (VULNERABILITY,)),
    (Column("CVSS", _cvss, ("cvss",)), (VULNERABILITY,)),
    (Column("EPSS", _epss, ("epss",)), (VULNERABILITY,)),
    (plain("CVE", "cve_id"), (VULNERABILITY,)),
    (plain("Exploitation state", "exploitation_state"), (VULNERABILITY,)),
    (plain("Consequence", "exploitation_consequence"), (VULNERABILITY,)),
    (
        _days(
            "CISA's list of exploited ones",
            "cisa_known_exploited",
            {"added_date": "added", "due_date": "to be fixed by"},
        ),
        (VULNERABILITY,),
    ),
    (plain("Exploit", "exploit_availability"), (VULNERABILITY,)),
    (
        _days(
            "Exploitation",
            "exploitation",
            {
                "first_exploitation": "first exploited",
                "exploit_release_date": "exploit released",
                "tech_details_release_date": "details released",
            },
        ),
        (VULNERABILITY,),
    ),
    (_many("Vectors", "exploitation_vectors"), (VULNERABILITY,)),
    (plain("Priority", "priority"), (VULNERABILITY,)),
    (_pair("Weakness", "cwe", "id", "title"), (VULNERABILITY,)),
    (_dated("Disclosed", "date_of_disclosure"), (VULNERABILITY,)),
    (_many("Mitigations available", "available_mitigation"), (VULNERABILITY,)),
    (_prose("Mitigations", "mitigations"), (VULNERABILITY,)),
    (_prose("Workarounds", "workarounds"), (VULNERABILITY,)),
    (_prose("Vulnerable products", "vulnerable_products"), (VULNERABILITY,)),
    (plain("Type of report", "report_type"), (REPORT,)),
    (plain("Author", "author"), (REPORT,)),
    (plain("Link", "link"), (REPORT, TOOLKIT)),
    (_prose("Summary", "executive_summary"), (VULNERABILITY, REPORT)),
    (_prose("Generated summary", "autogenerated_summary"), (REPORT,)),
    (_prose("Analyst's comment", "analyst_comment"), (REPORT,)),
    (_prose("Analysis", "analysis"), (VULNERABILITY,)),
    (_many("Also known as", "alt_names", "alt_names_details", "aliases"), _EVERY),
    (_many("Merged with", "merged_actors"), (ACTOR,)),
    (_many("Roles", "malware_roles"), _CODE),
    (_many("Capabilities", "capabilities"), _CODE),
    (_many("Operating systems", "operating_systems"), _CODE),
    (_many("Detection names", "detection_names"), _CODE),
    (_many("Motivations", "motivations"), (*_PEOPLE, TOOLKIT)),
    (_many("From", "source_region", "source_regions_hierarchy"), (*_PEOPLE, FAMILY)),
    (plain("Sponsor", "sponsor_region"), (ACTOR,)),
    (_many("Targeted regions", "targeted_regions", "targeted_regions_hierarchy"), (*_PEOPLE, FAMILY)),
    (_many("Targeted industries", "targeted_industries", "targeted_industries_tree"), (*_PEOPLE, FAMILY)),
    (plain("Extent", "campaign_type"), (CAMPAIGN,)),
    (_dated("First seen", "first_seen_details"), (ACTOR, CAMPAIGN)),
    (_dated("Last seen", "last_seen_details"), (ACTOR, CAMPAIGN, FAMILY)),
    (plain("Origin", "origin"), _EVERY),
    (plain("Tags", "tags"), _EVERY),
    (Column("Holds", _members, ("counters", *(f"{name}_count" for name in _MEMBERS))), _EVERY),
    (_dated("Created", "creation_date"), _EVERY),
    (_dated("Modified", "last_modification_date"), _EVERY),
    (_prose("Description", "description"), _EVERY),
    (THROUGH, _EVERY),
    (Column("Id", lambda obj: obj.ref.id), _EVERY),
    (TECHNIQUES, (ACTOR, *_CODE, CAMPAIGN)),
)


# --- sections --------------------------------------------------------------------------------------------------------


@frozen
class Threats:
    """How one relationship that leads to threats is shown."""

    entry: Relationship

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that it leads to; an empty one is a list."""
        return LEADS_TO.get(self.entry.name, _EVERY)

    @property
    def columns(self) -> tuple[Column, ...]:
        """What is told of its objects."""
        return tuple(column for column, kinds in FACTS if set(kinds).intersection(self.kinds))

    def analyze(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield the section of this relationship: a card for each threat, a table for lists and all others."""
        related = evidence.related
        if related is None or not related.items:
            return
        objs = sorted(related.items, key=self._danger)
        threats = [obj for obj in objs if self._kind(obj) and obj.attributes][:MOST_CARDS]
        table = self._table([obj for obj in objs if not any(obj is threat for threat in threats)])
        section = ResultSection("", auto_collapse=True) if threats or table is None else table
        for place, obj in enumerate(threats):
            add(section, self._card(obj, collapse=place > 0))
        if section is not table:
            add(section, table)
        section.title_text = self._title(related, threats)
        add(section, links("Open on VirusTotal", objs, evidence.settings))
        add(section, further(objs, self.columns))
        self._tag(section, objs)
        yield section

    def _title(self, related: Related, threats: Sequence[Object]) -> str:
        named = [self._called(obj) for obj in threats if self._kind(obj) == VULNERABILITY and exploitation(obj)]
        title = heading(self.entry.title, related) if threats else table_heading(self.entry.title, related)
        return f"{title}: {listed(named)} exploited in the wild" if named else title

    def _card(self, obj: Object, *, collapse: bool) -> ResultSection | None:
        kind = self._kind(obj)
        title = f"{KINDS[kind]}: {self._called(obj)}"
        if kind == VULNERABILITY:
            score, risk = _base_score(obj), _risk(obj)
            words = (
                "exploited in the wild" if exploitation(obj) else "",
                f"CVSS {score:g}" if score else "",
                f"risk {risk}" if risk else "",
            )
            title = ", ".join((title, *filter(None, words)))
        facts = ((column.label, column.cell(obj)) for column in self.columns if column is not TECHNIQUES)
        section: ResultSection | None = tables.key_values(title, facts, collapse=collapse)
        if section is not None and TECHNIQUES in self.columns:
            title = f"Techniques that {self._called(obj)} is known for (not observed here)"
            add(section, tables.lines(title, _techniques(obj), most=MOST_TECHNIQUES, collapse=True))
        return section

    def _table(self, objs: Sequence[Object]) -> ResultSection | None:
        rows = [row(obj, self.columns) for obj in objs[: tables.MOST_ROWS]]
        labels = (*(column.label for column in self.columns), "Reason")
        return tables.table("Further ones", rows, labels, total=len(objs), collapse=True)

    def _tag(self, section: ResultSection, objs: Iterable[Object]) -> None:
        for obj in objs:
            kind = self._kind(obj)
            value = cve_id(obj) if kind == VULNERABILITY else whole_text(obj.attributes.get("name"))
            if kind in TAGS and _NAME.fullmatch(value):
                section.add_tag(TAGS[kind], value)

    def _kind(self, obj: Object) -> str:
        """Return the kind of a threat that this relationship leads to; empty for a list and for all others."""
        kind = threat_kind(obj)
        return kind if kind in self.kinds else ""

    def _called(self, obj: Object) -> str:
        cve = cve_id(obj) if self._kind(obj) == VULNERABILITY else ""
        return cve or as_text(obj.attributes.get("name"), 80) or as_text(obj.ref.id, 80)

    def _danger(self, obj: Object) -> tuple[Any, ...]:
        """Return what sorts the most dangerous first: what is exploited, then by kind, by score, and the newest."""
        kind = self._kind(obj)
        place = list(KINDS).index(kind) if kind else len(KINDS)
        modified = timestamp(obj.attributes.get("last_modification_date"))
        newest = -modified.timestamp() if modified else 0.0
        if kind != VULNERABILITY:
            return (1, place, 0, 0, 0, newest, obj.ref)
        rated = _risk(obj).upper().partition(" ")[0]
        risk = RISKS.index(rated) if rated in RISKS else 0
        return (0 if exploitation(obj) else 1, place, -risk, -_base_score(obj), -_probability(obj), newest, obj.ref)


#: The section of vulnerabilities, and of other threats, stands before what people say; lists stand after it.
_ORDER: Mapping[str, int] = {**dict.fromkeys(LEADS_TO, 606), "vulnerabilities": 605}


def _analyzer(entry: Relationship) -> Analyzer:
    look = Threats(entry)
    return analyzer_of(entry, _ORDER.get(entry.name, 630), look.analyze, read_by(look.columns))


_ANALYZERS: tuple[Analyzer, ...] = tuple(
    _analyzer(entry)
    for entry in relationships.CATALOGUE.values()
    if {"collection", "threat_actor"}.intersection(entry.yields)
)


@hookimpl
def virustotal_analyzers(settings: Settings) -> tuple[Analyzer, ...]:
    """Return the analysers of threats and of lists of objects."""
    return _ANALYZERS
