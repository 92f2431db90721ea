"""The host's face: configuration in; results accepted, delivered and accounted for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from passback.alerts import Notice, list_notices
from passback.clock import Clock
from passback.connection import Connection
from passback.contract import Observer
from passback.delivery import (
    Acceptance,
    Attached,
    Attachments,
    DeliveryState,
    Exported,
    Kept,
    Overview,
    Repair,
    Retention,
    RetentionPolicy,
    Selection,
    Step,
    Totals,
    export,
    kept,
)
from passback.errors import (
    ConfigError,
    PassbackError,
)
from passback.host.checking import CheckOutcome, press
from passback.host.config import Config, ConnectionConfig, read_config
from passback.host.configured import as_configured
from passback.host.intake import Answer, chunks, take
from passback.host.people.accounts import Accounts, forgetting
from passback.host.people.launching import Launching
from passback.host.people.linking import Linking
from passback.host.people.providers import Providers
from passback.host.people.signing_in import SigningIn
from passback.host.receiving import accept
from passback.host.running.alerting import try_alerts
from passback.host.running.running import Running
from passback.host.running.timekeeping import clock_for
from passback.identity import named
from passback.model import (
    DEFAULT_ORGANISATION,
    Activity,
    Incoming,
    Learner,
    Received,
    Result,
    Standing,
    User,
    UserQuery,
)
from passback.plugins import LoadReport

__all__ = ["Passback"]

_DRAIN_POLL = 0.1


class Passback:
    """Accepts learning results, and delivers them to the configured connections.

    Use it as an async context manager::

        async with Passback.from_file("passback.toml") as pb:
            await pb.submit(result)

    Attributes:
        accounts: Which user of each system a learner is.
        launching: Content that is opened from an LMS, and who came.
        linking: The people whom the host knows, and by whom they are vouched for.
        providers: The identity providers, as their administrators see them.
        signing_in: Who signs in by them.
    """

    def __init__(
        self, config: Config, *, strict: bool = True, deliver: bool = True, clock: Clock | None = None
    ) -> None:
        """Prepare a host.

        Args:
            config: What to connect to.
            strict: Whether a connection that can't serve is an error when this is entered, if it delivers;
                otherwise it's shown as misconfigured, and its results wait.
            deliver: Whether to deliver in this process; otherwise results are accepted here, and another
                process (``passback work``) delivers them.
            clock: What tells the time; by default this machine, or the server on which the outbox is.
        """
        self._clock = clock or clock_for(config.outbox)
        self._running = Running(config, self._clock, strict=strict, delivers=deliver)
        self._overview = Overview(self._running.store)
        self._repair = Repair(self._running.store)
        self._attachments = Attachments(self._running.store)
        self.accounts = Accounts(self._running)
        self.launching = Launching(self._running)
        self.linking = Linking(self._running)
        self.providers = Providers(self._running)
        self.signing_in = SigningIn(self._running)

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        strict: bool = True,
        deliver: bool = True,
        connections: Mapping[str, ConnectionConfig] | None = None,
        observers: Iterable[Observer] = (),
    ) -> Self:
        """Return a host for the configuration file at `path`.

        Args:
            path: The file; it's read again when it changes.
            strict: As for `Passback`.
            deliver: As for `Passback`.
            connections: More connections, by name.
            observers: More observers.

        Raises:
            ExceptionGroup: Of `ConfigError`: everything that is wrong with the file.
        """
        config = read_config(Path(path), connections=connections, observers=observers)
        return cls(config, strict=strict, deliver=deliver)

    async def __aenter__(self) -> Self:
        try:
            await self._running.open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def connectors(self) -> LoadReport:
        """What became of every connector that is installed or configured."""
        return self._running.roster.connectors

    @property
    def connection_names(self) -> list[str]:
        """The names of all configured connections."""
        return sorted(self._running.config.drafts)

    def connection(self, name: str) -> Connection:
        """Return the connection called `name`, to ask it what its connector can.

        Raises:
            ConnectionNotReady: It can't serve; says why.
        """
        return self._running.roster.connection(name)

    async def submit(self, result: Result) -> Acceptance:
        """Accept `result`: when this returns it's on disk, and will be delivered.

        Raises:
            InvalidResult: It holds something that can't be kept.
            ContentConflict: Its id is known with other content.
            OutboxError: The store can't take it.
        """
        (answer,) = await self.submit_many([result])
        if isinstance(answer, PassbackError):
            raise answer
        return answer

    async def submit_many(self, results: Iterable[Result]) -> list[Answer]:
        """Accept many results; return for each its acceptance, or why it isn't accepted.

        Raises:
            OutboxError: The store can't take them; those of the chunks before are accepted.
        """
        committer = self._running.committer
        answers: list[Answer] = []
        for chunk in chunks(results):
            answers += await take(chunk, self._running.routes, committer)
        return answers

    async def receive(self, connection: str, incoming: Incoming) -> Received:
        """Accept the results in what the system behind `connection` sent; return what to answer it.

        They belong to the connection's organisation, and don't go back to where they came from. A learner
        whom the system names by its own user is the one who has that account there, if one has.

        Raises:
            ConnectionNotReady: The connection can't serve; says why.
            Unsupported: Its connector receives nothing.
            ContractError: Its connector raised something, or answered nonsense.
            InvalidResult: A result in it can't be kept.
            ContentConflict: It was sent before with other content.
            OutboxError: The store can't take it; nothing of it is lost if it's sent again.
        """
        received = self.connection(connection).receive_results(incoming)
        await accept(received, connection, self._running)
        return received

    async def drain(self, seconds: float | None = None) -> bool:
        """Wait until nothing is pending; return whether that came within `seconds` (None: however long)."""
        try:
            async with asyncio.timeout(seconds):
                # Another process may deliver, so there is no event to wait for.
                while await self.pending():  # noqa: ASYNC110
                    await asyncio.sleep(_DRAIN_POLL)
        except TimeoutError:
            return False
        return True

    async def pending(self) -> bool:
        """Return whether anything is still to be sent."""
        return await self._overview.pending()

    async def totals(self) -> Totals:
        """Return the whole outbox in numbers, each connection with its health."""
        totals = await self._overview.totals()
        return attrs.evolve(totals, connections=as_configured(totals.connections, self._running.config))

    async def deliveries(self, selection: Selection | None = None, limit: int = 100) -> list[DeliveryState]:
        """Return deliveries as they stand, the newest change first."""
        return await self._overview.deliveries(selection or Selection(), limit, self._clock.now())

    async def steps(self, delivery: int) -> list[Step]:
        """Return what happened to the delivery with this number, the oldest first."""
        return await self._overview.steps(delivery)

    async def results(
        self, learner: str | Learner, organisation: str = DEFAULT_ORGANISATION
    ) -> list[Standing]:
        """Return where `learner` (or the learner with this id) stands in every activity, the latest first.

        Each with what is known of it, and where it was delivered.
        """
        known = learner.id if isinstance(learner, Learner) else learner
        return await self._overview.standings(organisation, known)

    def export(self, selection: Selection | None = None) -> AsyncIterator[Exported]:
        """Yield results with their deliveries, in the order in which they were accepted."""
        return export(self._running.store, selection or Selection(), self._clock.now())

    def users(
        self,
        connection: str,
        *,
        email: str | None = None,
        username: str | None = None,
        external_id: str | None = None,
    ) -> AsyncIterator[User]:
        """Yield the users of `connection` that match all that is given; everybody if nothing is.

        Raises:
            ConnectionNotReady: It can't serve; says why.
            Unsupported: Its system can't list users.
            ConnectionFailure: The system can't be asked.
        """
        query = UserQuery(email=email, username=username, external_id=external_id)
        return named(self.connection(connection).lookup_users(query), query)

    async def attach(self, activity: str, connection: str) -> None:
        """Send the results of `activity` to `connection` from now on, and those that went nowhere yet.

        Both belong to the organisation that the connection serves. It's kept in the outbox, beside what the
        configuration attaches.

        Raises:
            ConfigError: The configuration has no such connection, or `activity` is ``*``.
            InvalidResult: `activity` is no usable id.
        """
        if activity == "*":
            raise ConfigError('"*" means every activity, which only the configuration attaches (activities)')
        organisation = self._running.organisation(connection)
        attached = Attached(
            activity=Activity(id=activity).id, connection=connection, organisation=organisation
        )
        await self._attachments.attach(attached, self._clock.now())
        running = self._running
        now = self._clock.now()
        for name in await self._repair.route(running.routes, now, tell=not running.delivers):
            running.delivering.wake(name)

    async def detach(self, activity: str, connection: str) -> bool:
        """Send no further results of `activity` to `connection`; return whether it was attached.

        What was accepted for it still goes.

        Raises:
            ConfigError: The configuration has no such connection, or attaches the activity itself.
        """
        if connection in self._running.routes.connections(self._running.organisation(connection), activity):
            raise ConfigError(
                f"the configuration attaches {activity!r} to connection {connection!r}; "
                "take it out of its activities there, or list those it takes instead of *"
            )
        return await self._attachments.detach(activity, connection)

    async def attachments(self) -> list[Attached]:
        """Return which activities are attached to which connections; ``*`` stands for all of them."""
        return [*self._running.roster.attachments(), *await self._attachments.all()]

    async def replay(self, selection: Selection) -> int:
        """Send what `selection` chooses of the waiting, the rejected and what is put off; return how many.

        Where it names a connection that waits out an outage, that one is tried now.
        """
        return await self._repair.replay(selection, self._clock.now())

    async def replayable(self, selection: Selection) -> int:
        """Return how many deliveries `replay` would send once more."""
        return await self._repair.replayable(selection, self._clock.now())

    async def kept(self, learner: str | Learner, organisation: str = DEFAULT_ORGANISATION) -> Kept:
        """Return how much is kept of `learner`: what `erase` would remove, and overwrite elsewhere."""
        known = learner.id if isinstance(learner, Learner) else learner
        return await self._running.store.run_soft(kept, known, organisation)

    async def erase(self, learner: str | Learner, organisation: str = DEFAULT_ORGANISATION) -> int:
        """Remove everything that is known of `learner`; return how many results that were.

        What is on the wire may still arrive, and what has arrived is the LMS's. The totals still count what
        was accepted; what is kept of others says ``(erased)`` where it named the learner. A SQLite file is
        written anew without them, which others wait for; asked again, that is done again.

        Raises:
            OutboxNotRewritten: They are erased, but what was removed may still stand in the file; says why.
            OutboxError: The outbox can't do it, and all is as it was.
        """
        known = learner.id if isinstance(learner, Learner) else learner
        forget = forgetting(known, organisation, self._clock.now())
        return await Retention(self._running.store, RetentionPolicy()).erase(known, organisation, forget)

    async def check(self, name: str) -> CheckOutcome:
        """Press the test button of the connection called `name`."""
        return await press(self._running.roster, self._running.config, name)

    async def notices(self, limit: int = 100) -> list[Notice]:
        """Return the latest mails and webhooks that tell of connections, the newest first."""
        return await list_notices(self._running.store, limit)

    async def try_alerts(self, connection: str) -> Mapping[str, str]:
        """Send a test to whoever is told of `connection`.

        Returns:
            For each channel and recipient why it failed, empty if it didn't.

        Raises:
            ConfigError: The configuration has no such connection, or says nobody who is told.
        """
        return await try_alerts(self._running.config, self._clock, connection)

    async def gave_up(self) -> None:
        """Wait until delivery in this process ended by itself; `aclose` then raises why."""
        await self._running.delivering.gave_up.wait()

    async def aclose(self) -> None:
        """Stop delivering and close what is open; leaving the ``async with`` does it."""
        await self._running.close()

    async def reload(self) -> None:
        """Serve by the configuration file as it is now.

        It's read again by itself when it changes; call this where only a secret that it refers to did. What
        is on the wire arrives first.

        Raises:
            ExceptionGroup: Of `ConfigError`: it can't be used, and everything stays as it was.
        """
        await self._running.reload()

    def cancel(self) -> None:
        """Leave what is on the wire, for those who can't wait; it's sent again by whoever delivers next."""
        self._running.delivering.cancel()
