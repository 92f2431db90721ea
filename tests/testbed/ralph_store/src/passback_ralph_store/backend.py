"""The back end itself: Ralph's file back end over a journal."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from ralph.backends.lrs.base import RalphStatementsQuery, StatementQueryResult
from ralph.backends.lrs.fs import FSLRSBackend
from ralph.exceptions import BackendException

from passback_ralph_store.journal import Journal, Statement


class JournalLRSBackend(FSLRSBackend):
    """Ralph's `fs` back end, able to store a second batch, and newest first as xAPI wants its listings.

    It keeps Ralph's own filters. Targets are ignored: there is one file. Ralph's history of the files it read
    and wrote is not kept, since it grows with each request.
    """

    name = "journal"
    _reading: Iterator[Statement] = iter(())

    @cached_property
    def _journal(self) -> Journal:
        # Opened at the first use, because Ralph makes a second back end for its health checks.
        return Journal(self.default_directory / self.settings.DEFAULT_LRS_FILE)

    def write(self, data: Iterable[Statement], *_: object, **__: object) -> int:
        """Store a batch, all of it or nothing."""
        try:
            return self._journal.append(data)
        except OSError as error:
            raise BackendException(str(error)) from error

    def read(self, *_: object, **__: object) -> Iterator[Statement]:
        """Yield what the query under way chooses from."""
        return self._reading

    def query_statements(
        self, params: RalphStatementsQuery, target: str | None = None
    ) -> StatementQueryResult:
        """Answer one page of a listing, or one statement by its id."""
        # Ralph hands the query over as it came in the address: text.
        ascending = str(params.ascending).lower() in {"true", "1"}
        if params.statement_id:
            self._reading = iter(self._journal.find([params.statement_id]))
        else:
            self._reading = self._journal.walk(ascending=ascending, after=params.search_after)
        rest = params.model_copy(update={"ascending": False, "search_after": None})
        return super().query_statements(rest, target)

    def query_statements_by_ids(self, ids: list[str], target: str | None = None) -> list[Statement]:  # noqa: ARG002 -- one file
        """Return those of the statements that are stored."""
        return self._journal.find(ids)
