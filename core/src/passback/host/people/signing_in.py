"""Signing people in: out to an identity provider, and back as one of the host's learners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import attrs
import msgspec
from sqlalchemy import Connection as Database

from passback.errors import ConfigError, SignInRefused
from passback.host.people.following import follow
from passback.host.people.journeys import Journey, SignedIn, destination, states
from passback.host.people.providers import place_of, sign_in_config
from passback.host.running.running import Running
from passback.identity import Seal
from passback.identity.linking import (
    Claim,
    Decision,
    Departures,
    Outcome,
    Provision,
    decide,
    map_profile,
    once,
    prove,
    provide,
    require_identity,
    token,
)
from passback.model import Assertion, Departure, Incoming, SignInReturn, SignInStart, SignOutStart

__all__ = ["SigningIn"]

_REMEMBERED = timedelta(days=1)


@attrs.frozen(kw_only=True)
class _Away:
    """What is kept of a browser that left."""

    kept: Mapping[str, str] = attrs.field(repr=False)
    return_to: str


@attrs.frozen(kw_only=True)
class _Waiting:
    """What is kept of a sign-in that waits for a proof."""

    learner: str
    return_to: str
    assertion: Assertion


class SigningIn:
    """Sends browsers to identity providers, and says who came back."""

    def __init__(self, running: Running) -> None:
        self._running = running

    async def start(
        self, connection: str, *, browser: str = "", return_to: str = "", hint: str | None = None
    ) -> Journey:
        """Return where to send a browser that wants to sign in.

        Args:
            connection: By which connection.
            browser: The cookie that it has from a journey before; empty if it has none.
            return_to: Where it wants to go on afterwards: hostile.
            hint: Who wants to sign in, where that's known.

        Raises:
            ConfigError: The connection signs nobody in, or there is no key to seal with.
            ConnectionNotReady: It can't serve; says why.
            ConnectionFailure: The provider doesn't tell how.
            SignInRefused: Nobody is sent where this one wants to go.
        """
        config, place = sign_in_config(self._running.config, connection), place_of(self._running, connection)
        wanted = destination(return_to, config) if return_to else config.after_sign_in
        departures, state, browser = self._departures(), token(), browser or token()
        asked = self._running.roster.connection(connection)
        departure = await asked.start_sign_in(SignInStart(place=place, state=state, hint=hint))
        content = _Away(kept=departure.kept, return_to=wanted)
        now = self._running.clock.now()
        await self._running.store.run_soft(departures.record, connection, state, browser, content, now)
        return Journey(departure=departure, browser=browser)

    async def finish(self, connection: str, incoming: Incoming, browser: str) -> SignedIn:
        """Return who came back by `incoming`; the link that this makes is on disk then, for ever.

        Args:
            connection: By which connection.
            incoming: What the browser brought to the callback: hostile.
            browser: The cookie that it has.

        Raises:
            SignInRefused: It proves nothing, or nobody who may be let in; says why.
            ConfigError: The connection signs nobody in, or there is no key to open with.
            ConnectionNotReady: It can't serve; says why.
            ConnectionFailure: The provider can't be asked.
        """
        place = place_of(self._running, connection)
        state, left = await self._returned(connection, incoming, browser)
        kept = left.kept if left else None
        back = SignInReturn(place=place, incoming=incoming, state=state if left else "", kept=kept)
        said = await self._running.roster.connection(connection).finish_sign_in(back)
        require_identity(said)
        return_to = left.return_to if left else self._onward(connection, state)
        claim = self._claim(connection, said)
        signed = await self._running.store.run(self._decided, claim, browser, return_to)
        if signed.outcome is not Outcome.NEEDS_PROOF:
            await follow(self._running, sign_in_config(self._running.config, connection).serves, signed, said)
        return signed

    async def prove(self, reference: str, learner: str, browser: str) -> SignedIn:
        """Say that `learner` has shown to be who signed in by the way that needed proof, and link them.

        Only when they have: signed in as that learner anew, or by a mail to an address that is theirs.

        Args:
            reference: The `proof` of the sign-in.
            learner: The learner's id.
            browser: The cookie of the browser that signed in.

        Raises:
            SignInRefused: There is no such sign-in of this browser, it's another learner, or it's too late.
        """
        departures = self._departures()
        now = self._running.clock.now()
        name, _, secret = reference.partition(":")
        config = sign_in_config(self._running.config, name)
        content = await self._running.store.run(departures.take, name, secret, browser, _Waiting, now)
        if content is None or content.learner != learner:
            raise SignInRefused("there is no sign-in of this browser that waits for this learner's proof")
        claim = self._claim(name, content.assertion)

        def write(db: Database) -> SignedIn:
            decision = prove(db, claim.organisation, claim.identity, learner, now)
            provision = provide(db, claim, decision, config.grants())
            return _provided(self._signed(claim, decision, content.return_to), provision)

        signed = await self._running.store.run(write)
        await follow(self._running, config.serves, signed, content.assertion)
        return signed

    async def sign_out(self, connection: str, session: str) -> Departure | None:
        """Return where to send a browser so that it's signed out at the provider, too; None if it needn't go.

        Args:
            connection: By which connection the person signed in.
            session: The `session` of their sign-in.

        Raises:
            ConfigError: The connection signs nobody in.
            ConnectionNotReady: It can't serve; says why.
            ConnectionFailure: The provider doesn't tell how.
        """
        content = self._seal().open(session.encode("ascii", "replace"))
        if content is None:
            return None
        try:
            said = msgspec.json.decode(content, type=Assertion)
        except msgspec.DecodeError:
            return None  # it was sealed for something else
        asked = self._running.roster.connection(connection)
        return await asked.start_sign_out(
            SignOutStart(place=place_of(self._running, connection), assertion=said)
        )

    async def _returned(self, connection: str, incoming: Incoming, browser: str) -> tuple[str, _Away | None]:
        found = states(incoming)
        if len(found) > 1:
            raise SignInRefused("several states came back, and only one was given")
        if not found:
            return "", None
        now = self._running.clock.now()
        departures = self._departures()
        left = await self._running.store.run(departures.take, connection, found[0], browser, _Away, now)
        return found[0], left

    def _onward(self, connection: str, wanted: str) -> str:
        config = sign_in_config(self._running.config, connection)
        try:
            return destination(wanted, config) if wanted else config.after_sign_in
        except SignInRefused:
            return config.after_sign_in

    def _decided(self, db: Database, claim: Claim, browser: str, return_to: str) -> SignedIn:
        now, said = self._running.clock.now(), claim.assertion
        # For longer than it's good: who takes it allows for clocks that differ.
        until = max(said.expires or now, now + _REMEMBERED)
        if said.once and not once(db, claim.connection, said.once, until):
            raise SignInRefused("this was presented before; each sign-in is used once")
        decision = decide(db, claim, now)
        signed = self._signed(claim, decision, return_to)
        if decision.outcome is Outcome.NEEDS_PROOF:
            if not browser:
                raise SignInRefused("proof is asked of nobody whose browser has no cookie: begin here")
            secret = token()
            content = _Waiting(learner=decision.learner.id, return_to=return_to, assertion=said)
            self._departures().record(db, claim.connection, secret, browser, content, now)
            return attrs.evolve(signed, proof=f"{claim.connection}:{secret}")
        provision = provide(
            db, claim, decision, sign_in_config(self._running.config, claim.connection).grants()
        )
        return _provided(signed, provision)

    def _claim(self, connection: str, said: Assertion) -> Claim:
        config = sign_in_config(self._running.config, connection)
        many = {config.groups.attribute} if config.groups else set()
        return Claim(
            connection=connection,
            organisation=self._running.organisation(connection),
            assertion=said,
            profile=map_profile(said, config.rules(), many),
            policy=config.policy(),
        )

    def _signed(self, claim: Claim, decision: Decision, return_to: str) -> SignedIn:
        kept = attrs.evolve(claim.assertion, attributes={}, once="", expires=None)
        return SignedIn(
            connection=claim.connection,
            organisation=claim.organisation,
            outcome=decision.outcome,
            learner=decision.learner,
            profile=claim.profile.values,
            notes=(*claim.profile.missing, *claim.profile.notes),
            return_to=return_to,
            session=self._seal().close(msgspec.json.encode(kept)).decode(),
        )

    def _seal(self) -> Seal:
        if self._running.seal is None:
            raise ConfigError("nobody is signed in without a key to seal what a browser brings: [web] keys")
        return self._running.seal

    def _departures(self) -> Departures:
        return Departures(self._seal())


def _provided(signed: SignedIn, provision: Provision) -> SignedIn:
    return attrs.evolve(signed, provision=provision, notes=(*signed.notes, *provision.notes))
