"""Two bonds, one after the other: who signed in is asked for at the connections that the provider serves."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import attrs

from passback.connection import Connection
from passback.errors import PassbackError
from passback.host.people.journeys import SignedIn
from passback.host.people.recognising import recognise
from passback.host.running.running import Running
from passback.identity import AccountState, Finding, expect
from passback.model import Assertion, IdentityProposal, IdentityRequest, Learner

__all__ = ["follow"]

log = logging.getLogger("passback.identity")


async def follow(running: Running, serves: Iterable[str], signed: SignedIn, said: Assertion) -> None:
    """Have the learner of `signed` found at the connections of `serves`, by what their provider said.

    Where a system can be asked it's asked soon, by whoever delivers; its connector's word counts where it
    can't. What waited for the account goes then. An address that the provider says isn't verified finds
    nobody: it may be anybody's.
    """
    learner = signed.learner if said.email_verified is not False else attrs.evolve(signed.learner, email=None)
    for name in serves:
        try:
            connection = running.roster.connection(name)
            proposal = _proposal(connection, IdentityRequest(learner=learner, assertion=said))
            await _keep(running, connection, signed.organisation, learner, proposal)
        except PassbackError as error:
            # They are signed in all the same; the next sign-in finds it mended.
            log.warning("%s: who signed in by %s isn't looked for: %s", name, signed.connection, error)


async def _keep(
    running: Running,
    connection: Connection,
    organisation: str,
    learner: Learner,
    proposal: IdentityProposal | None,
) -> None:
    name, now, store = connection.name, running.clock.now(), running.store
    if "lookup_users" in connection.capabilities:
        if await store.run(expect, name, organisation, learner, proposal, now):
            running.look_up(name)
    elif proposal is not None:
        finding = Finding(
            learner=learner,
            state=AccountState.KNOWN,
            user_id=proposal.user_id,
            matched_by=proposal.matched_by,
        )
        await store.run(recognise, name, organisation, finding, now)


def _proposal(connection: Connection, request: IdentityRequest) -> IdentityProposal | None:
    if "map_identity" not in connection.capabilities:
        return None
    proposal, said = connection.map_identity(request), request.assertion
    unproven = said is not None and said.email_verified is False
    return None if proposal and proposal.matched_by == "email" and unproven else proposal
