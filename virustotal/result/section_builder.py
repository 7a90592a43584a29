"""Our own section values to Assemblyline's: with heuristics, and without tags of hosts that say nothing."""

from collections.abc import Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection, ResultTextSection, SectionBody

from virustotal.core.findings import Family
from virustotal.core.plugin_host.output import Section
from virustotal.core.scoring.heuristics import TITLES, Score, heuristic
from virustotal.core.scoring.safelist import ADDRESSES, DOMAINS, SERVER_NAME, URIS, Safelist
from virustotal.core.settings import Settings
from virustotal.util.hosts import host_of, is_public

_MAIL = "network.email.address"
_NETWORK = frozenset((*DOMAINS, *ADDRESSES, *URIS, SERVER_NAME, _MAIL))


def _plain(section: Section, tags: Mapping[str, tuple[str, ...]], *, scored: bool) -> Any:
    """Return a new ResultSection of a value: no plugin holds a reference to it."""
    body = SectionBody(section.body_format, section.body)
    body._config = dict(section.body_config)  # it has no setter
    shown = ResultSection(
        section.title or "Untitled",
        body=body,
        classification=section.classification or None,
        tags={tag_type: list(values) for tag_type, values in tags.items()},
        # The platform would take back points of a section whose tags it safelists: the explained sum holds.
        zeroize_on_tag_safe=section.zeroize_on_tag_safe and not scored,
        auto_collapse=section.auto_collapse,
    )
    shown._promote_to = section.promote_to  # neither has this one
    return shown


def stacked(section: Any | None, below: Any | None) -> Any | None:
    """Return two sections as one, the second below the first; either may be missing."""
    if section is not None and below is not None:
        section.add_subsection(below)
    return section or below


def is_public_tag(tag_type: str, value: str) -> bool:
    """Return whether a tag may stand in a result: one of a host does only where the host is public."""
    host = value.rpartition("@")[2] if tag_type == _MAIL else value
    return tag_type not in _NETWORK or is_public(host_of(host))


class Builder:
    """Builds the sections of one result. Each group of points is used once; `dropped` counts tags left out."""

    def __init__(
        self, groups: Mapping[tuple[int, Family], tuple[Score, ...]], settings: Settings, safelist: Safelist
    ) -> None:
        self._groups = dict(groups)
        self._lent = _lent_tags(groups)
        self._settings = settings
        self._safelist = safelist
        self.dropped = 0

    def build(self, section: Section) -> Any:
        """Return the ResultSection of a section and its subsections."""
        groups = [group for family in Family if (group := self._groups.pop((id(section), family), None))]
        groups.sort(key=lambda group: -sum(score.counted for score in group))
        shown = _plain(section, self._tags({**section.tags, **self._lent.get(id(section), {})}), scored=bool(groups))
        if groups:
            shown.set_heuristic(heuristic(groups[0]))
        # A section has one heuristic: points of further families get small sections of their own below it.
        for group in groups[1:]:
            shown.add_subsection(_small(group))
        for child in section.subsections:
            shown.add_subsection(self.build(child))
        return shown

    def _tags(self, tags: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        kept = {}
        for tag_type, values in tags.items():
            left = tuple(value for value in values if self._keeps(tag_type, value))
            self.dropped += len(values) - len(left)
            if left:
                kept[tag_type] = left
        return kept

    def _keeps(self, tag_type: str, value: str) -> bool:
        if not is_public_tag(tag_type, value):
            return False
        return self._settings.ignore_filtering or not self._safelist.holds_tag(tag_type, value)


def _lent_tags(groups: Mapping[tuple[int, Family], tuple[Score, ...]]) -> Mapping[int, Mapping[str, tuple[str, ...]]]:
    """Return the tags of sections that a cap leaves nothing, by the section of their family that counts most.

    A tag has the colour of its best section: a malicious indicator does not become informational by a cap.
    """
    tags: dict[int, dict[str, tuple[str, ...]]] = {}
    totals = {key: sum(score.counted for score in group) for key, group in groups.items()}
    for (_, family), group in groups.items():
        section = group[0].section
        amount, counted = sum(score.amount for score in group), sum(score.counted for score in group)
        best = max((key for key in groups if key[1] is family), key=lambda key: totals[key])
        if section is None or not amount or counted or not totals[best]:
            continue
        own = groups[best][0].section
        lent = tags.setdefault(best[0], dict(own.tags) if own is not None else {})
        for tag_type, values in section.tags.items():
            lent[tag_type] = tuple(dict.fromkeys((*lent.get(tag_type, ()), *values)))
    return tags


def _small(group: tuple[Score, ...]) -> Any:
    total = sum(score.counted for score in group)
    section = ResultTextSection(f"{TITLES[group[0].family]}: {total} points", heuristic=heuristic(group))
    section.add_lines([score.reason for score in group])
    return section
