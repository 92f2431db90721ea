"""Results in: each gets an answer, and one that can't be kept stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from passback.delivery import Acceptance, Committer, Routes, Submission
from passback.errors import ContentConflict, InvalidResult
from passback.model import Result

__all__ = ["Answer", "chunks", "take"]

Answer: TypeAlias = Acceptance | ContentConflict | InvalidResult

# Few enough for other writers to get their turn, some 50 ms later. Enough for the pages of the learners'
# index to be shared, which a transaction writes once each: a learner's next result changes the same one.
_CHUNK = 2000


async def take(
    results: Sequence[Result], routes: Routes, committer: Committer, source: str | None = None
) -> list[Answer]:
    """Accept `results`; return for each its acceptance, or why it isn't accepted.

    Args:
        results: What to accept.
        routes: What the configuration attaches to what.
        committer: What takes them in.
        source: The connection that they came from, and don't go to.
    """
    prepared = [_prepared(result, routes, source) for result in results]
    submissions = [each for each in prepared if isinstance(each, Submission)]
    accepted = iter(await committer.put(submissions) if submissions else ())
    return [each if isinstance(each, InvalidResult) else next(accepted) for each in prepared]


def chunks(results: Iterable[Result]) -> Iterator[list[Result]]:
    """Yield `results` in parts of a size that is good for one transaction."""
    chunk: list[Result] = []
    for result in results:
        chunk.append(result)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _prepared(result: Result, routes: Routes, source: str | None) -> Submission | InvalidResult:
    if not isinstance(result, Result):
        return InvalidResult("", f"expected a Result, got {type(result).__name__}")
    try:
        return Submission.of(result, routes.of(result), source)
    except InvalidResult as error:
        return error
