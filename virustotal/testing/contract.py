"""The contract of an analyser, checked while it runs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from assemblyline_v4_service.common.result import ResultSection

from virustotal.al_types.attack import current_id
from virustotal.al_types.ontology import problem
from virustotal.core.analyzer import Analyzer, Evidence
from virustotal.core.findings import Finding, OntologyPart, Points
from virustotal.core.models import Object, Report
from virustotal.core.plugin_host.field_checks import iterable
from virustotal.core.plugin_host.finding_collector import FindingCollector
from virustotal.core.plugin_host.isolation_util import last_line
from virustotal.core.plugin_host.limits import BUILT_IN, EXTERNAL, PluginLimits, Usage
from virustotal.core.plugin_host.process_state import preserved
from virustotal.core.plugin_host.runner import copied_evidence
from virustotal.testing.network_guard import no_network
from virustotal.testing.text import as_text


class ContractError(AssertionError):
    """An analyser that breaks the contract of the host; the message says where."""


def run(analyzer: Analyzer, given: Evidence, *, check: bool = True) -> list[Finding]:
    """Return what the analyser yields for the evidence.

    Args:
        analyzer: It is called twice.
        given: The evidence.
        check: False calls it once and checks nothing.

    Raises:
        ContractError: It uses the network, changes its evidence or the process, yields something else on the second
            call, or yields what the host would refuse, cut or leave out.
    """
    return _checked(analyzer, given, BUILT_IN) if check else list(analyzer.analyze(given))


def _checked(analyzer: Analyzer, given: Evidence, limits: PluginLimits) -> list[Finding]:
    own, changes = copied_evidence(given), list[str]()
    with preserved(changes.append), no_network() as tried:
        findings = list(_called(analyzer, own))
        # Another copy: what it changed must not change what it sees the second time.
        again = list(_called(analyzer, copied_evidence(given)))
    if tried:
        raise ContractError(f"{analyzer.name} asked for the network: {', '.join(tried)}")
    if changes:
        raise ContractError(f"{analyzer.name}: {changes[0]}")
    if not _same(_parts(given.report), _parts(own.report)):
        raise ContractError(f"{analyzer.name} changed its evidence")
    examine(analyzer.name, findings, limits)
    if as_text(findings) != as_text(again):
        raise ContractError(f"{analyzer.name} yields other findings when it is called again")
    return findings


def check(analyzer: Analyzer, given: Evidence) -> list[str]:
    """Return why the analyser breaks the contract for this evidence; empty where it keeps it."""
    try:
        _checked(analyzer, given, EXTERNAL)
    except KeyboardInterrupt:
        raise
    except ContractError as error:
        return [str(error)]
    except BaseException as error:
        return [f"{analyzer.name} raised {last_line(error)}"]
    return []


def examine(name: str, findings: Iterable[Finding], limits: PluginLimits = BUILT_IN) -> None:
    """Check findings; values of tags apart: VirusTotal has many that are no valid tags, and the host leaves them out.

    Args:
        name: The analyser's, for the message.
        findings: What it yielded.
        limits: What it may add.

    Raises:
        ContractError: The host would refuse, cut or leave out a finding.
    """
    collector = FindingCollector(Usage(limits))
    try:
        for finding in findings:
            collector.add(finding)
            if isinstance(finding, OntologyPart) and (why := problem(finding.kind, finding.data)):
                raise ContractError(f"{name} yields a part of the ontology that Assemblyline refuses: {why}")
            if isinstance(finding, Points) and (unknown := [id for id in finding.attack_ids if not current_id(id)[1]]):
                raise ContractError(f"{name} yields ATT&CK ids that Assemblyline does not have: {', '.join(unknown)}")
            if isinstance(finding, ResultSection) and finding.parent is not None:
                raise ContractError(f"{name} yields {finding.title_text!r} and has it in another section too")
    except (TypeError, ValueError, RecursionError) as error:
        raise ContractError(f"{name}: {last_line(error)}") from error
    notes = [note for note in collector.output(name, name).notes if not note.startswith("Not valid as tags")]
    if notes:
        raise ContractError(f"{name}: {' '.join(notes)}")


def _called(analyzer: Analyzer, given: Evidence) -> Iterable[Finding]:
    findings = analyzer.analyze(given)
    try:
        return iterable(f"the answer of {analyzer.name}", findings, "findings")
    except TypeError as error:
        raise ContractError(str(error)) from None


def objects(report: Report) -> Iterator[Object]:
    """Yield the subject of a report and all related objects."""
    yield report.subject
    for related in report.related.values():
        yield from related.items


def _parts(report: Report) -> list[Any]:
    return [[obj.attributes, obj.context, obj.links] for obj in objects(report)]


def _same(one: Any, other: Any) -> bool:
    """Compare JSON of any depth, without recursion; lists and tuples are alike, NaN is itself."""
    todo = [(one, other)]
    while todo:
        left, right = todo.pop()
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            if list(left) != list(right):
                return False
            todo.extend((left[key], right[key]) for key in left)
        elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
            if len(left) != len(right):
                return False
            todo.extend(zip(left, right, strict=True))
        elif type(left) is not type(right) or (left != right and left == left):
            return False
    return True
