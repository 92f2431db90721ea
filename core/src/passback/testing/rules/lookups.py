"""Looking users up: everybody, to the last page, and nobody else."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from urllib.parse import parse_qsl

from passback.model import User, UserQuery
from passback.testing import proxy
from passback.testing.breaking import Broken
from passback.testing.operations import attempt, everybody
from passback.testing.proxy import Asked
from passback.testing.rule import rule
from passback.testing.scene import Scene, Take
from passback.testing.wire import texts

__all__ = ["require_everybody"]

_PAGES = 3
_MOST = 150
# What a URL would take for something else.
_ODD = "of-the-kit+b&c=d#e%41@kit.example"
_TELLING = "of-the-kit"


def require_everybody(take: Take, listed: object) -> None:
    """Raise unless `listed` is the sandbox's population."""
    wanted = Counter(each.id for each in take.suite.population(take.sandbox))
    found = (
        Counter(each.id for each in listed if isinstance(each, User)) if isinstance(listed, list) else wanted
    )
    if missing := wanted - found:
        raise Broken(
            f"{missing.total()} of {wanted.total()} users weren't listed, among them {next(iter(missing))!r}"
        )
    if more := found - wanted:
        raise Broken(f"{next(iter(more))!r} was listed more often than there are such users")


@rule("lookup_users.everybody", "lookup_users")
async def _everybody(scene: Scene) -> None:
    """A look-up yields everybody once, to the last page; whom it misses never gets an account.

    Follow the pages until the system says that there are no more. The sandbox needs at least three pages.
    """
    async with scene.take() as take:
        outcome = await attempt(everybody(take))
        if outcome.error is not None:
            raise Broken(f"the look-up failed: {outcome}")
        require_everybody(take, outcome.value)
        pages = Counter(each.path for each in take.record.asked if each.method == "GET")
        if max(pages.values(), default=0) < _PAGES:
            raise Broken("the sandbox's population doesn't fill three pages; seed more people")


@rule("lookup_users.fields", "lookup_users")
async def _fields(scene: Scene) -> None:
    """A look-up tells what the system knows of each user; a wrong address or id bonds a learner to another.

    Compare the fields of `User` that you fill with what the sandbox has.
    """
    async with scene.take() as take:
        known = {each.id: each for each in take.suite.population(take.sandbox)}
        for user in await everybody(take):
            wanted = known.get(user.id)
            for field in ("email", "username", "external_id"):
                value = getattr(wanted, field, None)
                if value is not None and getattr(user, field) != value:
                    raise Broken(f"user {user.id!r}: {field} is {value!r}, and the look-up says otherwise")
            if wanted is not None and user.active != wanted.active:
                raise Broken(f"user {user.id!r}: active is {wanted.active}, and the look-up says otherwise")


@rule("lookup_users.shared_address", "lookup_users")
async def _shared_address(scene: Scene) -> None:
    """A look-up by an address that two users share yields both; one alone would get the other's results.

    Yield every user that matches and let the core decide; compare addresses without regard to case.
    """
    async with scene.take() as take:
        people = list(take.suite.population(take.sandbox))
        folded = Counter((each.email or "").casefold() for each in people if each.email)
        shared = next((address for address, count in folded.items() if count > 1), None)
        if shared is None:
            raise Broken("no two users of the sandbox share an address; seed two who do")
        wanted = {each.id for each in people if (each.email or "").casefold() == shared}
        found = [each async for each in take.connection.lookup_users(UserQuery(email=shared))]
        ids = {each.id for each in found if (each.email or "").casefold() == shared}
        if ids != wanted:
            raise Broken(f"{len(wanted)} users have the address {shared!r}, and {len(ids)} were found")


@rule("lookup_users.filters", "lookup_users")
async def _filters(scene: Scene) -> None:
    """A look-up by what the connector says it filters by finds that user; else nobody is ever recognised.

    `filters` names the fields of `UserQuery` that work; take out what doesn't.
    """
    async with scene.take() as take:
        people = list(take.suite.population(take.sandbox))
        for field in sorted(take.connection.connector.filters):
            value = next((getattr(each, field) for each in people if getattr(each, field)), None)
            if value is None:
                continue
            wanted = {each.id for each in people if str(getattr(each, field)).casefold() == value.casefold()}
            found = await _found(take, field, value)
            if found != wanted:
                raise Broken(f"by {field} {value!r} it found {sorted(found)[:3]}, expected {sorted(wanted)}")
            query = UserQuery(**{field: "nobody-of-theirs@example.com"})
            strangers = [each.id async for each in take.connection.lookup_users(query)]
            if len(strangers) >= len(people):
                raise Broken(
                    f"by a {field} that nobody has it found everybody; the system wasn't asked for it"
                )


async def _found(take: Take, field: str, value: str) -> set[str]:
    query = UserQuery(**{field: value})
    found = [each async for each in take.connection.lookup_users(query)]
    return {each.id for each in found if str(getattr(each, field)).casefold() == value.casefold()}


@rule("lookup_users.exact_question", "lookup_users")
async def _exact_question(scene: Scene) -> None:
    """The system is asked for the very text that is looked for; else who has a plus in it is nobody.

    Hand texts to self.http by `query` or `json`, which encode them; put none into a URL yourself.
    """
    async with scene.take() as take:
        for field in sorted(take.connection.connector.filters):
            await attempt(take.connection.check())
            before = len(take.record.asked)
            await attempt(_collected(take, UserQuery(**{field: _ODD})))
            sent = list(texts(take.record.asked[before:]))
            if any(_TELLING in each for each in sent) and not any(_ODD in each.casefold() for each in sent):
                raise Broken(f"looking for the {field} {_ODD!r}, it asked the system for another text")


@rule("lookup_users.anew", "lookup_users")
async def _anew(scene: Scene) -> None:
    """The second look-up asks the system again, and lists everybody; else who is new is never found.

    Keep users and cursors in local names, not on self.
    """
    async with scene.take() as take:
        for _ in range(2):
            before = len(take.record.asked)
            outcome = await attempt(everybody(take))
            if outcome.error is not None or not take.record.asked[before:]:
                raise Broken(f"the second look-up sent {len(take.record.asked) - before} requests: {outcome}")
            require_everybody(take, outcome.value)


@rule("lookup_users.empty_page", "lookup_users")
async def _empty_page(scene: Scene) -> None:
    """An empty page that leads to another isn't the end; systems filter a page after they cut it.

    Go on as long as the system says that there is more, and don't count what a page holds.
    """
    async with scene.take() as take:
        await attempt(everybody(take))
    asked, wanted = take.record.asked, Counter(each.id for each in take.suite.population(take.sandbox))
    for place, (page, following) in enumerate(pairwise(asked)):
        if not _leads(page, following):
            continue
        async with scene.take() as take:
            take.record.play(proxy.emptied(), place, 1)
            outcome = await attempt(everybody(take))
            found = outcome.value if isinstance(outcome.value, list) else []
            later = {
                each
                for each in wanted
                if f'"{each}"'.encode() in b"".join(e.answer for e in asked[place + 1 :])
            }
            if outcome.error is None and (lost := later - {each.id for each in found}):
                raise Broken(
                    f"page {place + 1} was empty and led on, and {len(lost)} users of later ones are missing"
                )


@rule("lookup_users.without_address", "lookup_users")
async def _without_address(scene: Scene) -> None:
    """Somebody without an address is listed like everybody else; one such account must not stop the sync.

    Take a field of User that may be None from an answer that has null there, or nothing.
    """
    async with scene.take() as take:
        someone = next((each for each in take.suite.population(take.sandbox) if each.email), None)
        if someone is None or someone.email == someone.id:
            return
        take.record.play(proxy.nulled(someone.email or ""))
        outcome = await attempt(everybody(take))
        if not any(b"null" in each.answer for each in take.record.asked):
            return
        found = {each.id: each for each in outcome.value} if isinstance(outcome.value, list) else {}
        if someone.id not in found:
            raise Broken(f"one user has no address, and it came to {outcome}")
        if found[someone.id].email is not None:
            raise Broken("a user without an address was listed with one")


def _leads(page: Asked, following: Asked) -> bool:
    """Return whether `page` says where `following` is."""
    said = page.answer + " ".join(value for name, value in page.headers if name == "link").encode()
    query = [value for _, value in parse_qsl(following.target.partition("?")[2]) if len(value) > 3]  # noqa: PLR2004
    return following.target.encode() in said or any(value.encode() in said for value in query)


async def _collected(take: Take, query: UserQuery) -> list[User]:
    return [each async for each in take.connection.lookup_users(query)]


@rule("lookup_users.ends", "lookup_users")
async def _ends(scene: Scene) -> None:
    """A list whose pages come again and again comes to an end; else the sync never does, and calls for ever.

    Remember the cursor or the page of before, and raise ServerError where it comes again.
    """
    async with scene.take() as take:
        take.record.play(proxy.again_and_again())
        outcome = await attempt(_some(take))
        if len(take.record.asked) > _MOST:
            raise Broken(f"more than {_MOST} requests were sent for a page that never changes; {outcome}")


async def _some(take: Take) -> object:
    users = 0
    async for _ in take.connection.lookup_users(UserQuery()):
        users += 1
        if len(take.record.asked) > _MOST:
            break
    return users
