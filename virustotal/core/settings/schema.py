"""Everything that decides what a task does, as frozen values; the secrets apart."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from virustotal.util.readers import EMPTY

DEFAULT_HOST = "https://www.virustotal.com"
DEFAULT_RELATIONSHIPS = ("contacted_ips", "contacted_domains", "contacted_urls", "dropped_files", "behaviours")

#: `max_related` of a deep scan, where neither the parameter nor a higher config says otherwise.
DEEP_SCAN_RELATED = 200
#: The most that `max_related` may be, in configuration and parameter.
MOST_RELATED = 10_000
#: The most that `max_iocs` may be: tagged hosts and URLs that one task looks up.
MOST_IOCS = 1_000
#: VirusTotal takes no larger file, in megabytes (2**20 bytes).
MOST_SUBMIT_MB = 650


@frozen
class Credentials:
    """The secrets. They go to the sources alone; `Settings` and `Evidence` never hold them.

    proxy: the address of the proxy, perhaps with user and password; empty for none.
    mirror_api_key: as Elasticsearch and OpenSearch encode it; or mirror_user with mirror_password; or none of them.
    """

    api_key: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    mirror_api_key: str = field(default="", repr=False)
    mirror_user: str = field(default="", repr=False)
    mirror_password: str = field(default="", repr=False)


@frozen
class AvConfig:
    """`av_config`: which engines count, and for how much (docs/scoring.md)."""

    term_blocklist: tuple[str, ...] = ()
    specific_AVs: tuple[str, ...] = ()
    revised_sig_score_map: Mapping[str, int] = EMPTY
    revised_kw_score_map: Mapping[str, int] = EMPTY
    hit_threshold: int = 2


@frozen
class SubmitPolicy:
    """`submit_policy`: what may be submitted at all, where submitting is switched on.

    max_size_mb: in megabytes of 2**20 bytes.
    file_types: patterns of Assemblyline's file types, such as `executable/*`.
    max_depth: 0 for what the user submitted alone, never extracted children.
    max_classification: nothing above it is sent; empty for no bound.
    """

    max_size_mb: int = MOST_SUBMIT_MB
    file_types: tuple[str, ...] = ("*",)
    max_depth: int = 0
    max_classification: str = ""


@frozen
class QuotaConfig:
    """`quota`: requests that each window allows, where VirusTotal does not tell; 0 for not given."""

    minute: int = 0
    hour: int = 0
    day: int = 0
    month: int = 0


@frozen
class CacheConfig:
    """`cache`: how long answers count, and that something is unknown or forbidden; 0 for not at all.

    max_mb: what all answers may take, in megabytes of 2**20 bytes.
    """

    hours: int = 6
    negative_minutes: int = 15
    max_mb: int = 256


@frozen
class MirrorConfig:
    """`mirror`: a cluster of Elasticsearch or OpenSearch with VirusTotal's objects, which is asked first.

    hosts: its addresses; none for no mirror. files, urls, domains, ips, behaviours: its indices or aliases, each of one
    index; an empty one is not asked. only: nothing is asked of VirusTotal. max_age_days: what has changed longer ago is
    asked of VirusTotal all the same; 0 for never.
    """

    hosts: tuple[str, ...] = ()
    files: str = "virustotal-files"
    urls: str = "virustotal-urls"
    domains: str = "virustotal-domains"
    ips: str = "virustotal-ips"
    behaviours: str = "virustotal-behaviours"
    ca_bundle: str = ""
    only: bool = False
    max_age_days: int = 30


@frozen
class PluginConfig:
    """`plugins`: plugins or analysers to block by name, whether external ones load, and the settings of each."""

    disabled: tuple[str, ...] = ()
    external: bool = True
    settings: Mapping[str, Any] = EMPTY


@frozen
class Settings:
    """Everything that decides what a task does, but no secret.

    First the service's configuration, then the submission's parameters, last the task's own.
    """

    host: str = DEFAULT_HOST
    ca_bundle: str = ""
    allow_dynamic_submit: bool = False
    av_config: AvConfig = AvConfig()
    max_related: int = 40
    max_iocs: int = 50
    inline: bool = True
    max_download_mb: int = 256
    stale_after_days: int = 365
    max_classification: str = ""
    submit_policy: SubmitPolicy = SubmitPolicy()
    submit_file_name: str = "hash"
    storage: str = ""
    quota: QuotaConfig = QuotaConfig()
    cache: CacheConfig = CacheConfig()
    mirror: MirrorConfig = MirrorConfig()
    plugins: PluginConfig = PluginConfig()

    dynamic_submit: bool = False
    ignore_submitted_url: bool = False
    relationships: tuple[str, ...] = DEFAULT_RELATIONSHIPS
    analyze_relationship: bool = False
    download_evtx: bool = False
    download_pcap: bool = False
    download_memdump: bool = False
    download_html_report: bool = False
    download_dropped_files: bool = False
    reanalyze_after_days: int = 0
    submit_password: bool = False
    exhaustive_search: bool = False

    deep_scan: bool = False
    ignore_filtering: bool = False

    def plugin(self, name: str) -> Mapping[str, Any]:
        """Return the read-only `plugins.settings.NAME` of a plugin; empty where there are none."""
        found = self.plugins.settings.get(name)
        return found if isinstance(found, Mapping) else EMPTY
