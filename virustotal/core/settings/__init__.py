"""Settings as frozen values, each field with the reader of its configuration; secrets apart."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from virustotal.core.settings import config_values as read
from virustotal.core.settings.config_values import DEFAULT_HOST, group, setting
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

    Args:
        api_key: Of VirusTotal.
        proxy: The proxy's address, optionally with user and password; empty for none.
        mirror_api_key: Encoded as Elasticsearch and OpenSearch give it; instead of `mirror_user` and `mirror_password`.
    """

    api_key: str = setting("", read.text, secret=True)
    proxy: str = setting("", read.text, secret=True)
    mirror_api_key: str = setting("", read.text, secret=True)
    mirror_user: str = setting("", read.text, secret=True)
    mirror_password: str = setting("", read.text, secret=True)


@frozen
class AvConfig:
    """`av_config`: which engines count, and for how much (docs/scoring.md).

    Args:
        term_blocklist: Engines and results with one of these terms do not count; `engine:` and `result:` restrict one.
        specific_AVs: The only engines that count; empty for all.
        revised_sig_score_map: Points of an engine's result, by `engine.result`.
        revised_kw_score_map: Points of results that contain a keyword.
        hit_threshold: Engines that must detect an object before it is scored; a suspicious one is half a hit.
    """

    term_blocklist: tuple[str, ...] = setting((), read.terms)
    specific_AVs: tuple[str, ...] = setting((), read.texts)
    revised_sig_score_map: Mapping[str, int] = setting(EMPTY, read.scores)
    revised_kw_score_map: Mapping[str, int] = setting(EMPTY, read.scores)
    hit_threshold: int = setting(2, read.whole_number(0, 1000))


@frozen
class SubmitPolicy:
    """`submit_policy`: what may be submitted, if submitting is allowed.

    Args:
        max_size_mb: In megabytes of 2**20 bytes.
        file_types: Patterns of Assemblyline's file types, such as `executable/*`; `!document/*` excludes.
        max_depth: Depth of extraction; 0 for submitted files only, no extracted children.
        max_classification: Nothing above it is sent; empty for no bound.
    """

    max_size_mb: int = setting(MOST_SUBMIT_MB, read.whole_number(0, MOST_SUBMIT_MB))
    file_types: tuple[str, ...] = setting(("*",), read.texts)
    max_depth: int = setting(0, read.whole_number(0, 100))
    max_classification: str = setting("", read.text)


@frozen
class PrivateConfig:
    """`private`: private scanning (docs/private.md). All but the first two and the last two are sent with each scan.

    Args:
        look_up_files: Whether a file's hash may be looked up publicly where a private submission is requested.
        look_up_urls: The same of URLs and hosts.
        storage_region: Empty for the preference of the key's group.
        command_line: The arguments of a file.
        wait: Seconds that a task waits for the analysis.
        delete_after_report: Whether VirusTotal is asked to delete a file once its report was fetched.
    """

    look_up_files: bool = setting(True, read.switch)
    look_up_urls: bool = setting(False, read.switch)
    retention_period_days: int = setting(1, read.whole_number(1, 28))
    storage_region: str = setting("", read.one_of("", *REGIONS))
    enable_internet: bool = setting(False, read.switch, parameter=read.switch)
    intercept_tls: bool = setting(False, read.switch)
    command_line: str = setting("", read.command_line, parameter=read.command_line)
    disable_sandbox: bool = setting(False, read.switch)
    wait: int = setting(120, read.whole_number(0, 3600))
    delete_after_report: bool = setting(False, read.switch)


@frozen
class QuotaConfig:
    """`quota`: requests in each window, if VirusTotal does not tell; 0 for not given.

    Args:
        reserve: The share of hour and day that only look-ups of subjects may use, from 0 to 1.
        max_wait: Seconds that a task waits for the quota at most.
    """

    minute: int = setting(0, read.whole_number(0, 10**9))
    hour: int = setting(0, read.whole_number(0, 10**9))
    day: int = setting(0, read.whole_number(0, 10**9))
    month: int = setting(0, read.whole_number(0, 10**9))
    reserve: float = setting(0.2, read.share)
    max_wait: int = setting(86_400, read.whole_number(0, 86_400))


@frozen
class CacheConfig:
    """`cache`: how long responses are kept, and how many.

    Args:
        hours: Lifetime of an object; 0 for none.
        negative_minutes: Lifetime of "unknown" and "forbidden"; 0 for none.
        max_mb: Size of all responses, in megabytes of 2**20 bytes.
    """

    hours: int = setting(6, read.whole_number(0, 8760))
    negative_minutes: int = setting(15, read.whole_number(0, 10_080))
    max_mb: int = setting(256, read.whole_number(1, 10**6))


@frozen
class MirrorConfig:
    """`mirror`: an Elasticsearch or OpenSearch cluster with VirusTotal's objects, asked first.

    Args:
        hosts: Its addresses; none for no mirror.
        files: Its index or alias of files; empty for none. Likewise `urls`, `domains`, `ips` and `behaviours`.
        only: Whether no request goes to VirusTotal.
        max_age_days: Objects that changed longer ago are asked of VirusTotal; 0 for no limit.
    """

    hosts: tuple[str, ...] = setting((), read.addresses)
    files: str = setting("virustotal-files", read.index_name)
    urls: str = setting("virustotal-urls", read.index_name)
    domains: str = setting("virustotal-domains", read.index_name)
    ips: str = setting("virustotal-ips", read.index_name)
    behaviours: str = setting("virustotal-behaviours", read.index_name)
    ca_bundle: str = setting("", read.text)
    only: bool = setting(False, read.switch)
    max_age_days: int = setting(30, read.whole_number(0, 36_500))


@frozen
class PluginConfig:
    """`plugins`: which plugins load, and their settings.

    Args:
        disabled: Names of plugins or analyzers.
        external: Whether plugins of other packages load.
        settings: Each plugin's own settings, by its name.
    """

    disabled: tuple[str, ...] = setting((), read.texts)
    external: bool = setting(True, read.switch)
    settings: Mapping[str, Any] = setting(EMPTY, read.free_mapping)


@frozen
class Settings:
    """All settings of a task, without secrets: of the configuration, of the submission's parameters, and its own."""

    host: str = setting(DEFAULT_HOST, read.origin)
    ca_bundle: str = setting("", read.text)
    allow_dynamic_submit: bool = setting(False, read.switch)
    av_config: AvConfig = group(AvConfig)
    max_related: int = setting(40, read.whole_number(1, MOST_RELATED), parameter=read.whole_number(0, MOST_RELATED))
    max_iocs: int = setting(50, read.whole_number(0, MOST_IOCS))
    inline: bool = setting(True, read.switch)
    max_download_mb: int = setting(256, read.whole_number(1, 4096))
    stale_after_days: int = setting(365, read.whole_number(0, 36_500))
    result_days: int = setting(0, read.whole_number(0, 365))
    max_classification: str = setting("", read.text)
    submit_policy: SubmitPolicy = group(SubmitPolicy)
    submit_privately: str = setting("never", read.one_of("never", "allowed", "always"))
    private: PrivateConfig = group(PrivateConfig)
    submit_file_name: str = setting("hash", read.one_of("hash", "name"))
    storage: str = setting("", read.storage)
    quota: QuotaConfig = group(QuotaConfig)
    cache: CacheConfig = group(CacheConfig)
    mirror: MirrorConfig = group(MirrorConfig)
    plugins: PluginConfig = group(PluginConfig)

    dynamic_submit: bool = setting(False, parameter=read.switch)
    private_submit: bool = setting(False, parameter=read.switch)
    ignore_submitted_url: bool = setting(False, parameter=read.switch)
    relationships: tuple[str, ...] = setting(DEFAULT_RELATIONSHIPS, parameter=read.relationship_names)
    analyze_relationship: bool = setting(False, parameter=read.switch)
    download_evtx: bool = setting(False, parameter=read.switch)
    download_pcap: bool = setting(False, parameter=read.switch)
    download_memdump: bool = setting(False, parameter=read.switch)
    download_html_report: bool = setting(False, parameter=read.switch)
    download_dropped_files: bool = setting(False, parameter=read.switch)
    max_requests: int = setting(0, parameter=read.whole_number(0, 100_000))
    reanalyze_after_days: int = setting(0, parameter=read.whole_number(0, 36_500))
    submit_password: bool = setting(False, parameter=read.switch)
    exhaustive_search: bool = setting(False, parameter=read.switch)

    deep_scan: bool = False
    ignore_filtering: bool = False

    def plugin(self, name: str) -> Mapping[str, Any]:
        """Return the read-only `plugins.settings.NAME` of a plugin; empty where there are none."""
        settings = self.plugins.settings.get(name)
        return settings if isinstance(settings, Mapping) else EMPTY
