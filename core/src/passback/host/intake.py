"""Results in: each gets an answer, and one that can't be kept stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from passback.delivery import Acceptance, Committer, Routes, Submission
from passback.errors import ContentConflict, InvalidResult
from passback.model import Result

__all__ = ["Answer", "chunks", "take"]

Answer: TypeAlias = Acceptance | ContentConflict | InvalidResult

# Enough for one transaction to be worth it, few enough for other writers to get their turn.
_CHUNK = 500


async def take(results: Sequence[Result], routes: Routes, committer: Committer) -> list[Answer]:
    """Accept `results` on their way by `routes`; return for each its acceptance, or why it isn't accepted."""
    prepared = [_prepared(result, routes) for result in results]
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


def _prepared(result: Result, routes: Routes) -> Submission | InvalidResult:
    try:
        return Submission.of(result, routes.of(result))
    except InvalidResult as error:
        return error
