"""One rule's scene: fresh sandboxes, each reached through the proxy, and connections to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from pydantic import ValidationError

from passback.clock import Clock
from passback.connection import Connection
from passback.contract import Options
from passback.http import HTTP, AddressPolicy, Timeouts
from passback.model import Delivery
from passback.sandbox import Stage
from passback.testing.breaking import Broken
from passback.testing.clocks import Unhurried
from passback.testing.conformance import Conformance, capabilities
from passback.testing.proxy import Record
from passback.testing.stand import Stand

__all__ = ["HASTY", "LOOPBACK", "PATIENT", "Scene", "Take", "validated"]

HASTY = Timeouts(connect=2.0, read=0.3, total=1.0)
PATIENT = Timeouts(connect=5.0, read=10.0, total=20.0)
LOOPBACK = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
_NAME = "conformance"


class Take:
    """A sandbox of its own, and connections to it.

    Attributes:
        suite: What the author wrote.
        sandbox: The sandbox.
        record: What the proxy sees, and plays.
        url: Where the sandbox is reached.
        clock: The clock by which connections go.
        connection: A connection to it.
    """

    def __init__(
        self, suite: Conformance[Any], sandbox: Stage, record: Record, url: str, timeouts: Timeouts
    ) -> None:
        self.suite = suite
        self.sandbox = sandbox
        self.record = record
        self.url = url
        self.clock: Clock = suite.clock(sandbox)
        self._timeouts = timeouts
        self._closing = AsyncExitStack()
        self.connection = self.connect()

    @property
    def waits(self) -> int:
        """How often the connector waited, as it should, before it asked again."""
        return self.clock.waits if isinstance(self.clock, Unhurried) else 0

    @property
    def batch(self) -> int:
        """The most deliveries in one call."""
        return self.suite.connector.sending.batch

    def connect(self) -> Connection:
        """Return one more connection, as after a restart."""
        connection = self.unopened()
        self._closing.push_async_callback(connection.aclose)
        return connection

    def be_patient(self) -> None:
        """Go on with a connection that waits as long as it needs."""
        self._timeouts = PATIENT
        self.connection = self.connect()

    def unopened(self) -> Connection:
        """Return a connection that the rule closes itself."""
        http = HTTP(LOOPBACK, self._timeouts, self.clock)
        return Connection(_NAME, self.suite.connector, self.options(), http, self.clock)

    def options(self, **more: object) -> Options:
        """Return the connection's options, validated."""
        return validated(self.suite, self.given() | more)

    def given(self) -> dict[str, object]:
        """Return the connection's options as they were given."""
        given: Mapping[str, object] = self.suite.options(self.sandbox, self.url)
        return dict(given)

    def deliveries(self, *numbers: int) -> list[Delivery]:
        """Return deliveries that the system takes."""
        return [self.suite.delivery(self.sandbox, number) for number in numbers]

    def arrived(self) -> list[str]:
        """Return the marks of what arrived."""
        return list(self.suite.arrived(self.sandbox))

    async def close(self) -> None:
        """Close the connections."""
        await self._closing.aclose()


class Scene:
    """What a rule is played in.

    Attributes:
        suite: What the author wrote.
        able: What the connector can do.
        stand: Where sandboxes are served.
        collected: The rules that are run in this session.
    """

    def __init__(self, suite: Conformance[Any], stand: Stand, collected: Sequence[str] = ()) -> None:
        self.suite = suite
        self.able = capabilities(type(suite))
        self.stand = stand
        self.collected = collected

    @asynccontextmanager
    async def take(self, timeouts: Timeouts = PATIENT, *, url: str | None = None) -> AsyncIterator[Take]:
        """Serve a fresh sandbox; the connection goes to `url`, where one is given, and not to the proxy."""
        sandbox = self.suite.sandbox()
        record, reached = self.stand.begin(sandbox)
        take = Take(self.suite, sandbox, record, url or reached, timeouts)
        try:
            yield take
        finally:
            await take.close()


def validated(suite: Conformance[Any], given: Mapping[str, object]) -> Options:
    """Return options as the core would make them of a configuration.

    Raises:
        Broken: They aren't valid.
    """
    try:
        return suite.connector.options_type.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'options'}: {each['msg']}" for each in error.errors()
        )
        raise Broken(f"the options that {type(suite).__name__} gives aren't valid: {problems}") from None
