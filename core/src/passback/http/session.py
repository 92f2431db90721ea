"""HTTP for one connection: timeouts, an address policy, and failures that tell apart what happened.

The only package that imports the HTTP libraries. Redirects aren't followed, cookies aren't kept, and neither
proxies nor ``.netrc`` are taken from the environment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import attrs
import msgspec

from passback.clock import Clock, SystemClock
from passback.errors import CannotConnect, PassbackError, ServerError
from passback.http import wire
from passback.http.address import AddressPolicy
from passback.http.asked import Asked, Query
from passback.http.conversation import MAX_BODY
from passback.http.quota import Meter, Quota
from passback.http.reaching import Reach
from passback.http.response import Response
from passback.http.sockets import idle
from passback.http.transport import Timeouts, Transport

__all__ = ["HTTP", "Exchange", "Timeouts"]

_UNREACHED: Mapping[type[Exception], str] = {
    wire.Cut: "it cut the connection",
    wire.NotReached: "not reached",
}
_USELESS = {
    wire.NoHTTP: " was answered with something that is no HTTP or breaks its rules; check address and port",
    wire.TooLarge: f" answered with more than {MAX_BODY // 2**20} MiB; that was not read",
    wire.Undecodable: " answered with a body that can't be decompressed",
}


@attrs.frozen(kw_only=True)
class Exchange:
    """One request and what came of it, for people: what a check tried.

    Attributes:
        asked: Method and address, without query.
        outcome: The status, or what went wrong.
        milliseconds: How long it took.
    """

    asked: str
    outcome: str
    milliseconds: int


_recorder: ContextVar[list[Exchange] | None] = ContextVar("passback_exchanges", default=None)


class HTTP:
    """Requests of one connection.

    Attributes:
        meter: What counts them.
    """

    def __init__(
        self,
        policy: AddressPolicy | None = None,
        timeouts: Timeouts | None = None,
        clock: Clock | None = None,
        quota: Quota | None = None,
    ) -> None:
        self._policy = policy or AddressPolicy()
        self._timeouts = timeouts or Timeouts()
        self._clock = clock or SystemClock()
        self.meter = Meter(quota or Quota(), self._clock)
        self._reach = Reach(self._policy, self._timeouts.connect)
        self._transport: Transport | None = None
        self._last: tuple[object, Asked] | None = None
        self._under_way = 0

    async def request(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: object = None,
        idempotent: bool | None = None,
        status_only: bool = False,
    ) -> Response:
        """Send one request and return the whole answer, whatever its status.

        Args:
            method: ``GET``, ``POST``, …
            url: Absolute, ``https`` unless the connection's policy allows ``http``. What is percent-encoded
                in it goes out as it stands, so that it can be signed.
            query: Parameters to add.
            headers: Headers to send. What stands in one that is called auth, key, token, secret, cookie or
                signature, alone or in a longer name, is hidden in the answer's `excerpt`; hide what stands
                elsewhere by `Response.hiding`. ``Host`` and a body's length are written without being asked.
            content: Body bytes, sent as they are; say in `headers` what they are (``content-type``).
            json: A body to send as JSON, instead of `content`.
            idempotent: Whether sending it twice does no harm; by default only for GET, HEAD and PUT. Such
                a request is sent once more if a connection from the pool turns out to be dead.
            status_only: Whether the answer's body is left out, so that none is too large, cut or damaged.

        Raises:
            CannotConnect: It wasn't reached or may not be, or it gave no whole answer in time.
            ServerError: The request can't be sent as it is, or the answer is too large or no HTTP.
            RateLimited: The connection's own quota is used up, and nothing was sent.
        """
        headers = headers or {}
        if json is not None:
            content = msgspec.json.encode(json)
            headers = {"content-type": "application/json", **headers}
        asked = self._asked(method, url, query or {}, headers)
        again = idempotent if idempotent is not None else method in ("GET", "HEAD", "PUT")
        started = time.monotonic()
        try:
            with self._in_use():
                response = await self._send(asked, content, again=again, status_only=status_only)
        except PassbackError as error:
            _record(asked, str(error).partition(": ")[2] or str(error), started)
            raise
        _record(asked, str(response.status), started)
        return response

    async def aclose(self) -> None:
        """Close what is open; the next request opens it anew."""
        idle().begin(self._let_go)
        if close := self._let_go():
            await close()

    def _let_go(self) -> Callable[[], Coroutine[None, None, None]] | None:
        transport, self._transport = self._transport, None
        return None if transport is None else transport.aclose

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        idle().begin(self._let_go)
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                idle().rest(self._let_go)

    @staticmethod
    @contextmanager
    def recording() -> Iterator[list[Exchange]]:
        """Collect the exchanges of everything called inside the ``with``."""
        exchanges: list[Exchange] = []
        token = _recorder.set(exchanges)
        try:
            yield exchanges
        finally:
            _recorder.reset(token)

    def _asked(self, method: str, url: str, query: Query, headers: Mapping[str, str]) -> Asked:
        # Most connections ask for the same again and again, with another body.
        if self._last is not None and not query and self._last[0] == (method, url, headers):
            return self._last[1]
        asked = Asked.of(method, url, query, headers)
        if asked.origin[0] == "http" and not self._policy.allow_http:
            raise CannotConnect(
                f"{asked.address} is not encrypted; use https://, "
                "or allow http for this connection (network.allow_http)"
            )
        if not query:
            self._last = ((method, url, dict(headers)), asked)
        return asked

    async def _send(self, asked: Asked, content: bytes | None, *, again: bool, status_only: bool) -> Response:
        for tried in (False, True):
            await self.meter.count()
            try:
                async with asyncio.timeout(self._timeouts.total):
                    return await self._exchange(asked, content, fresh=tried, status_only=status_only)
            except (wire.Cut, wire.Late, wire.NotReached, TimeoutError) as failure:
                # The other side may close an idle connection at the moment we take it from the pool.
                if isinstance(failure, wire.Cut) and failure.kept and again and not tried:
                    continue
                raise CannotConnect(_unreached(asked, failure)) from None
            except wire.Failure as failure:
                raise ServerError(f"{asked.short}{_useless(failure)}") from None
        raise AssertionError  # the second try ends one way or the other

    async def _exchange(
        self, asked: Asked, content: bytes | None, *, fresh: bool, status_only: bool
    ) -> Response:
        if self._transport is None or not self._transport.here:
            self._transport = Transport(self._reach, self._timeouts)
        answer = await self._transport.ask(asked, content, fresh=fresh, status_only=status_only)
        return Response(
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            asked=asked.short,
            received=self._clock.now(),
            secrets=asked.secrets,
        )


def _unreached(asked: Asked, failure: Exception) -> str:
    what = _UNREACHED.get(type(failure), "no answer in time")
    said = str(failure).strip()
    return f"{asked}: {what}{f' ({said})' if said else ''}"


def _useless(failure: wire.Failure) -> str:
    # What HTTP's own rules say of an answer quotes it, and with it perhaps a secret.
    why = f": {failure}" if isinstance(failure, wire.Undecodable) else ""
    return f"{_USELESS[type(failure)]}{why}"


def _record(asked: Asked, outcome: str, started: float) -> None:
    exchanges = _recorder.get()
    if exchanges is not None:
        took = round((time.monotonic() - started) * 1000)
        exchanges.append(Exchange(asked=str(asked), outcome=outcome, milliseconds=took))
