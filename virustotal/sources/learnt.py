"""What was learnt about a key, kept for the other replicas."""

import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from virustotal.core.values import mapping
from virustotal.sources.stores.interfaces import Facts


@frozen
class KeyFacts:
    """The `Learnt` of one key. facts: behind a guard, so that nothing is raised. digest: of the key."""

    facts: Facts
    digest: str

    def recall(self, name: str) -> Mapping[str, Any]:
        """See `Learnt.recall`."""
        kept = self.facts.fact(self.digest, f"learnt:{name}")
        try:
            return mapping(json.loads(kept)) if kept else {}
        except ValueError:
            return {}

    def keep(self, name: str, value: Mapping[str, Any], seconds: float) -> None:
        """See `Learnt.keep`."""
        self.facts.keep(self.digest, f"learnt:{name}", json.dumps(value), seconds)
