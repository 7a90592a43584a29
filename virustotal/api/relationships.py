"""Every relationship VirusTotal has, per kind: what it yields, licence, title and family."""

import enum
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from attrs import frozen

#: The kinds of object that have the relationships below, in the order of the table's columns.
KINDS = ("file", "url", "domain", "ip_address")


class Family(enum.StrEnum):
    """What the objects of a relationship are evidence of. It decides what is scored and tagged."""

    DOES = "does"
    ORIGIN = "origin"
    CONTAINS = "contains"
    PEOPLE = "people"
    HISTORY = "history"


class Licence(enum.StrEnum):
    """Which keys may read a relationship, from what every key may read to what the fewest may.

    What no source states is UNCONFIRMED, and 403 is tolerated. THREATS is a premium licence with VirusTotal's threat
    intelligence (the Threat Landscape module).
    """

    PUBLIC = "public"
    PREMIUM = "premium"
    UNCONFIRMED = "unconfirmed"
    THREATS = "threats"


@frozen
class Relationship:
    """One relationship of one kind of object (https://docs.virustotal.com/reference/files and its like).

    Args:
        yields: The kinds of its objects; empty where no source says.
        one: True where it leads to a single object.
        title: In plain words, for a section's title.
        doubtful: It may have been withdrawn, so it is asked alone and never in the combined request.
    """

    kind: str
    name: str
    yields: tuple[str, ...]
    title: str
    licence: Licence
    family: Family
    one: bool = False
    doubtful: bool = False


# One row: name; what it yields; family; who may read it on a file, URL, domain, IP address; flags; title.
# Access: E every key, U every key and its own data only, P premium, T premium with threat intelligence, ? stated
# nowhere, - no such relationship of this kind.
# Flags: 1 for a single object, ! for doubtful: no newer list of VirusTotal has the name, or nobody says what it yields.
_TABLE = """
analyses                    analysis          history   PP--  .  Earlier scans
associations                collection        people    ??E?  .  Associated threats
attack_techniques           attack_technique  does      ?---  .  ATT&CK techniques
behaviours                  file_behaviour    does      E---  .  Sandbox behaviours
bundled_files               file              contains  E---  .  Bundled files
caa_records                 domain            contains  --P-  .  CAA records
campaigns                   collection        people    ????  .  Campaigns
carbonblack_children        file              does      P---  .  Files derived from it (Carbon Black)
carbonblack_parents         file              origin    P---  .  Files it was derived from (Carbon Black)
ciphered_bundled_files      file              contains  P---  !  Files in this protected archive
ciphered_parents            file              origin    P---  !  Protected archives that hold it
clues                       -                 people    ?---  !  Clues
cname_records               domain            contains  --P-  .  CNAME records
code_blocks                 -                 contains  ?---  !  Code blocks
collections                 collection        people    EEEE  .  Collections that list it
comments                    comment           people    EEEE  .  Comments
communicating_files         file              origin    -PEE  .  Files that contact it when run
compressed_parents          file              origin    P---  .  Archives that hold it
contacted_domains           domain            does      EP--  .  Contacted domains
contacted_ips               ip_address        does      EP--  .  Contacted IP addresses
contacted_urls              url               does      E---  .  Contacted URLs
distributors                -                 origin    ?---  !  Distributors
downloaded_files            file              does      -P--  .  Files downloaded from it
downloaded_files            file              contains  --PP  .  Files downloaded from it
dropped_files               file              does      E---  .  Dropped files
email_attachments           file              contains  P---  .  E-mail attachments
email_parents               file              origin    P---  .  E-mails that held it
email_senders               -                 origin    ?---  !  Senders of e-mails that held it
embedded_domains            domain            contains  P---  .  Embedded domains
embedded_ips                ip_address        contains  P---  .  Embedded IP addresses
embedded_js_files           file              contains  -P--  .  Scripts in the page
embedded_urls               url               contains  P---  .  Embedded URLs
execution_parents           file              origin    E---  .  Files that launched or dropped it
graphs                      graph             people    EEEE  .  Graphs that include it
hash_collisions             file              origin    ?---  !  Files with an equal MD5 or SHA-1
historical_ssl_certificates ssl_cert          history   --EE  .  Certificate history
historical_whois            whois             history   --EE  .  WHOIS history
http_response_contents      file              contains  -?--  .  Response bodies
immediate_parent            domain            origin    --E-  1  Domain one label up
itw_domains                 domain            origin    P---  .  Domains it was served from in the wild
itw_ips                     ip_address        origin    P---  .  IP addresses it was served from in the wild
itw_urls                    url               origin    P---  .  URLs it was served from in the wild
last_serving_ip_address     ip_address        origin    -E--  1  Last serving IP address
malware_families            collection        people    ????  .  Malware families
memory_pattern_domains      domain            contains  P---  .  Domains in sandbox memory
memory_pattern_ips          ip_address        contains  P---  .  IP addresses in sandbox memory
memory_pattern_parents      file              origin    -???  .  Files that have it in sandbox memory
memory_pattern_urls         url               contains  P---  .  URLs in sandbox memory
mx_records                  domain            contains  --P-  .  MX records
network_location            domain|ip_address origin    -E--  1  Host of the URL
ns_records                  domain            contains  --P-  .  NS records
overlay_children            file              contains  P---  .  Files in its overlay
overlay_parents             file              origin    P---  .  Files that carry it as overlay
parent                      domain            origin    --E-  1  Registered domain
parent_resource_urls        url               origin    ??--  .  URLs that loaded it as a resource
pcap_children               file              contains  P---  .  Files seen inside this capture
pcap_parents                file              origin    P---  .  Captures that hold it
pe_resource_children        file              contains  E---  .  Files in its PE resources
pe_resource_parents         file              origin    E---  .  PE files that carry it as a resource
redirecting_urls            url               origin    -P--  .  URLs that redirect to it
redirects_to                url               does      -P--  .  URLs it redirects to
references                  reference         people    ????  .  References
referrer_files              file              origin    -PEE  .  Files that contain it
referrer_urls               url               origin    -P--  .  URLs that refer to it
related_attack_techniques   attack_technique  people    ?---  .  Techniques of its collections
related_attack_techniques   attack_technique  people    -???  !  Techniques of its collections
related_collections         collection        people    -?--  .  Collections that list its host
related_comments            comment           people    -EEE  .  Comments on related objects
related_references          reference         people    TTTT  .  References, also through collections
related_reports             collection        people    ????  .  Reports, also through collections
related_threat_actors       threat_actor      people    TTTT  .  Threat actors
reports                     collection        people    ????  .  Reports
resolutions                 resolution        history   --EE  .  DNS resolutions
screenshots                 screenshot        does      P---  .  Screenshots
siblings                    domain            origin    --E-  .  Sibling domains
sigma_analysis              sigma_analysis    does      E---  1! Sigma analysis
similar_files               file              origin    P---  .  Similar files
soa_records                 domain            contains  --P-  .  SOA records
software_toolkits           collection        people    ????  .  Software toolkits
subdomains                  domain            contains  --E-  .  Subdomains
submissions                 submission        history   PP--  .  Submissions
urls                        url               contains  --PP  .  URLs on it
urls_for_embedded_js        url               origin    P---  .  Pages that include this script
urls_related_by_tracker_id  url               origin    -P--  .  Pages with the same tracker id
user_votes                  vote              people    UUUU  .  Own votes
votes                       vote              people    EEEE  .  Votes
vulnerabilities             collection        people    ????  .  Vulnerabilities
"""

_LICENCES = {
    "E": Licence.PUBLIC,
    "U": Licence.PUBLIC,
    "P": Licence.PREMIUM,
    "T": Licence.THREATS,
    "?": Licence.UNCONFIRMED,
}


def _entries(table: str) -> Iterator[Relationship]:
    for row in table.strip().splitlines():
        name, yields, family, access, flags, title = row.split(maxsplit=5)
        for kind, letter in zip(KINDS, access, strict=True):
            if letter != "-":
                yield Relationship(
                    kind,
                    name,
                    () if yields == "-" else tuple(yields.split("|")),
                    title,
                    _LICENCES[letter],
                    Family(family),
                    one="1" in flags,
                    doubtful="!" in flags,
                )


#: (kind, name) to relationship.
CATALOGUE: Mapping[tuple[str, str], Relationship] = MappingProxyType({(e.kind, e.name): e for e in _entries(_TABLE)})

#: Names that other tools and VirusTotal's older API use, to the name that VirusTotal has.
ALIASES: Mapping[str, str] = {
    "behavior": "behaviours",
    "behaviors": "behaviours",
    "behaviour": "behaviours",
    "contacted_hosts": "contacted_ips",
    "contacted_ip_addresses": "contacted_ips",
    "detected_communicating_samples": "communicating_files",
    "detected_downloaded_samples": "downloaded_files",
    "detected_referrer_samples": "referrer_files",
    "detected_urls": "urls",
    "embedded_ip_addresses": "embedded_ips",
    "itw_ip_addresses": "itw_ips",
    "memory_pattern_ip_addresses": "memory_pattern_ips",
    "ssl_certificates": "historical_ssl_certificates",
    "threat_actors": "related_threat_actors",
    "whois_history": "historical_whois",
}


#: Relationships of private objects by kind (https://docs.virustotal.com/reference/private-files-api).
PRIVATE: Mapping[str, tuple[str, ...]] = {
    "file": (
        *("behaviours", "contacted_domains", "contacted_ips", "contacted_urls", "dropped_files"),
        "execution_parents",
    ),
    "url": ("behaviours", "downloaded_files", "last_serving_ip_address", "network_location"),
}
#: Endpoints below an object's address that are no relationships: asking for one would download, submit or analyse.
ENDPOINTS = frozenset(
    (
        *("analyse", "behaviour_mitre_trees", "behaviour_summary", "comment", "download", "download_url"),
        *("evtx", "html", "memdump", "pcap", "relationships", "upload_url"),
    )
)


def find(kind: str, name: str) -> Relationship | None:
    """Return the catalogue's entry of an exact name, or None for a name that it does not know."""
    return CATALOGUE.get((kind, name))


def licences(kind: str, names: Iterable[str]) -> dict[str, Licence]:
    """Return the licence that each of some names of the catalogue needs."""
    return {name: CATALOGUE[kind, name].licence for name in names}


def of_kind(kind: str) -> tuple[Relationship, ...]:
    """Return all relationships of one kind of object, by name."""
    return tuple(sorted((entry for entry in CATALOGUE.values() if entry.kind == kind), key=lambda entry: entry.name))
