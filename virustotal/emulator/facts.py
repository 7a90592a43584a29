"""The facts of the VirusTotal v3 API that the emulator enforces: types, paths, relationships and who may read them.

Source: the relationship tables of docs.virustotal.com (file, url, domain, ip_address objects) and the command lists
that VirusTotal's own command line tool generates from ``/metadata``. One row of a table is: name, type that it returns
(``-`` where no page tells), ``N`` for a list or ``1`` for one object, access, sources.

Access: ``E`` every key; ``P`` premium; ``T`` premium with the Threat Landscape module (GTI); ``U`` every key, its own
data only; ``?`` not stated anywhere, treated as premium. Sources: ``D`` documentation, ``M`` newest command list, ``O``
only in older command lists (may be withdrawn), ``G`` GTI.
"""

from collections.abc import Mapping

from attrs import frozen

_FILE = """
analyses analysis N P DMG
associations collection N ? MG
attack_techniques attack_technique N ? MG
behaviours file_behaviour N E DMG
bundled_files file N E DMG
campaigns collection N ? MG
carbonblack_children file N P DMG
carbonblack_parents file N P DMG
ciphered_bundled_files file N P DO
ciphered_parents file N P DO
clues - N ? M
code_blocks - N ? M
collections collection N E DMG
comments comment N E DMG
compressed_parents file N P DMG
contacted_domains domain N E DMG
contacted_ips ip_address N E DMG
contacted_urls url N E DMG
distributors - N ? M
dropped_files file N E DMG
email_attachments file N P DMG
email_parents file N P DMG
email_senders - N ? O
embedded_domains domain N P DMG
embedded_ips ip_address N P DMG
embedded_urls url N P DMG
execution_parents file N E DMG
graphs graph N E DMG
hash_collisions file N ? O
itw_domains domain N P DMG
itw_ips ip_address N P DMG
itw_urls url N P DMG
malware_families collection N ? MG
memory_pattern_domains domain N P DMG
memory_pattern_ips ip_address N P DMG
memory_pattern_urls url N P DMG
overlay_children file N P DMG
overlay_parents file N P DMG
parent_resource_urls url N ? M
pcap_children file N P DMG
pcap_parents file N P DMG
pe_resource_children file N E DMG
pe_resource_parents file N E DMG
references reference N ? M
related_attack_techniques attack_technique N ? MG
related_references reference N T DM
related_reports collection N ? MG
related_threat_actors threat_actor N T DMG
reports collection N ? MG
screenshots screenshot N P DMG
sigma_analysis sigma_analysis 1 E DO
similar_files file N P DMG
software_toolkits collection N ? MG
submissions submission N P DMG
urls_for_embedded_js url N P DMG
user_votes vote N U DMG
votes vote N E DMG
vulnerabilities collection N ? MG
"""

_URL = """
analyses analysis N P DMG
associations collection N ? MG
campaigns collection N ? MG
collections collection N E DMG
comments comment N E DMG
communicating_files file N P DMG
contacted_domains domain N P DMG
contacted_ips ip_address N P DMG
downloaded_files file N P DMG
embedded_js_files file N P DMG
graphs graph N E DMG
http_response_contents file N ? MG
last_serving_ip_address ip_address 1 E DMG
malware_families collection N ? MG
memory_pattern_parents file N ? MG
network_location domain|ip_address 1 E DMG
parent_resource_urls url N ? MG
redirecting_urls url N P DMG
redirects_to url N P DMG
references reference N ? M
referrer_files file N P DMG
referrer_urls url N P DMG
related_attack_techniques attack_technique N ? O
related_collections collection N ? MG
related_comments comment N E DMG
related_references reference N T DM
related_reports collection N ? MG
related_threat_actors threat_actor N T DMG
reports collection N ? MG
software_toolkits collection N ? MG
submissions submission N P DMG
urls_related_by_tracker_id url N P DMG
user_votes vote N U DMG
votes vote N E DMG
vulnerabilities collection N ? MG
"""

_DOMAIN = """
associations collection N E MG
caa_records domain N P DMG
campaigns collection N ? MG
cname_records domain N P DMG
collections collection N E DMG
comments comment N E DMG
communicating_files file N E DMG
downloaded_files file N P DMG
graphs graph N E DMG
historical_ssl_certificates ssl_cert N E DMG
historical_whois whois N E DMG
immediate_parent domain 1 E DMG
malware_families collection N ? MG
memory_pattern_parents file N ? MG
mx_records domain N P DMG
ns_records domain N P DMG
parent domain 1 E DMG
references reference N ? M
referrer_files file N E DMG
related_attack_techniques attack_technique N ? O
related_comments comment N E DMG
related_references reference N T DM
related_reports collection N ? MG
related_threat_actors threat_actor N T DMG
reports collection N ? MG
resolutions resolution N E DMG
siblings domain N E DMG
soa_records domain N P DMG
software_toolkits collection N ? MG
subdomains domain N E DMG
urls url N P DMG
user_votes vote N U DMG
votes vote N E MG
vulnerabilities collection N ? MG
"""

_IP_ADDRESS = """
associations collection N ? MG
campaigns collection N ? MG
collections collection N E MG
comments comment N E DMG
communicating_files file N E DMG
downloaded_files file N P DMG
graphs graph N E DMG
historical_ssl_certificates ssl_cert N E DMG
historical_whois whois N E DMG
malware_families collection N ? MG
memory_pattern_parents file N ? MG
references reference N ? M
referrer_files file N E DMG
related_attack_techniques attack_technique N ? O
related_comments comment N E DMG
related_references reference N T DM
related_reports collection N ? MG
related_threat_actors threat_actor N T DMG
reports collection N ? MG
resolutions resolution N E DMG
software_toolkits collection N ? MG
urls url N P DMG
user_votes vote N U MG
votes vote N E MG
vulnerabilities collection N ? MG
"""

_OTHERS = {
    "file_behaviour": "file file 1 E D\nattack_techniques attack_technique N E D",
    "analysis": "item file|url|domain|ip_address 1 E D",
    "comment": "author user 1 E D\nitem file|url|domain|ip_address|graph 1 E D",
    "vote": "item file|url|domain|ip_address 1 E D\nauthor user 1 E D\nvoter user 1 E D",
    "screenshot": "analysed_file_sha256 file 1 P D",
    "resolution": "",
    "submission": "",
    "whois": "",
    "ssl_cert": "",
    "reference": "",
    "threat_actor": "",
    "graph": (
        "comments comment N E D\neditors user N E D\ngroup group 1 E D\n"
        "items - N E D\nowner user 1 E D\nviewers user N E D"
    ),
    "attack_technique": (
        "attack_tactics attack_tactic N E D\nparent_technique attack_technique 1 E D\n"
        "subtechniques attack_technique N E D\nrevoking_technique attack_technique 1 E D\n"
        "threat_actors threat_actor N P D"
    ),
    "attack_tactic": "attack_techniques attack_technique N E D",
    "sigma_analysis": "",
    "sigma_rule": "",
    "yara_ruleset": "",
    "yara_rule": "",
    "collection": (
        "attack_techniques attack_technique N E D\nautogenerated_graphs graph N E D\ncomments comment N E D\n"
        "domains domain N E D\nfiles file N E D\nip_addresses ip_address N E D\nowner user 1 E D\n"
        "references reference N E D\nsigma_rules sigma_rule N E D\nsubscribed_users user N E D\n"
        "threat_actors threat_actor N P D\nurls url N E D\nyara_rulesets yara_ruleset N E D\n"
        "related_collections collection N P D\nrelated_references reference N P D\nassociations collection N T G\n"
        "campaigns collection N T G\nhunting_rulesets hunting_ruleset N T G\nmalware_families collection N T G\n"
        "reports collection N T G\nsoftware_toolkits collection N T G\nsuspected_threat_actors collection N T G\n"
        "vulnerabilities collection N T G"
    ),
    "user": "",
    "group": "",
}

PATHS: Mapping[str, str] = {
    "file": "files",
    "url": "urls",
    "domain": "domains",
    "ip_address": "ip_addresses",
    "analysis": "analyses",
    "file_behaviour": "file_behaviours",
    "comment": "comments",
    "vote": "votes",
    "submission": "submissions",
    "resolution": "resolutions",
    "whois": "whois",
    "ssl_cert": "ssl_certs",
    "screenshot": "screenshots",
    "graph": "graphs",
    "collection": "collections",
    "reference": "references",
    "threat_actor": "threat_actors",
    "attack_technique": "attack_techniques",
    "attack_tactic": "attack_tactics",
    "sigma_analysis": "sigma_analyses",
    "sigma_rule": "sigma_rules",
    "yara_ruleset": "yara_rulesets",
    "yara_rule": "yara_rules",
    "user": "users",
    "group": "groups",
}
TYPES: Mapping[str, str] = {path: kind for kind, path in PATHS.items()}

SUBJECTS = ("file", "url", "domain", "ip_address")
"""The four kinds that have engines' verdicts, comments, votes and ``POST …/analyse``."""

PREMIUM_ATTRIBUTES = frozenset(
    {"downloadable", "capabilities_tags", "malware_config", "exiftool", "favicon"}
    | {"office_info", "openxml_info", "rtf_info"}
)
"""Attributes that the documentation marks premium: a public key does not see them."""


@frozen
class Relationship:
    """One relationship of one type. ``types`` is empty where no source tells what it returns."""

    name: str
    types: tuple[str, ...]
    many: bool
    access: str
    sources: str

    @property
    def withdrawn(self) -> bool:
        """True for names that only older command lists know."""
        return self.sources == "O"


def _row(line: str) -> Relationship:
    name, types, cardinality, access, sources = line.split()
    return Relationship(name, () if types == "-" else tuple(types.split("|")), cardinality == "N", access, sources)


def _table(text: str) -> Mapping[str, Relationship]:
    return {row.name: row for row in (_row(line) for line in text.strip().splitlines())}


RELATIONSHIPS: Mapping[str, Mapping[str, Relationship]] = {
    "file": _table(_FILE),
    "url": _table(_URL),
    "domain": _table(_DOMAIN),
    "ip_address": _table(_IP_ADDRESS),
    **{kind: _table(text) for kind, text in _OTHERS.items()},
}
"""Type -> relationship name -> facts."""
