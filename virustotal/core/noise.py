"""Known noise of sandboxes and CDNs: shown, and not tagged unless an engine flags it.

A machine that runs nothing contacts, creates and starts these. As tags they would join files that share nothing.
"""

import re

__all__ = [
    "is_noise_address",
    "is_noise_command",
    "is_noise_file",
    "is_noise_host",
    "is_noise_mutex",
    "is_noise_registry_key",
]

_HOSTS = """
    windowsupdate.com update.microsoft.com delivery.mp.microsoft.com data.microsoft.com
    smartscreen.microsoft.com crl.microsoft.com go.microsoft.com www.microsoft.com msedge.net
    oneocsp.microsoft.com ocsp.msocsp.com wns.windows.com time.windows.com login.live.com
    msftncsi.com msftconnecttest.com bing.com msn.com windows.msn.com activity.windows.com
    digicert.com verisign.com symcb.com symcd.com globalsign.com globalsign.net
    usertrust.com sectigo.com comodoca.com entrust.net identrust.com lencr.org letsencrypt.org
    amazontrust.com pki.goog gstatic.com clients2.google.com connectivitycheck.android.com
    mozilla.com mozilla.net mozilla.org firefox.com ocsp.apple.com ntp.org time.apple.com
    akamai.net akamaiedge.net edgesuite.net edgekey.net phicdn.net in-addr.arpa ip6.arpa wpad isatap
"""
#: Hosts, and all below them: updates, telemetry, revocation lists, connectivity checks, time servers.
HOSTS = frozenset(_HOSTS.split())
#: Public resolvers.
ADDRESSES = frozenset(
    (
        *("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "4.2.2.1", "4.2.2.2"),
        *("208.67.222.222", "208.67.220.220", "2001:4860:4860::8888", "2001:4860:4860::8844", "2606:4700:4700::1111"),
    )
)
_CDN_OWNER = re.compile(r"akamai|cloudflare|fastly|edgecast|edgio|limelight|cdn77|microsoft|\bcdn\b", re.I)
_MUTEX = re.compile(
    r"""(?:local|global)?\\?(?:
      sm0:\d{1,9}:\d{1,9}:wil(?:staging|error)_\w{1,20} | zone(?:s|attribute)\w{0,40}mutex | zones\w{0,40}
    | (?:cicload|msctf|ctf)[.\w!-]{0,80} | _shuassist\.mtx | shimcachemutex | raspbfile
    | !ietld!mutex | wininet\w{1,40}mutex | dbwinmutex
    | __ddraw\w{1,20}__ | ddrawwindow\w{0,20} | iesqmmutex_\w{1,20} | _!(?:ms|sh)\w{1,30}!?[^\\]{0,80}
    | [a-z]:!(?:users|windows|documents)[^\\]{0,150} | \.net\ (?:clr|data)\w{0,40}[^\\]{0,60} | amiresource\w{0,40}
    | default_tabtip-\w{1,20} | windowsupdatetracingmutex | officeprimary\w{0,40} | amsi\w{0,40}
    )""",
    re.I | re.X,
)
_SYSTEM = r'"?(?:(?:c:|%\w{1,20}%)\\(?:windows|winnt)?\\?system32\\|%windir%\\system32\\)?(?:wbem\\)?'
_COMMAND = re.compile(
    rf"(?:{_SYSTEM}(?:conhost|svchost)\.exe\ +)?"  # some sandboxes write the image before the command line
    + _SYSTEM
    + r"""(?:
      svchost\.exe"?\ +-k\ [^\\/|&>]{1,120}
    | (?:wmiprvse|sppextcomobj|slui|unsecapp|mobsync)\.exe"?\ +-(?:secured\ -)?embedding
    | wmiadap\.exe"?\ +/[a-z]\ /[a-z]\ /[a-z] | conhost\.exe"?\ +0x[0-9a-f]{1,8}(?:\ -forcev1)?
    | (?:dllhost|taskhostw?|backgroundtaskhost)\.exe"?(?:\ +[-/]?[\w:{}-]{1,80})? | mpcmdrun\.exe"?\ [^\\|&>]{1,120}
    | (?:usoclient|musnotification|compattelrunner|sppsvc|lsass|services|wininit|winlogon|consent)
      (?:\.exe)?"?[^\\|&>]{0,80}
    )\ *""",
    re.I | re.X,
)
_REGISTRY = re.compile(
    r"\\(?:internet settings\\(?:5\.0\\cache|zonemap)|internet explorer\\gpu|explorer\\(?:userassist|sessioninfo)"
    r"|shell\\(?:bags|bagmru)|explorer\\mountpoints2|systemcertificates)(?:\\|$)",
    re.I,
)
_FILE = re.compile(
    r"__psscriptpolicytest_|\\prefetch\\|\\startupprofiledata|\\winevt\\logs\\|\\inetcache\\|\\cryptneturlcache\\"
    r"|\\wbem\\repository\\|\\softwaredistribution\\|\\webcache\\|^\\device\\|^\\\\\.\\|\\commandanalysis\\|\\clr_v[\d.]{1,9}",
    re.I,
)


def is_noise_host(host: str) -> bool:
    """Return whether a host in lower case is one of HOSTS or below one."""
    labels = host.rstrip(".").split(".")[-6:]
    return any(".".join(labels[start:]) in HOSTS for start in range(len(labels)))


def is_noise_address(address: str, owner: str = "") -> bool:
    """Return whether an address is a public resolver, or of a CDN by the name of its network's owner."""
    return address in ADDRESSES or _CDN_OWNER.search(owner[:200]) is not None


def is_noise_mutex(name: str) -> bool:
    """Return whether Windows or its own libraries create a mutex of that name."""
    return _MUTEX.fullmatch(name[:300]) is not None


def is_noise_command(command: str) -> bool:
    """Return whether a service of Windows is started by that command line."""
    return _COMMAND.fullmatch(command[:300]) is not None


def is_noise_registry_key(key: str) -> bool:
    """Return whether Windows sets such a key for every program that opens a connection or a folder."""
    return _REGISTRY.search(key[:500]) is not None


def is_noise_file(path: str) -> bool:
    """Return whether Windows or PowerShell writes such a file for every program."""
    return _FILE.search(path[:500]) is not None
