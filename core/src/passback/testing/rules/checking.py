"""The test button, and the tokens that some systems give out."""

from __future__ import annotations

from collections.abc import Mapping

from passback.errors import CannotConnect, ServerError, SignInRefused, Unsupported
from passback.testing import proxy
from passback.testing.breaking import Broken
from passback.testing.operations import OPERATIONS, Operation, attempt, once, places
from passback.testing.rule import Play, add_rule, rule
from passback.testing.rules.lookups import require_everybody
from passback.testing.scene import Scene
from passback.testing.secrets import tokens
from passback.testing.settling import require_account, settle, unsettled

__all__: list[str] = []

_NONSENSE = (b"null", b'"hello"', b"17", b"[null]", b"[[]]", b'{"unexpected": true}', b"", b"[" * 100_000)


@rule("check.works")
async def _works(scene: Scene) -> None:
    """The test button is green where address and credentials work, and asks the system to know it.

    Send one request that needs the credentials and changes nothing.
    """
    await once(scene, OPERATIONS[0])


@rule("check.changes_nothing", "submit_results")
async def _changes_nothing(scene: Scene) -> None:
    """The test button changes nothing over there; it's pressed in production.

    Prove the credentials by reading.
    """
    async with scene.take() as take:
        before = take.arrived()
        await attempt(take.connection.check())
        if take.arrived() != before:
            raise Broken("after check, the sandbox has a result that wasn't there before")


@rule("check.refused")
async def _refused(scene: Scene) -> None:
    """The test button says that nothing listens at the address, where that is so.

    Let the CannotConnect pass that self.http raises.
    """
    async with scene.take(url="http://127.0.0.1:9") as take:
        outcome = await attempt(take.connection.check())
        if not isinstance(outcome.error, CannotConnect):
            raise Broken(f"expected CannotConnect; it came to {outcome}")


@rule("check.new_credentials")
async def _new_credentials(scene: Scene) -> None:
    """The test button proves the credentials of today, not a token of yesterday.

    Renew the token in check: OAuth2.renew().
    """
    async with scene.take() as take:
        await attempt(take.connection.check())
        given = tokens(take.record)
        sent = len(take.record.asked)
        await attempt(take.connection.check())
        again = [asked.header("authorization").partition(" ")[2] for asked in take.record.asked[sent:]]
        if not again:
            raise Broken("the second time, check sent no request")
        if given and given >= {each for each in again if each} and not set(again) - given - {""}:
            raise Broken(
                "check used the token of the check before; a client that was removed still looks good"
            )


@rule("check.asks_the_system")
async def _asks_the_system(scene: Scene) -> None:
    """The test button asks the system, not only its token endpoint; else it's green where nothing arrives.

    Send one request with the token, to the API that the other hooks use.
    """
    async with scene.take() as take:
        await attempt(take.connection.check())
        asked = len(take.record.asked)
        for operation in OPERATIONS[1:3]:
            if operation.needs <= scene.able:
                await attempt(operation.play(take))
        given = tokens(take.record)
        carried = [each.header("authorization").partition(" ")[2] for each in take.record.asked]
        if given & set(carried[asked:]) and not given & set(carried[:asked]):
            raise Broken("check asked for a token, and used it for nothing; results are sent elsewhere")


def _nonsense(operation: Operation) -> Play:
    async def play(scene: Scene) -> None:
        seen = await once(scene, operation)
        for place in places(len(seen.asked)):
            for body in _NONSENSE:
                async with scene.take() as take:
                    headers = (("content-type", "application/json"),)
                    take.record.play(proxy.instead(proxy.Answer(headers=headers, body=body)), place)
                    outcome = await attempt(operation.play(take))
                    if operation.name == "lookup_users" and outcome.error is None and body != b"[[]]":
                        require_everybody(take, outcome.value)

    return play


def _renewed(operation: Operation) -> Play:
    async def play(scene: Scene) -> None:
        seen = await once(scene, operation)
        held = tokens(seen)
        for place in places(len(seen.asked)):
            carries = seen.asked[place].header("authorization").partition(" ")[2] in held
            async with scene.take() as take:
                take.record.play(proxy.revoked(), place)
                outcome = await attempt(operation.play(take))
                if carries and outcome.error is not None:
                    raise Broken(f"the token had expired, and it came to {outcome}; expected a new token")
                if not isinstance(outcome.error, ServerError | SignInRefused | None):
                    raise Broken(f"the credentials weren't taken once (401), and it came to {outcome}")
                take.record.rest()
                if operation.sends is not None:
                    deliveries = operation.sends(take)
                    await settle(take, unsettled(deliveries, outcome))
                    require_account(take, deliveries)

    return play


@rule("lookup_users.not_implemented_status", "lookup_users")
async def _not_implemented_status(scene: Scene) -> None:
    """A look-up says 501 where the system tells nobody who its users are; else it counts as a fault.

    Raise Unsupported(…, status=501), as Response.require(…) does.
    """
    async with scene.take() as take:
        await attempt(take.connection.check())
        take.record.play(proxy.answered(501))
        outcome = await attempt(OPERATIONS[1].play(take))
        if isinstance(outcome.error, Unsupported) and outcome.error.status != 501:  # noqa: PLR2004
            raise Broken(f"the status isn't 501: {outcome.error.status}")


_SENTENCES: Mapping[str, str] = {
    "nonsense": "When the system answers JSON of another form, {who} ends in an error or in what is true; a "
    "crash is shown as a defect of the connector, and hides what is wrong.",
    "token_renewed": "When a token has expired, {who} gets a new one within the call; else each hour begins "
    "with an alert.",
}
for _operation in OPERATIONS:
    add_rule(
        f"{_operation.name}.nonsense",
        _operation.needs,
        _SENTENCES["nonsense"].format(who=_operation.who),
        "Read the answer with Response.json(), and raise ServerError where a field isn't what it must be.",
        _nonsense(_operation),
    )
    if _operation.name != "finish_sign_in":  # a person's own token is a moment old, and there is no other
        add_rule(
            f"{_operation.name}.token_renewed",
            _operation.needs,
            _SENTENCES["token_renewed"].format(who=_operation.who),
            "Use OAuth2, or after a 401 drop the token, get another, and send the request once more.",
            _renewed(_operation),
        )
