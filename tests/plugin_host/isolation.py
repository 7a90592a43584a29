"""What becomes of a mistake, and what proves it; `python -m tests.plugin_host.isolation` writes the docs' table."""

import ast
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from tests.conftest import ROOT
from tests.plugin_host.broken import BROKEN

PAGE = ROOT / "docs" / "plugins" / "trust.md"
START, END = "<!-- table: isolation -->\n", "\n\nIn each of these"
HERE = Path(__file__).parent


@frozen
class Row:
    """One row. proofs: wrong plugins of `broken.py`, which test_isolation.py tries, and tests as `file::test`."""

    mistake: str
    outcome: str
    proofs: str


ROWS = (
    Row(
        "it cannot be imported, or raises when the service starts",
        "it is listed as failed, with its traceback in the log; the service starts without it",
        "fails-at-import exits-at-import is-no-python lacks-a-module raises-in-the-hook gives-no-analyser "
        "test_deadline.py::test_a_keyboard_interrupt_of_a_plugin_is_listed_as_failed",
    ),
    Row(
        "it breaks a rule of the host: no hook or one that does not exist, a wrapper, an argument with a default, "
        "an order mark, another plugin API, a taken name",
        "it is listed as refused or failed, with the rule",
        "has-no-hook misspells-a-hook forgets-the-mark is-a-wrapper gives-a-default names-a-wrong-argument "
        "asks-for-a-higher-api is-registered-twice shadows-a-built-in "
        "test_versions.py::test_an_order_is_refused_with_the_reason "
        "test_distributions.py::test_of_two_plugins_of_one_name_the_second_is_refused",
    ),
    Row(
        "its import or start takes longer than ten seconds",
        "it is named in the log while that lasts",
        "test_deadline.py::test_a_slow_import_is_named_while_it_lasts",
    ),
    Row(
        "an analyser has a kind that no subject has, or `needs` that are no names",
        "the plugin is listed as failed",
        "names-a-wrong-kind needs-what-is-no-name test_manager.py::test_records_are_checked",
    ),
    Row(
        "an analyser names a relationship that the catalogue does not know",
        "it is used; the listing and the log warn, since it may never be called",
        "test_manager.py::test_a_relationship_that_nobody_knows_is_warned_of",
    ),
    Row(
        "it uses a deprecated name",
        "it works; the listing, `plugins check` and the log name the version that drops it",
        "test_versions.py::test_a_deprecated_name_works_and_is_told",
    ),
    Row(
        "it changes the working directory, environment, locale, warnings or logging of the process",
        "the change is undone, and named in the result or, at start, in the listing and the log",
        "changes-the-process changes-the-process-in-a-hook "
        "test_versions.py::test_a_plugin_that_changes_the_process_at_import_is_named",
    ),
    Row(
        "it changes its evidence",
        "it changes only its own copies",
        "spy changes-its-evidence test_isolation.py::test_copies_are_made_of_any_depth",
    ),
    Row(
        "an analyser raises, at once or half-way, exits, or recurses without end",
        "its findings so far are shown; the error's last line is in the result, which is marked partial; the traceback "
        "is in the log",
        "raises-at-once raises-half-way cannot-say-why exits recurses "
        "test_deadline.py::test_an_error_has_its_traceback_in_the_log_and_one_line_in_the_result",
    ),
    Row(
        "it takes too long",
        "after its share of the time (see below) it is left behind; its findings so far are shown; until that "
        "call ends it is not called again",
        "sleeps never-yields test_isolation.py::test_one_that_is_still_busy_is_not_called_again "
        "test_deadline.py::test_each_external_analyser_has_a_share_of_the_time_left",
    ),
    Row(
        "it yields what is no finding, a NaN, bytes, or a body that cannot be drawn",
        "as if it had raised there",
        "yields-a-wrong-type returns-nothing returns-a-text has-a-nan has-a-nan-as-text has-bytes has-a-wrong-shape "
        "has-points-of-nan test_finding_collector.py::test_what_is_refused",
    ),
    Row(
        "it yields a section twice, or one inside itself",
        "the section is shown once, and a note says so",
        "yields-a-section-twice has-one-in-two is-inside-itself",
    ),
    Row(
        "it yields tags that Assemblyline does not have, or values that are not valid",
        "they are left out, and a note says so",
        "has-odd-tags test_section_sanitizer.py::test_tags",
    ),
    Row("it sets a heuristic", "it is left out, and a note says so: scores are given by `Points`", "sets-a-heuristic"),
    Row(
        "an attachment is too large",
        "it is left out, and a note says so",
        "test_pictures.py::test_a_picture_stands_under_the_section_of_its_plugin "
        "test_versions.py::test_an_attachment_that_is_too_large_is_left_out_and_said",
    ),
    Row(
        "it adds too much",
        "it is cut at the [bounds](../api.md#bounds), and a note says so",
        "yields-ten-thousand yields-without-end is-too-deep has-a-huge-body has-thousands-of-tags "
        "test_finding_collector.py::test_what_one_plugin_may_add_is_bounded_and_said",
    ),
    Row(
        "`wanted` of an analyser raises",
        "its relationship is not requested; the error is in the result, which is marked partial",
        "raises-when-asked test_timeout.py::test_a_wish_that_raises_is_a_failure_of_the_task",
    ),
    Row(
        "a remap or a verdict raises or returns something else, also in one field of a detection",
        "it is skipped; the error is in the result, which is marked partial",
        "fails-to-remap loses-detections judges-by-a-text judges-by-a-nan remaps-to-odd-fields judges-by-odd-fields",
    ),
    Row(
        "a remap or a verdict takes too long",
        "it is left behind, and not called again in that task; the error is in the result, which is marked partial",
        "hangs-in-a-verdict test_timeout.py::test_a_hook_that_hangs_is_left_behind_once",
    ),
    Row(
        "a verdict has more than 20 reasons or 500 detections, or texts of more than 500 characters",
        "it is cut, and its last reason says what was left out",
        "test_hook_result_checks.py::test_a_verdict_is_bounded_and_says_so",
    ),
)
#: Plugins of `broken.py` that make no mistake.
FINE = {"good", "has-an-empty-title"}


def table() -> str:
    """Return the table as it should be."""
    rows = (f"| {row.mistake} | {row.outcome} |" for row in ROWS)
    return "\n".join(("| Mistake | What happens |", "|---|---|", *rows))


def written() -> str:
    """Return the table as the docs have it."""
    return PAGE.read_text(encoding="utf-8").partition(START)[2].partition(END)[0]


def unproven() -> Iterator[str]:
    """Yield what a row names and nobody has, and what `broken.py` has and no row names."""
    named = {proof for row in ROWS for proof in row.proofs.split()}
    tests = {
        f"{path.name}::{node.name}"
        for path in HERE.glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    yield from sorted(named - tests - BROKEN.keys())
    yield from sorted(BROKEN.keys() - named - FINE)


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text(encoding="utf-8").replace(written(), table()), encoding="utf-8")
