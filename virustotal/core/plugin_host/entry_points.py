"""Where plugins come from: the built-ins, and entry points of distributions. Nothing is imported here."""

import importlib
import importlib.metadata
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

from virustotal.core.plugin_host.isolation_util import last_line
from virustotal.core.plugin_host.plugin import Plugin

#: The group of the entry points of plugins.
GROUP = "virustotal.plugins"

#: A plugin, and what imports its module, or whatever object its entry point names.
Source: TypeAlias = tuple[Plugin, Callable[[], Any]]

log = logging.getLogger("assemblyline.service.virustotal.loader")


def built_in(name: str) -> Source:
    """Return a built-in plugin by the dotted name of its module."""
    return Plugin(name.removeprefix("virustotal.plugins.")), partial(importlib.import_module, name)


def announced() -> list[Source]:
    """Return the plugins of installed distributions, by name; a distribution with unreadable metadata is skipped."""
    return sorted(_announced(), key=lambda source: source[0].name)


def _announced() -> Iterator[Source]:
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        try:
            points = [point for point in distribution.entry_points if point.group == GROUP]
            if not points:
                continue
            metadata: Any = distribution.metadata
            name, version = str(metadata.get("Name") or "unknown"), str(metadata.get("Version") or "")
            home = _home_page(metadata)
        except Exception as error:
            log.warning("a distribution with unreadable metadata was skipped: %s", last_line(error))
            continue
        # The same distribution in two folders of the path: the first one is what an import finds.
        plain = name.lower().replace("_", "-")
        if plain in seen:
            continue
        seen.update({plain} - {"unknown"})
        yield from ((Plugin(point.name, name, version, True, home=home), point.load) for point in points)


def _home_page(metadata: Any) -> str:
    """Return the address in `Home-page` or in the `Project-URL` of that label (core metadata of packages)."""
    urls = (str(entry).partition(",") for entry in metadata.get_all("Project-URL") or ())
    labelled = {label.strip().lower().replace("-", "").replace(" ", ""): url.strip() for label, _, url in urls}
    home = str(metadata.get("Home-page") or "")
    return next(filter(None, (labelled.get("homepage"), home, labelled.get("repository"), labelled.get("source"))), "")
