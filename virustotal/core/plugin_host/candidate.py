"""A plugin while it is loaded, and where plugins come from: the built-ins, and entry points of distributions."""

import importlib
import importlib.metadata
import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from attrs import asdict, define, evolve, field

from virustotal.core.analyzer import Analyzer
from virustotal.core.plugin_host.hooks import Implementation, PluginId, PluginInfo, State
from virustotal.core.plugin_host.isolation_util import last_line, plugin_log
from virustotal.core.settings import PluginConfig

#: The group of the entry points of plugins.
GROUP = "virustotal.plugins"

log = logging.getLogger("assemblyline.service.virustotal.loader")


@define(eq=False)
class Candidate:
    """A plugin while it is loaded.

    load: imports its module, or whatever object its entry point names. info: its entry of the listing.
    analyzers: in the order of those of `info`.
    """

    provider: PluginId
    load: Callable[[], Any]
    info: PluginInfo = field()
    module: Any = None
    hooks: tuple[Implementation, ...] = ()
    analyzers: tuple[Analyzer, ...] = ()

    @info.default
    def _listed(self) -> PluginInfo:
        return PluginInfo(**asdict(self.provider))

    def update(self, **changes: Any) -> None:
        """Change fields of its entry of the listing."""
        self.info = evolve(self.info, **changes)

    def end(self, state: State, reason: str, details: str = "") -> None:
        """Say why the plugin is not used, and log it unless it is blocked.

        Args:
            state: What becomes of it.
            reason: One line.
            details: What the log has in place of the reason, such as a traceback.
        """
        self.hooks = self.analyzers = ()
        self.update(state=state, reason=reason, hooks=(), analyzers=())
        if state is not State.BLOCKED:
            plugin_log(self.provider.name).error("%s %s: %s", self, state.value, details or reason)

    def warn(self, message: str) -> None:
        """Keep a warning of a plugin that is used all the same, and log it; each once."""
        if message not in self.info.warnings:
            self.update(warnings=(*self.info.warnings, message))
            plugin_log(self.provider.name).warning("%s: %s", self, message)

    def __str__(self) -> str:
        """Its name, its version, and its distribution or why it has none."""
        origin = self.provider.distribution or ("not installed" if self.provider.external else "built-in")
        return f"{self.provider} ({origin})"

    @property
    def used(self) -> bool:
        """True unless it was blocked, failed or was refused."""
        return self.info.state is State.LOADED


def built_in(name: str) -> Candidate:
    """Return a built-in plugin by the dotted name of its module."""
    return Candidate(PluginId(name.removeprefix("virustotal.plugins.")), partial(importlib.import_module, name))


def announced() -> list[Candidate]:
    """Return the plugins of installed distributions, by name; a distribution with unreadable metadata is skipped."""
    return sorted(_announced(), key=lambda candidate: candidate.provider.name)


def _announced() -> Iterator[Candidate]:
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
        for point in points:
            candidate = Candidate(PluginId(point.name, version, True, name), point.load)
            candidate.update(home=home)
            yield candidate


def _home_page(metadata: Any) -> str:
    """Return the address in `Home-page` or in the `Project-URL` of that label (core metadata of packages)."""
    urls = (str(entry).partition(",") for entry in metadata.get_all("Project-URL") or ())
    labelled = {label.strip().lower().replace("-", "").replace(" ", ""): url.strip() for label, _, url in urls}
    home = str(metadata.get("Home-page") or "")
    return next(filter(None, (labelled.get("homepage"), home, labelled.get("repository"), labelled.get("source"))), "")


def names_of(plugin: PluginInfo) -> set[str]:
    """Return the names by which `plugins.disabled` may name a plugin."""
    return {plugin.name, plugin.distribution, f"virustotal.plugins.{plugin.name}"} - {""}


def block(candidates: Iterable[Candidate], config: PluginConfig) -> None:
    """Block the plugins that the configuration names, before they are imported."""
    for candidate in candidates:
        if candidate.provider.external and not config.external:
            candidate.end(State.BLOCKED, "plugins.external is false")
        elif not names_of(candidate.info).isdisjoint(config.disabled):
            candidate.end(State.BLOCKED, "named in plugins.disabled")
