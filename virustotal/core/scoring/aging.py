"""Whether an object's verdict may soon be another one, so that the platform must not keep the result."""

from datetime import datetime, timedelta

from virustotal.core.models import EngineCounts, Object
from virustotal.util.readers import as_text, timestamp

#: An object that VirusTotal has seen for less than this is young.
YOUNG = timedelta(days=7)
#: An object that was analysed for the last time less than this ago may be analysed again at once.
RECENT = timedelta(hours=24)
#: Engines below which an object is little analysed.
FEW_ENGINES = 10

_FIRST_SEEN = ("first_submission_date", "first_seen_itw_date", "creation_date")
_PENDING = frozenset({"queued", "in-progress", "inprogress", "running"})


def changing_soon(obj: Object, counts: EngineCounts, now: datetime) -> str:
    """Return why the verdict of a found object may soon change, as a sentence; empty where it is old and stable.

    Dates in the future tell nothing.
    """
    attributes = obj.attributes
    if not attributes:
        return "VirusTotal gave the object without attributes."
    if as_text(attributes.get("status"), 60).lower() in _PENDING:
        return "VirusTotal is still analysing the object."
    if counts.engines < FEW_ENGINES:
        return f"Fewer than {FEW_ENGINES} engines have analysed the object."
    # A file's own creation date is whatever its author wrote into it.
    names = _FIRST_SEEN[:2] if obj.ref.kind == "file" else _FIRST_SEEN
    ages = [now - moment for name in names if (moment := timestamp(attributes.get(name))) is not None and moment <= now]
    if ages and max(ages) < YOUNG:
        return f"The object was first seen {_ago(max(ages))} ago."
    modified = timestamp(attributes.get("last_modification_date"))
    if modified is not None and timedelta(0) <= now - modified < RECENT:
        return f"VirusTotal changed its report {_ago(now - modified)} ago."
    return ""


def _ago(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
