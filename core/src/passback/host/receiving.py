"""What a system sent: its users become the host's learners where that is known, and its results are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from passback.errors import ContentConflict, PassbackError
from passback.host.intake import chunks, take
from passback.host.running.running import Running
from passback.identity import learners_of
from passback.model import Learner, Received, Result

__all__ = ["accept"]


async def accept(received: Received, source: str, running: Running) -> None:
    """Accept the results that the connection `source` received, as its organisation's.

    Raises:
        InvalidResult: One of them can't be kept.
        ContentConflict: It was sent before with other content.
        OutboxError: The store can't take it; nothing of it is lost if it's sent again.
    """
    organisation = running.organisation(source)
    learners = await _learners(received.users, source, organisation, running)
    results = [attrs.evolve(each, organisation=organisation) for each in received.results]
    for chunk in chunks(results):
        # What is sent again may have been accepted before its learner was known.
        refused = await _taken([_named(each, learners) for each in chunk], source, running)
        again = [chunk[at] for at, error in refused if _may_be_named(chunk[at], error, learners)]
        others = [error for at, error in refused if not _may_be_named(chunk[at], error, learners)]
        others += [error for _, error in await _taken(again, source, running)]
        if others:
            raise others[0]


async def _learners(
    users: Mapping[str, str], source: str, organisation: str, running: Running
) -> Mapping[str, Learner]:
    if not users:
        return {}
    found = await running.store.run_soft(learners_of, source, organisation, set(users.values()))
    return {name: found[user] for name, user in users.items() if user in found}


def _named(result: Result, learners: Mapping[str, Learner]) -> Result:
    learner = learners.get(result.learner.id)
    return result if learner is None else attrs.evolve(result, learner=learner)


def _may_be_named(result: Result, error: PassbackError, learners: Mapping[str, Learner]) -> bool:
    return isinstance(error, ContentConflict) and result.learner.id in learners


async def _taken(results: Sequence[Result], source: str, running: Running) -> list[tuple[int, PassbackError]]:
    answers = await take(results, running.routes, running.committer, source)
    return [(at, each) for at, each in enumerate(answers) if isinstance(each, PassbackError)]
