"""What was learnt about a key, kept for the other replicas."""

import json
import time
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from virustotal.client.redaction import MASK
from virustotal.storage.interfaces import KeyValueStore
from virustotal.util.readers import as_mapping, as_text, integer


@frozen
class KeyFacts:
    """The `Learnt` of one key. facts: behind a guard, so that nothing is raised. digest: of the key."""

    facts: KeyValueStore
    digest: str

    def recall(self, name: str) -> Mapping[str, Any]:
        """See `Learnt.recall`."""
        kept = self.facts.fact(self.digest, f"learnt:{name}")
        try:
            return as_mapping(json.loads(kept)) if kept else {}
        except ValueError:
            return {}

    def keep(self, name: str, value: Mapping[str, Any], seconds: float) -> None:
        """See `Learnt.keep`."""
        self.facts.keep(self.digest, f"learnt:{name}", json.dumps(value), seconds)


def licensed(user: Mapping[str, Any]) -> bool | None:
    """Return whether a user has any privilege, own or inherited; None where VirusTotal tells none of them.

    user: the answer to `/users/{id}` (user object, attribute `privileges`). Which privilege opens which relationship
    is not published, so one that is granted says nothing; where there is none at all, no premium relationship is open.
    """
    told = as_mapping(as_mapping(as_mapping(user.get("data")).get("attributes")).get("privileges"))
    if not told:
        return None
    return any(_granted(as_mapping(each)) for each in told.values())


def owner(user: Mapping[str, Any], api_key: str) -> str:
    """Return the identifier that a user answers by, empty for none.

    user: the answer to `/users/{id}`. A server may echo the key in its place, which the client then has masked.
    """
    found = as_text(as_mapping(user.get("data")).get("id"))
    return "" if found == api_key or MASK in found else found


def _granted(privilege: Mapping[str, Any]) -> bool:
    """A privilege that is not known to be refused counts as granted."""
    ends = integer(privilege.get("expiration_date"))
    return privilege.get("granted") is not False and (not ends or ends > time.time())
