"""The kit for plugin authors: build evidence, run one analyser, look at what it yields. No network, no server.

In a test of a plugin::

    from virustotal.testing import analyzers, as_text, evidence, obj, run

    def test_tags_of_comments() -> None:
        given = evidence("file", "comments", related=[obj("comment", tags=["loader"])])
        assert "loader" in as_text(run(analyzers(my_plugin)["comment_tags"], given))

`docs/plugins/testing.md` shows the rest. The fixtures are in `virustotal.pytest_plugin`, which pytest finds by itself.
"""

from typing import TYPE_CHECKING, Any

from virustotal.platform.manifest import use_manifest

use_manifest()  # the framework reads the manifest at import: before everything else

from virustotal.core.plugin_host.hooks import HookCaller, LoadedPlugins  # noqa: E402
from virustotal.core.plugin_host.output import AnalyzerOutput  # noqa: E402
from virustotal.testing.builders import IDS, evidence, found, obj, read_report  # noqa: E402
from virustotal.testing.contract import ContractError, check, run  # noqa: E402
from virustotal.testing.network_guard import NetworkError, no_network  # noqa: E402
from virustotal.testing.plugins import PluginError, analyzers, hooks, isolated, plugins  # noqa: E402
from virustotal.testing.render import render  # noqa: E402
from virustotal.testing.text import as_text  # noqa: E402
from virustotal.testing.world import examples, realistic  # noqa: E402
from virustotal.testing.world_check import problems  # noqa: E402

if TYPE_CHECKING:
    from virustotal.local.run_task import TaskOutcome

__all__ = [
    "IDS",
    "AnalyzerOutput",
    "ContractError",
    "HookCaller",
    "LoadedPlugins",
    "NetworkError",
    "PluginError",
    "TaskOutcome",
    "analyzers",
    "as_text",
    "check",
    "evidence",
    "examples",
    "found",
    "hooks",
    "isolated",
    "no_network",
    "obj",
    "plugins",
    "problems",
    "read_report",
    "realistic",
    "render",
    "run",
]


def __getattr__(name: str) -> Any:
    if name == "TaskOutcome":  # it imports the whole service
        from virustotal.local.run_task import TaskOutcome

        return TaskOutcome
    raise AttributeError(name)
