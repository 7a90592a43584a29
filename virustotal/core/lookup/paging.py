"""The pages of one subject's relationships: from the start, or from where the objects in line ended."""

from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from virustotal.api import decoding, endpoints, relationships
from virustotal.api.source import Request
from virustotal.core.errors import AuthenticationError, InvalidError, NotFoundError
from virustotal.core.lookup import inline_attributes, planner
from virustotal.core.lookup.executor import RequestExecutor, outcome_of, side_by_side
from virustotal.core.lookup.key_capabilities import KeyCapabilities, Parameter
from virustotal.core.lookup.planner import Plan
from virustotal.core.models import Outcome, Ref, Related, Status
from virustotal.util.readers import EMPTY_DIGESTS

_REPEATED = "VirusTotal repeated a page, so the list ends early."


@frozen
class Pager:
    """The pages of one subject's relationships.

    Args:
        plan: What is wanted of each.
        subject: By VirusTotal's own identifier.
        executor: Makes the requests.
        capabilities: What was learnt about the key.
    """

    plan: Plan
    subject: Ref
    executor: RequestExecutor
    capabilities: KeyCapabilities

    def all(self, names: Sequence[str], related: Mapping[str, Related]) -> list[Related]:
        """Return each relationship with its pages, side by side; where `attributes` was never tried, one goes first.

        Args:
            names: The relationships.
            related: What is known of them by the object's own answer.
        """
        jobs = [(name, related.get(name)) for name in names]
        unknown = self.capabilities.takes(Parameter.ATTRIBUTES) is None
        first = next((job for job in jobs if self.plan.attributes.get(job[0])), None) if unknown else None
        early = {first[0]: self.one(*first)} if first is not None else {}
        later = side_by_side(lambda job: self.one(*job), [job for job in jobs if job[0] not in early])
        results = {result.relationship: result for result in (*early.values(), *later)}
        return [without_empty_file(results[name]) for name in names]

    def one(self, name: str, before: Related | None) -> Related:
        """Follow the cursors up to `max_related` objects, and as many pages as that has at most."""
        related, limit = self._start(name, before)
        cursors = [related.cursor]
        for _ in range(self.plan.pages):
            try:
                page = self._page(name, cursors[-1], limit)
            except AuthenticationError:
                raise
            except Exception as error:
                if cursors[0] and len(cursors) == 1 and isinstance(error, InvalidError):
                    self.capabilities.tried(Parameter.CURSOR, False)
                return _without(self.plan, related, error)
            related = _with_page(related, page, self.plan.max_related)
            if page.cursor in cursors[1:]:
                return evolve(related, outcome=Outcome(Status.FOUND, _REPEATED))
            if related.complete or len(related.items) >= self.plan.max_related:
                break
            cursors.append(page.cursor)
        return related

    def first(self, name: str, before: Related | None) -> Request:
        """Return the request for the first page."""
        related, limit = self._start(name, before)
        return self._request(name, related.cursor, limit, self._query(name))

    def _start(self, name: str, before: Related | None) -> tuple[Related, int]:
        """Return what the pages are added to, and the objects that are missing.

        A list in line goes on where it ended; what came in another way is fetched from the start.
        """
        in_line = before is not None and before.cursor and planner.in_line(self.plan, before)
        if before is not None and in_line and self.capabilities.takes(Parameter.CURSOR) is not False:
            return evolve(before, complete=False), self.plan.max_related - len(before.items)
        return Related(name, complete=False), self.plan.max_related

    def _page(self, name: str, cursor: str, limit: int) -> decoding.Page:
        """Return one page, shortened to what is read of its objects where the server takes that."""
        query = self._query(name)
        try:
            answer = self.executor.ask(self._request(name, cursor, limit, query))
        except InvalidError:
            if not query or cursor or self.capabilities.takes(Parameter.ATTRIBUTES):
                raise
            answer = self.executor.ask(self._request(name, cursor, limit, ()))
            self.capabilities.tried(Parameter.ATTRIBUTES, False)
            return decoding.decode_page(answer.payload)
        if query and not answer.origin:  # what else answers says nothing of what VirusTotal takes
            self.capabilities.tried(Parameter.ATTRIBUTES, True)
        page = decoding.decode_page(answer.payload)
        read = self.plan.attributes[name] if query else ()
        return evolve(page, items=inline_attributes.mark_partial(page.items, read))

    def _query(self, name: str) -> inline_attributes.Pairs:
        read = self.plan.attributes.get(name, ())
        shortened = read and self.capabilities.takes(Parameter.ATTRIBUTES) is not False
        return (("attributes", ",".join(read)),) if shortened else ()

    def _request(self, name: str, cursor: str, limit: int, query: inline_attributes.Pairs) -> Request:
        return endpoints.relationship_page(self.subject, name, cursor, limit, query)


def without_empty_file(related: Related) -> Related:
    """Return a relationship without the empty file, which says nothing of what dropped or holds it."""
    items = tuple(item for item in related.items if item.ref.kind != "file" or item.ref.id not in EMPTY_DIGESTS)
    if len(items) == len(related.items):
        return related
    total = None if related.total is None else max(len(items), related.total - len(related.items) + len(items))
    outcome = related.outcome
    if outcome.found and not outcome.detail:
        outcome = Outcome(Status.FOUND, "The empty file is left out.")
    detailed = bool(items) and all(item.attributes or item.error or item.whole for item in items)
    return evolve(related, items=items, total=total, outcome=outcome, detailed=detailed)


def _with_page(related: Related, page: decoding.Page, most: int) -> Related:
    items = decoding.distinct((*related.items, *page.items))
    repeated = len(related.items) + len(page.items) - len(items)
    counted = page.total if page.total is not None else related.total
    if counted is not None and related.total is not None:
        counted = min(counted, related.total)
    complete = not page.cursor and len(items) <= most
    return evolve(
        related,
        items=items[:most],
        total=decoding.total(counted and counted - repeated, len(items), complete=not page.cursor),
        outcome=page.outcome if related.outcome.found else related.outcome,
        complete=complete,
        detailed=not items or any(item.whole or item.attributes for item in items),
    )


def _without(plan: Plan, related: Related, error: Exception) -> Related:
    """What is left when a page does not come."""
    entry = relationships.find(plan.subject.kind, related.relationship)
    if isinstance(error, NotFoundError) and entry is None:
        return evolve(related, outcome=Outcome(Status.UNKNOWN, "VirusTotal does not know a relationship of this name."))
    if isinstance(error, NotFoundError) and entry is not None and entry.one:
        return evolve(related, total=0, complete=True)
    return evolve(related, outcome=outcome_of(error))


def merged(before: Related | None, after: Related) -> Related:
    """What is known of a relationship: the whole objects, or the descriptors where those did not come."""
    after = evolve(after, cursor="")
    if before is None:
        return after
    if after.items or not before.items:
        return evolve(after, total=max(filter(None, (after.total, before.total)), default=after.total))
    return evolve(before, outcome=after.outcome)
