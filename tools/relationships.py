"""Write docs/relationships.md out of the catalogue; `--check` only says whether it is up to date."""

import sys
from collections.abc import Iterator
from pathlib import Path

from virustotal.api import relationships
from virustotal.api.relationships import ALIASES, KINDS, Licence, Relationship
from virustotal.core.scoring.verdicts import POPULAR_RANK
from virustotal.core.settings import DEEP_SCAN_RELATED, DEFAULT_RELATIONSHIPS, MOST_RELATED, Settings
from virustotal.core.tables import MOST_ROWS
from virustotal.plugins.relationships.objects import tag_of
from virustotal.plugins.relationships.threats import MOST_CARDS, TAGS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "relationships.md"

HEAD = f"""\
# Relationships

<!-- Written by tools/relationships.py out of virustotal/api/relationships.py. Do not edit. -->

The submission parameter `relationships` names what is shown beside the object itself, separated by commas. Spaces,
case, trailing commas and duplicates do not matter. By default it is
`{",".join(DEFAULT_RELATIONSHIPS)}`.

- Without `analyze_relationship` the names come with the object's own request: a first page of identifiers, which costs
  nothing more. They are listed, and what the object does is tagged.
- With it, what is read of the objects of each relationship is asked for in the object's own request; where VirusTotal
  gives it, that costs nothing more, and a longer list goes on from there. Otherwise, and where whole objects are
  wanted (`behaviours`), each relationship that is not empty is fetched, one request for 40 objects. `inline: false`
  in the configuration always fetches.
- The objects are judged like the subject and shown most suspicious first; those without a finding are one collapsed
  table.
- At most `max_related` objects of each are fetched: {Settings().max_related} by default, {DEEP_SCAN_RELATED} in a
  deep scan, never more than {MOST_RELATED}. Titles say how many there are and how many are shown, and the coverage
  table says what is missing and why.
- A table shows at most {MOST_ROWS} of them, and says so.
- Attributes that no column shows stand in a closed section "Further attributes": each by its name, with the values of
  the first objects; what has no room there is counted.
- Threats (vulnerabilities, actors, malware families, toolkits, campaigns, reports) have a card each, the most dangerous
  first, up to {MOST_CARDS} of a relationship; the others, and lists of users, are rows of a table. A vulnerability that
  is exploited in the wild stands in the title of the result. Techniques that a threat is known for are listed as that,
  and not among those that were observed.
- A name that is not in these tables is asked alone, with `analyze_relationship` only, and shown plainly.

## What counts

| Family | Means | Scored | Tagged |
|---|---|---|---|
| `does` | What the object does | files, hosts and URLs, up to a cap | where the tables name a tag |
| `contains` | What is in it or on it | no | no |
| `origin` | Where it comes from, and what leads to it | no | no |
| `people` | What people say of it | no | threats: {", ".join(f"`{tag}`" for tag in TAGS.values())} |
| `history` | When it was seen | no | no |

What an object does is tagged whether detected or not. But a host with a popularity rank up to {POPULAR_RANK} is never
scored, and is tagged only where engines detect it. Safelisted, private and reserved hosts are not tagged unless the
task ignores filtering. Nothing here enters the subject's own detections, and the subject itself, where it stands in
such a list, is shown and not scored again. Assemblyline has no type of tag for the hash
of a dropped file: dropped files are scored and not tagged. The techniques of `attack_techniques` are told to the
platform without a score.

`premium` needs a premium licence, some of them with threat intelligence; of `unconfirmed` nobody states it. What the
key may not read is said once in the coverage table and costs nothing else.
"""

_MEANS = {
    Licence.PUBLIC: "public",
    Licence.PREMIUM: "premium",
    Licence.THREATS: "premium with threat intelligence",
    Licence.UNCONFIRMED: "unconfirmed",
}
_TITLES = {"file": "File", "url": "URL", "domain": "Domain", "ip_address": "IP address"}


def _notes(entry: Relationship) -> Iterator[str]:
    if tag := tag_of(entry):
        yield f"tagged `{tag}`"
    if entry.one:
        yield "a single object"
    if entry.doubtful:
        yield "perhaps withdrawn: asked alone"


def _row(entry: Relationship) -> str:
    yields = ", ".join(f"`{kind}`" for kind in entry.yields) or "not documented"
    notes = "; ".join(_notes(entry))
    family = f"`{entry.family.value}`"
    return f"| `{entry.name}` | {entry.title} | {yields} | {_MEANS[entry.licence]} | {family} | {notes} |"


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for kind in KINDS:
        rows = [_row(entry) for entry in relationships.of_kind(kind)]
        head = "| Name | Shown as | Leads to | Licence | Family | Notes |\n|---|---|---|---|---|---|\n"
        parts.append(f"## {_TITLES[kind]} ({len(rows)})\n\n{head}" + "\n".join(rows) + "\n")
    aliases = "\n".join(f"| `{alias}` | `{name}` |" for alias, name in sorted(ALIASES.items()))
    parts.append(f"## Names of other tools\n\n| Understood | As |\n|---|---|\n{aliases}\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 where it is out of date."""
    if arguments == ["--check"]:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
