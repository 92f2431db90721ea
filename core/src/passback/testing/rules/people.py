"""Who is who: what a connector proposes is sound, and it says so without asking anybody."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from passback.model import Assertion, IdentityProposal, IdentityRequest, Learner, User, UserQuery
from passback.testing.breaking import Broken
from passback.testing.operations import attempt
from passback.testing.rule import rule
from passback.testing.scene import Scene, Take
from passback.testing.watching import calls

__all__ = ["quietly"]

_ODD = ("", " ", "\x00", "a" * 100_000, "ana@example.com\r\nx: y", "\u202e" * 20, "../../etc", "💥")
_FIELDS = ("external_id", "id", "username", "email")


def quietly(what: str, ask: Callable[[], object]) -> object:
    """Return what a sync hook answers.

    Raises:
        Broken: It crashed, or asked somebody or waited.
    """
    with calls() as noted:
        try:
            answer = ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, a connector's author is told
            raise Broken(f"{what} raised {type(error).__name__}: {error}") from None
    if noted:
        raise Broken(f"{what} did: {noted[0]}; a sync hook runs in the event loop and asks nobody")
    return answer


def _learner(user: User) -> Learner:
    return Learner(
        id="learner-1", email=user.email, username=user.username, external_id=user.external_id, name=user.name
    )


def _people(take: Take) -> list[Learner]:
    known = [_learner(each) for each in take.suite.population(take.sandbox) if each.active][:5]
    usual = Learner(id="learner-9", email="nine@example.com", username="nine", external_id="E-9")
    return [*known, usual, Learner(id="learner-0")]


def _requests(take: Take) -> list[IdentityRequest]:
    people = _people(take)
    asked = [IdentityRequest(learner=each) for each in people]
    for odd in _ODD:
        asked += [
            IdentityRequest(learner=people[0], assertion=_assertion(*values))
            for values in ((), (odd,), (odd, "other"))
        ]
        if odd.strip() and len(odd) < 100:  # noqa: PLR2004 - what a learner may have
            asked.append(IdentityRequest(learner=Learner(id=odd, email=odd, username=odd, external_id=odd)))
    return asked


def _assertion(*values: str) -> Assertion:
    names = ("email", "mail", "sub", "external_id", "employeeNumber")
    return Assertion(
        issuer="https://idp.example.com",
        subject=values[0] if values else "somebody",
        attributes=dict.fromkeys(names, values),
    )


@rule("map_identity.sound", "map_identity")
async def _sound(scene: Scene) -> None:
    """Whatever a learner or an identity provider says, there is a proposal or none, and never a crash.

    Return None where it can't be told; check the type and the number of an attribute's values first.
    """
    async with scene.take() as take:
        for request in _requests(take):
            said = quietly("map_identity", lambda request=request: take.connection.map_identity(request))  # type: ignore[misc]
            if isinstance(said, IdentityProposal) and not (said.user_id.strip() and said.matched_by):
                raise Broken("a proposal names nobody, or doesn't say why")
            if isinstance(said, IdentityProposal) and (problem := _unfit(request, said)):
                raise Broken(problem)
            again = quietly("map_identity", lambda request=request: take.connection.map_identity(request))  # type: ignore[misc]
            if said != again:
                raise Broken("asked twice, it gave two answers")


def _unfit(request: IdentityRequest, said: IdentityProposal) -> str:
    if said.matched_by == "email" and "@" not in said.user_id and said.user_id != request.learner.email:
        return f"matched_by is 'email', and {said.user_id[:40]!r} is no address; nobody is found by it"
    close = difflib.get_close_matches(said.matched_by.lower(), _FIELDS, n=1)
    if said.matched_by not in _FIELDS and close:
        return f"matched_by is {said.matched_by!r}, by which nobody is looked up; did you mean {close[0]!r}?"
    return ""


@rule("map_identity.tells_apart", "map_identity")
async def _tells_apart(scene: Scene) -> None:
    """Two learners who share nothing are never the same user; one would see the other's results as theirs.

    Propose only what is this person's own, never a constant or a part of it.
    """
    async with scene.take() as take:
        seen: dict[tuple[str, str], Learner] = {}
        for number in range(1, 6):
            name = f"learner{number}"
            learner = Learner(id=name, email=f"{name}@example.com", username=name, external_id=f"E-{number}")
            said = take.connection.map_identity(IdentityRequest(learner=learner))
            if said is None:
                continue
            other = seen.setdefault((said.matched_by, said.user_id), learner)
            if other is not learner:
                raise Broken(f"{other.id} and {learner.id} are both user {said.user_id!r}")
        request = IdentityRequest(learner=Learner(id="learner-0"))
        after, fresh = (each.map_identity(request) for each in (take.connection, take.connect()))
        if after != fresh:
            raise Broken("who somebody is depends on who was asked for before")


@rule("map_identity.found", "map_identity", "lookup_users")
async def _found(scene: Scene) -> None:
    """Whom a connector proposes for one of the system's users, a look-up finds; else nobody gets an account.

    Propose the id by which the system is asked, and say in matched_by which field it is.
    """
    async with scene.take() as take:
        user = next(each for each in take.suite.population(take.sandbox) if each.active and each.email)
        said = take.connection.map_identity(IdentityRequest(learner=_learner(user)))
        if said is None or said.matched_by not in _FIELDS:
            return
        outcome = await attempt(_matching(take, said))
        if outcome.error is not None:
            raise Broken(f"a look-up by {said.matched_by} failed: {outcome}")
        if user.id not in (outcome.value if isinstance(outcome.value, list) else ()):
            raise Broken(f"proposed {said.matched_by} {said.user_id!r}, and nobody is found by it")


async def _matching(take: Take, said: IdentityProposal) -> list[str]:
    query = UserQuery(**{said.matched_by: said.user_id})
    return [
        each.id
        async for each in take.connection.lookup_users(query)
        if (getattr(each, said.matched_by) or "").casefold() == said.user_id.casefold()
    ]


@rule("map_identity.asks_nobody", "map_identity")
async def _asks_nobody(scene: Scene) -> None:
    """Who somebody is is told at once, from what is given; it's asked while a browser waits.

    Look nobody up in map_identity: the core does that with what you propose.
    """
    async with scene.take() as take:
        for learner in _people(take):
            request = IdentityRequest(learner=learner)
            quietly("map_identity", lambda request=request: take.connection.map_identity(request))  # type: ignore[misc]
        if take.record.asked:
            raise Broken("map_identity sent a request")
