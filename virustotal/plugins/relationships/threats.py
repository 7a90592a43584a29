"""Threat objects: vulnerabilities, actors, malware families, toolkits, campaigns, reports, lists. Never scored.

Each threat is a card; lists, and threats beyond the first ones, are rows of a table. The most dangerous come first.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from assemblyline_v4_service.common.result import ResultSection
from attrs import frozen

from virustotal.core import Analyzer, Evidence, Finding, Object, Related, Settings, hookimpl, relationships, tables
from virustotal.core.readers import as_text, timestamp, whole_text
from virustotal.core.relationships import Relationship
from virustotal.core.tables import listed
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
from virustotal.plugins.relationships.columns import Column, add, further_section, read_by
from virustotal.plugins.relationships.record_table import object_table
from virustotal.plugins.relationships.related_section import analyzer_of, heading, links, table_heading
from virustotal.plugins.relationships.threat_facts import (
    EVERY,
    FACTS,
    KINDS,
    TECHNIQUES,
    base_score,
    probability,
    risk,
    techniques,
)

#: Threats of one relationship that have a card; the others are in a table.
MOST_CARDS = 8
#: Techniques that are listed of one threat.
MOST_TECHNIQUES = 200
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

_NAME = re.compile(r"\w[\w .,:/()+&'-]{0,79}")


@frozen
class Threats:
    """How one relationship that leads to threats is shown."""

    entry: Relationship

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that it leads to; an empty one is a list."""
        return LEADS_TO.get(self.entry.name, EVERY)

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
        others = [obj for obj in objs if not any(obj is threat for threat in threats)]
        table = object_table("Further ones", others, self.columns, collapse=True)
        section = ResultSection("", auto_collapse=True) if threats or table is None else table
        for place, obj in enumerate(threats):
            add(section, self._card(obj, collapse=place > 0))
        if section is not table:
            add(section, table)
        section.title_text = self._title(related, threats)
        add(section, links(objs, evidence.settings))
        add(section, further_section(objs, self.columns))
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
            score, rating = base_score(obj), risk(obj)
            words = (
                "exploited in the wild" if exploitation(obj) else "",
                f"CVSS {score:g}" if score else "",
                f"risk {rating}" if rating else "",
            )
            title = ", ".join((title, *filter(None, words)))
        facts = ((column.label, column.cell(obj)) for column in self.columns if column is not TECHNIQUES)
        section: ResultSection | None = tables.key_values(title, facts, collapse=collapse)
        if section is not None and TECHNIQUES in self.columns:
            title = f"Techniques that {self._called(obj)} is known for (not observed here)"
            add(section, tables.lines(title, techniques(obj), most=MOST_TECHNIQUES, collapse=True))
        return section

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
        rating = risk(obj).upper().partition(" ")[0]
        level = RISKS.index(rating) if rating in RISKS else 0
        return (0 if exploitation(obj) else 1, place, -level, -base_score(obj), -probability(obj), newest, obj.ref)


#: The section of vulnerabilities, and of other threats, stands before what people say; lists stand after it.
_ORDER: Mapping[str, int] = {**dict.fromkeys(LEADS_TO, 606), "vulnerabilities": 605}


def _analyzer(entry: Relationship) -> Analyzer:
    look = Threats(entry)
    return analyzer_of(entry, _ORDER.get(entry.name, 630), look.analyze, read_by(look.columns))


@hookimpl
def virustotal_analyzers(settings: Settings) -> Iterable[Analyzer]:
    """Return the analysers of threats and of lists of objects."""
    threats = {"collection", "threat_actor"}
    return (_analyzer(entry) for entry in relationships.CATALOGUE.values() if threats.intersection(entry.yields))
