"""How often a request is repeated, and after what pauses."""

import random

from attrs import frozen

#: The code of a quota error that nobody waits for: whoever raised it has waited as long as it makes sense.
QUOTA_HELD = "LocalQuota"


@frozen
class RetryPolicy:
    """The pauses of a client, in seconds.

    Args:
        attempts: How often a request is sent at most, where VirusTotal cannot answer or asks for fewer requests.
        first: The pause after the first attempt, which doubles with each.
        longest: The longest pause.
    """

    attempts: int = 4
    first: float = 0.5
    longest: float = 20.0

    def backoff(self, attempt: int) -> float:
        """Return the pause after an attempt (0 is the first), with jitter so that replicas do not march in step."""
        return float(min(self.longest, self.first * 2**attempt) * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
