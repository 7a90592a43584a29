"""Whom an object is trusted by, and what a human analyst says of it."""

from collections.abc import Iterator

from virustotal.core.models import Object
from virustotal.util.readers import as_list, as_mapping, as_text, as_texts

#: From so many malicious engines on, neither trust nor a benign analyst's verdict silences the engines.
DISAGREE_FROM = 10
#: The most that engines give against an analyst's benign verdict: below `suspicious`.
MOST_AGAINST_BENIGN = 299
#: What an analyst's malicious verdict gives, whatever engines say.
ANALYST_POINTS = 1000
#: What a verdict calls an analyst who holds the object to be benign.
BENIGN_ANALYST = "a Mandiant analyst (benign)"


def analyst_verdict(obj: Object) -> str:
    """Return `malicious` or `benign` where a human analyst decided, else an empty text. Malicious wins over benign.

    The factors may be sent as false, so only true counts (https://gtidocs.virustotal.com/reference/url-object).
    """
    factors = as_mapping(as_mapping(obj.attributes.get("gti_assessment")).get("contributing_factors"))
    if factors.get("mandiant_analyst_malicious") is True:
        return "malicious"
    return "benign" if factors.get("mandiant_analyst_benign") is True else ""


def trusted_by(obj: Object) -> str:
    """Return who vouches for a file, such as `Microsoft Corporation` or `NSRL`; empty where nobody does."""
    return ", ".join(dict.fromkeys(_trusting(obj)))


def _trusting(obj: Object) -> Iterator[str]:
    if obj.ref.kind != "file":
        return
    verdict = as_mapping(obj.attributes.get("trusted_verdict"))
    if as_text(verdict.get("verdict"), 60).lower() == "goodware":
        yield as_text(verdict.get("organization"), 80) or "VirusTotal's trusted sources"
    distributors = as_texts(as_mapping(obj.attributes.get("known_distributors")).get("distributors"), 80)
    if distributors:
        more = f" and {len(distributors) - 1} more" if len(distributors) > 1 else ""
        yield f"the distributor {distributors[0]}{more}"
    if as_list(as_mapping(obj.attributes.get("nsrl_info")).get("products")):
        yield "NSRL"
