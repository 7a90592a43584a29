"""Settings as frozen values, each field with the reader of its configuration; secrets apart."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from virustotal.core.settings.config_values import (
    DEFAULT_HOST,
    addresses,
    command_line,
    file_name,
    free_mapping,
    index_name,
    one_of,
    origin,
    scores,
    setting,
    share,
    storage,
    switch,
    terms,
    text,
    texts,
    whole_number,
)
from virustotal.util.readers import EMPTY

DEFAULT_RELATIONSHIPS = ("contacted_ips", "contacted_domains", "contacted_urls", "dropped_files", "behaviours")

#: `max_related` of a deep scan, where neither the parameter nor a higher config says otherwise.
DEEP_SCAN_RELATED = 200
#: The most that `max_related` may be, in configuration and parameter.
MOST_RELATED = 10_000
#: The most that `max_iocs` may be: tagged hosts and URLs that one task looks up.
MOST_IOCS = 1_000
#: VirusTotal takes no larger file, in megabytes (2**20 bytes).
MOST_SUBMIT_MB = 650
#: Where VirusTotal can keep a private scan (https://docs.virustotal.com/reference/upload-file-private-scanning).
REGIONS = ("US", "EU", "CA", "GB")


@frozen
class Credentials:
    """Secrets for the sources alone; `Settings` and `Evidence` never hold them.

    proxy: the proxy's address, optionally with user and password; empty for none.
    mirror_api_key: encoded as Elasticsearch and OpenSearch give it; instead of mirror_user and mirror_password.
    """

    api_key: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    mirror_api_key: str = field(default="", repr=False)
    mirror_user: str = field(default="", repr=False)
    mirror_password: str = field(default="", repr=False)


@frozen
class AvConfig:
    """`av_config`: which engines count, and for how much (docs/scoring.md)."""

    term_blocklist: tuple[str, ...] = setting((), terms)
    specific_AVs: tuple[str, ...] = setting((), texts)
    revised_sig_score_map: Mapping[str, int] = setting(EMPTY, scores)
    revised_kw_score_map: Mapping[str, int] = setting(EMPTY, scores)
    hit_threshold: int = setting(2, whole_number(0, 1000))


@frozen
class SubmitPolicy:
    """`submit_policy`: what may be submitted, if submitting is allowed.

    max_size_mb: in megabytes of 2**20 bytes.
    file_types: patterns of Assemblyline's file types, such as `executable/*`; `!document/*` excludes.
    max_depth: depth of extraction; 0 for submitted files only, no extracted children.
    max_classification: nothing above it is sent; empty for no bound.
    """

    max_size_mb: int = setting(MOST_SUBMIT_MB, whole_number(0, MOST_SUBMIT_MB))
    file_types: tuple[str, ...] = setting(("*",), texts)
    max_depth: int = setting(0, whole_number(0, 100))
    max_classification: str = setting("", text)


@frozen
class PrivateConfig:
    """`private`: private scanning (docs/private.md). All but the first two and the last two are sent with each scan.

    look_up_files: whether a file's hash may be looked up publicly where a private submission is requested.
    look_up_urls: the same of URLs and hosts. wait: seconds that a task waits for the analysis.
    storage_region: empty for the preference of the key's group. command_line: the arguments of a file.
    delete_after_report: whether VirusTotal is asked to delete a file once its report was fetched.
    """

    look_up_files: bool = setting(True, switch)
    look_up_urls: bool = setting(False, switch)
    retention_period_days: int = setting(1, whole_number(1, 28))
    storage_region: str = setting("", one_of("", *REGIONS))
    enable_internet: bool = setting(False, switch)
    intercept_tls: bool = setting(False, switch)
    command_line: str = setting("", command_line)
    disable_sandbox: bool = setting(False, switch)
    wait: int = setting(120, whole_number(0, 3600))
    delete_after_report: bool = setting(False, switch)


@frozen
class QuotaConfig:
    """`quota`: requests a window, if VirusTotal does not tell; 0 for not given.

    reserve: the share of hour and day that only look-ups of subjects may use, from 0 to 1. max_wait: seconds that a
    task waits for the quota at most.
    """

    minute: int = setting(0, whole_number(0, 10**9))
    hour: int = setting(0, whole_number(0, 10**9))
    day: int = setting(0, whole_number(0, 10**9))
    month: int = setting(0, whole_number(0, 10**9))
    reserve: float = setting(0.2, share)
    max_wait: int = setting(86_400, whole_number(0, 86_400))


@frozen
class CacheConfig:
    """`cache`: lifetime of answers, and of the answers unknown and forbidden; 0 for none.

    max_mb: size of all answers, in megabytes of 2**20 bytes.
    """

    hours: int = setting(6, whole_number(0, 8760))
    negative_minutes: int = setting(15, whole_number(0, 10_080))
    max_mb: int = setting(256, whole_number(1, 10**6))


@frozen
class MirrorConfig:
    """`mirror`: an Elasticsearch or OpenSearch cluster with VirusTotal's objects, asked first.

    hosts: its addresses; none for no mirror. files, urls, domains, ips, behaviours: its indices or aliases; an empty
    one is not asked. only: no request to VirusTotal. max_age_days: objects that changed longer ago are asked of
    VirusTotal; 0 for no limit.
    """

    hosts: tuple[str, ...] = setting((), addresses)
    files: str = setting("virustotal-files", index_name)
    urls: str = setting("virustotal-urls", index_name)
    domains: str = setting("virustotal-domains", index_name)
    ips: str = setting("virustotal-ips", index_name)
    behaviours: str = setting("virustotal-behaviours", index_name)
    ca_bundle: str = setting("", text)
    only: bool = setting(False, switch)
    max_age_days: int = setting(30, whole_number(0, 36_500))


@frozen
class PluginConfig:
    """`plugins`: names of plugins or analyzers to disable, whether external plugins load, settings by plugin name."""

    disabled: tuple[str, ...] = setting((), texts)
    external: bool = setting(True, switch)
    settings: Mapping[str, Any] = setting(EMPTY, free_mapping)


@frozen
class Settings:
    """All settings of a task, without secrets: of the configuration, of the submission's parameters, and its own."""

    host: str = setting(DEFAULT_HOST, origin)
    ca_bundle: str = setting("", text)
    allow_dynamic_submit: bool = setting(False, switch)
    av_config: AvConfig = AvConfig()
    max_related: int = setting(40, whole_number(1, MOST_RELATED))
    max_iocs: int = setting(50, whole_number(0, MOST_IOCS))
    inline: bool = setting(True, switch)
    max_download_mb: int = setting(256, whole_number(1, 4096))
    stale_after_days: int = setting(365, whole_number(0, 36_500))
    result_days: int = setting(0, whole_number(0, 365))
    max_classification: str = setting("", text)
    submit_policy: SubmitPolicy = SubmitPolicy()
    submit_privately: str = setting("never", one_of("never", "allowed", "always"))
    private: PrivateConfig = PrivateConfig()
    submit_file_name: str = setting("hash", file_name)
    storage: str = setting("", storage)
    quota: QuotaConfig = QuotaConfig()
    cache: CacheConfig = CacheConfig()
    mirror: MirrorConfig = MirrorConfig()
    plugins: PluginConfig = PluginConfig()

    dynamic_submit: bool = False
    private_submit: bool = False
    ignore_submitted_url: bool = False
    relationships: tuple[str, ...] = DEFAULT_RELATIONSHIPS
    analyze_relationship: bool = False
    download_evtx: bool = False
    download_pcap: bool = False
    download_memdump: bool = False
    download_html_report: bool = False
    download_dropped_files: bool = False
    max_requests: int = 0
    reanalyze_after_days: int = 0
    submit_password: bool = False
    exhaustive_search: bool = False

    deep_scan: bool = False
    ignore_filtering: bool = False

    def plugin(self, name: str) -> Mapping[str, Any]:
        """Return the read-only `plugins.settings.NAME` of a plugin; empty where there are none."""
        settings = self.plugins.settings.get(name)
        return settings if isinstance(settings, Mapping) else EMPTY
