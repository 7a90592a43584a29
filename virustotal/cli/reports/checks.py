"""The checks of `virustotal-service doctor`: one for each part that a look-up needs, from facts to lines.

No request counts against the quota, and no line has a key or a password.
"""

import enum
import os
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

from attrs import evolve, frozen

from virustotal.cli.config_input import NO_KEY
from virustotal.cli.exit_codes import Exit
from virustotal.client.account import Account, account
from virustotal.core.errors import AuthenticationError, UnavailableError
from virustotal.core.scoring.safelist import Safelist
from virustotal.core.scoring.unwanted import UNWANTED_WORDS
from virustotal.core.settings import Credentials, Settings
from virustotal.mirror.index_checks import index_problems
from virustotal.storage import Stores
from virustotal.util.readers import quantity

#: Environment variables that other programs take their proxy from; this service does not.
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
#: Seconds by which a clock may be wrong before day and month of the quota, and receipts, suffer.
SKEW = 30.0

#: How a question about the key ends where the key counts, and is not told of its quota.
_UNTOLD = frozenset({"forbidden", "unknown", "invalid", "quota"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class State(enum.StrEnum):
    """OK: it works. ADVICE: look-ups work with restrictions. WRONG: they do not work."""

    OK = "ok"
    ADVICE = "advice"
    WRONG = "wrong"


@frozen
class Check:
    """One line.

    Args:
        name: The part that is checked.
        finding: What is said of it.
        advice: What to do; empty where it works.
        wrong: Whether look-ups do not work without that.
    """

    name: str
    finding: str
    advice: str = ""
    wrong: bool = False

    @property
    def state(self) -> State:
        """Whether the part works."""
        return State.WRONG if self.wrong else State.ADVICE if self.advice else State.OK


def configuration(problem: str = "", unknown: tuple[str, ...] = ()) -> Check:
    """The configuration.

    Args:
        problem: The message of ConfigurationError; empty for none.
        unknown: A sentence for each name that is no setting.
    """
    if problem:
        return Check(
            "configuration", problem, "Correct this value; the README lists each setting and its values.", wrong=True
        )
    if unknown:
        return Check("configuration", "it can be used, but has unknown names", " ".join(unknown))
    return Check("configuration", "valid; settings that are not given have their defaults")


def unwanted() -> Check:
    """The built-in words of unwanted software, which weigh a third of a detection."""
    return Check("unwanted software", f"a third of a detection: {', '.join(UNWANTED_WORDS)}")


def server(settings: Settings, credentials: Credentials) -> Iterator[Check]:
    """Check key, host, proxy, CA and clock by the server's answer to a question about the key."""
    if settings.mirror.only:
        private = ("private scanning",) if settings.submit_privately != "never" else ()
        for name in ("key", "host", "proxy", "ca", "clock", *private):
            yield Check(name, "not needed: nothing is asked of VirusTotal (mirror.only)")
        return
    try:
        answer = account(settings, evolve(credentials, api_key=credentials.api_key or "none"))
    except AuthenticationError as error:
        yield Check("key", str(error), "Give the key as VirusTotal shows it.", wrong=True)
        return
    yield key(answer) if credentials.api_key else Check("key", "there is none", NO_KEY, wrong=True)
    yield from (host(settings, answer), proxy(credentials, answer), ca(settings, answer), clock(answer.skew))
    if settings.submit_privately != "never":
        yield private_scanning(answer)


def key(answer: Account) -> Check:
    """The key, by the server's answer."""
    if isinstance(answer.error, AuthenticationError):
        return Check(
            "key", str(answer.error), "Set a valid key; VirusTotal shows it under your profile, API key.", wrong=True
        )
    if answer.error is not None and answer.error.status not in _UNTOLD:
        return Check("key", "not known: the server did not tell", "See host, proxy and ca.")
    if answer.error is not None:
        return Check(
            "key",
            f"it is not refused, and VirusTotal does not tell its quota: {answer.error}",
            "Set quota.minute, quota.hour, quota.day and quota.month to what was agreed.",
        )
    quotas = [(name, getattr(answer.limits, name), getattr(answer.used, name)) for name in ("hour", "day", "month")]
    windows = ", ".join(
        f"{'?' if used is None else used} of {allowed} used this {name}" for name, allowed, used in quotas if allowed
    )
    if any(used is not None and 0 < allowed <= used for _, allowed, used in quotas):
        return Check("key", f"valid; {windows}", "Wait until the window ends, or get a larger quota.")
    return Check("key", f"valid; {windows or 'VirusTotal tells no quota'}")


def private_scanning(answer: Account) -> Check:
    """The licence for private scanning, by the quota of private scans."""
    if not answer.scans:
        advice = "Scan a file with private_submit: the result says where the licence is missing."
        return Check("private scanning", "not known: VirusTotal does not tell the quota of private scans", advice)
    if not answer.scans_licensed:
        advice = "Get a licence for private scanning, or set submit_privately: never. Nothing is submitted without it."
        return Check("private scanning", "the API key has no licence", advice)
    months = {name: quota for name, quota in answer.scans.items() if name.endswith("month")}
    counts = "; ".join(
        f"{name}: {used if used is not None else '?'} of {allowed} used" for name, (allowed, used) in months.items()
    )
    if any(allowed <= (used or 0) for allowed, used in months.values()):
        return Check("private scanning", counts, "Wait until the month ends, or get a larger quota.")
    return Check("private scanning", counts)


def host(settings: Settings, answer: Account) -> Check:
    """The API server."""
    place, error = settings.host, answer.error
    parts = urlsplit(place)
    if error is not None and error.code in {"LocalProxy", "LocalCertificate"}:
        return Check("host", f"{place}: not known", "See proxy and ca.")
    if error is not None and error.code in {"LocalNotJson", "LocalNoData"}:
        return Check(
            "host", f"{place}: what answers is no VirusTotal API", "Correct host, or let the proxy pass it.", wrong=True
        )
    if error is not None and not answer.answered:
        return Check(
            "host", f"{place}: {error}", "Check host, DNS and firewall, and whether a proxy is needed.", wrong=True
        )
    if isinstance(error, UnavailableError):
        return Check(
            "host", f"{place}: {error}", "Try again later; tasks meanwhile end with an error that passes.", wrong=True
        )
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        return Check("host", f"{place} answers, without TLS", "Use https: the key is sent as it is.")
    return Check("host", f"{place} answers")


def proxy(credentials: Credentials, answer: Account) -> Check:
    """The proxy, without its user and password."""
    if not credentials.proxy:
        ignored = [name for name in PROXY_VARIABLES if os.environ.get(name)]
        if ignored:
            return Check("proxy", f"none; {ignored[0]} is set and not used", "Set proxy in the configuration.")
        return Check("proxy", "none")
    parts = urlsplit(credentials.proxy)
    place = f"{parts.scheme}://{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    if answer.error is not None and answer.error.code == "LocalProxy":
        return Check(
            "proxy", f"{place}: {answer.error}", "Check its address, user and password, and what it allows.", wrong=True
        )
    return Check("proxy", place)


def ca(settings: Settings, answer: Account) -> Check:
    """The certificate authorities."""
    trusted = settings.ca_bundle or "the usual authorities"
    if answer.error is not None and answer.error.code == "LocalCertificate":
        advice = "Set ca_bundle to a file with the authority of the server, or of a proxy that opens TLS."
        return Check("ca", f"{trusted}: {answer.error}", advice, wrong=True)
    return Check("ca", trusted)


def clock(skew: float | None) -> Check:
    """This host's clock.

    Args:
        skew: Seconds that it is ahead of the server's; None for unknown.
    """
    if skew is None:
        return Check("clock", "not known: no answer had a date", "See host.")
    way = "ahead" if skew > 0 else "behind"
    if abs(skew) > SKEW:
        finding = f"{abs(skew):.0f} seconds {way} of the server's"
        return Check("clock", finding, "Synchronise it (NTP): the quota's day and month end by it.")
    return Check("clock", f"{abs(skew):.0f} seconds {way} of the server's" if abs(skew) >= 1 else "as the server's")


def store(stores: Stores, broken: list[str]) -> Check:
    """The store: whether what is written is read.

    Args:
        stores: The configured ones.
        broken: Gets a line if they fail.
    """
    token = uuid4().hex
    stores.values.put("doctor", token, token, 10.0)
    read = stores.values.get("doctor", token)
    if broken:
        advice = "Check storage: its address and password, or that its folder can be written and has room."
        return Check("store", broken[0].partition(". Until")[0] + ".", advice)
    if read != token:
        return Check("store", f"{stores.place}: what is written is not read", "Check what else uses this place.")
    size = stores.answers.size()
    shared = stores.place.startswith(("redis:", "rediss:"))
    who = "all replicas that name it" if shared else "the processes that see this file"
    return Check("store", f"{stores.place}, for {who}; answers about {quantity(size.objects, 'object')}")


def mirror(settings: Settings, credentials: Credentials) -> Check:
    """The mirror: each index is asked for its mapping."""
    if not settings.mirror.hosts:
        return Check("mirror", "none")
    problems = index_problems(settings.mirror, credentials)
    place = ", ".join(settings.mirror.hosts)
    if problems:
        advice = "Check mirror.hosts and its credentials; `virustotal-service mirror load` makes and fills indices."
        return Check("mirror", f"{place}: {' '.join(problems)}", advice, wrong=settings.mirror.only)
    return Check("mirror", f"{place}{', and nothing else is asked' if settings.mirror.only else ''}")


def plugins(loaded: int, unloaded: tuple[str, ...], unknown: tuple[str, ...] = ()) -> Check:
    """The plugins.

    Args:
        loaded: How many are loaded.
        unloaded: A line for each that failed or was refused.
        unknown: Disabled names that no plugin has.
    """
    if unloaded:
        advice = "Update, remove or disable it (plugins.disabled); `virustotal-service plugins check NAME` tells more."
        return Check("plugins", f"{loaded} loaded; not used: {'; '.join(unloaded)}", advice)
    if unknown:
        advice = "Correct plugins.disabled; `virustotal-service plugins` lists the names."
        return Check("plugins", f"{loaded} loaded; disabled, but no plugin has this name: {', '.join(unknown)}", advice)
    return Check("plugins", f"{loaded} loaded")


def safelist(listed: Safelist | None, note: str = "") -> Check:
    """The platform's safelist.

    Args:
        listed: None without a platform.
        note: A sentence where it may be wrong.
    """
    if listed is None:
        return Check("safelist", "not asked for: this is no container of an Assemblyline platform")
    if note:
        return Check("safelist", note, "Check SERVICE_API_HOST and SERVICE_API_KEY, or correct the safelist.")
    values = sum(map(len, listed.exact.values()))
    expressions = sum(map(len, listed.patterns.values()))
    return Check("safelist", f"values: {values}, expressions: {expressions}")


def exit_code(checks: tuple[Check, ...]) -> Exit:
    """Return the exit code of `doctor`."""
    wrong = {check.name for check in checks if check.wrong}
    if wrong:
        return Exit.CONFIGURATION if wrong & {"configuration", "key"} else Exit.FAILED
    return Exit.PARTIAL if any(check.advice for check in checks) else Exit.RESULT
