"""Requests by aiohttp, which takes a third of the time that httpx2 takes.

It raises what httpx2's own transport raises in the same place, so nobody can tell the two apart but by the
clock: who isn't reached is told from who refuses in every case that delivery has to tell apart.
"""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

import aiohttp
import httpx2
from aiohttp import hdrs
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from passback.http.address import AddressPolicy, connect, plainly
from passback.http.wire import Answer, Question, folded, whole

__all__ = ["OverAiohttp"]

# aiohttp warns of what it would write in one piece.
_LARGE = 1 << 20
_LONGEST_LINE = 1 << 16
_UNASKED = (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT)


class OverAiohttp:
    """Sends requests by aiohttp."""

    def __init__(self, policy: AddressPolicy, tls: ssl.SSLContext, sockets: int, kept: float) -> None:
        self._session = aiohttp.ClientSession(
            connector=_Connector(policy, tls, sockets, kept),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_UNASKED,
            auto_decompress=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            # Whatever HTTP calls idempotent, aiohttp sends again by itself; here, connectors say what is.
            middlewares=(_once,),
        )

    def __del__(self) -> None:
        # Unlike httpx2, aiohttp complains of whoever wasn't closed even if no socket is open.
        self._session.detach()

    async def ask(self, question: Question) -> Answer:
        """Return the whole answer."""
        with _translated():
            answer = await self._session.request(
                question.method,
                _address(question.url),
                headers=question.headers,
                data=_body(question.content),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=question.total,
                    sock_connect=question.connect,
                    sock_read=question.read,
                ),
                allow_redirects=False,
            )
            try:
                body = await whole(_decoded(answer), question.most)
            finally:
                # After a body's end its socket is back in the pool; before it, nobody else can use it.
                answer.close()
        return Answer(status=answer.status, headers=folded(_texts(answer.raw_headers)), body=body)

    async def aclose(self) -> None:
        """Close all sockets."""
        await self._session.close()


class _Connector(aiohttp.BaseConnector):
    def __init__(self, policy: AddressPolicy, tls: ssl.SSLContext, sockets: int, kept: float) -> None:
        super().__init__(limit=sockets, keepalive_timeout=kept)
        self._policy = policy
        self._tls = tls

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: object,  # noqa: ARG002 - there are none
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
    ) -> ResponseHandler:
        loop = asyncio.get_running_loop()
        host, port = str(req.url.raw_host), int(req.url.port or 0)
        tls, name = (self._tls, host.rstrip(".")) if req.is_ssl() else (None, None)

        async def to(address: str) -> ResponseHandler:
            opened = await loop.create_connection(self._factory, address, port, ssl=tls, server_hostname=name)
            return opened[1]

        return await connect(self._policy, host, port, timeout.sock_connect, to)


def _address(url: httpx2.URL) -> URL:
    # Not all of it: aiohttp would send user information along.
    return URL(f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode()}", encoded=True)


def _body(content: bytes | None) -> bytes | io.BytesIO | None:
    return io.BytesIO(content) if content and len(content) > _LARGE else content


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        try:
            yield name.decode("ascii"), value.decode()
        except UnicodeDecodeError:
            yield name.decode("latin-1"), value.decode("latin-1")


def _decoded(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    if hdrs.CONTENT_ENCODING not in answer.headers:
        return answer.content.iter_any()
    # aiohttp knows one layer of compression only.
    return httpx2.Response(answer.status, headers=answer.raw_headers, stream=_Stream(answer)).aiter_bytes()


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.content.iter_any():
            yield part


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    with _translated():
        return await handler(request)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except aiohttp.ConnectionTimeoutError:
        raise httpx2.PoolTimeout("all its sockets are in use") from None
    except TimeoutError:
        raise httpx2.ReadTimeout("") from None
    except aiohttp.ClientResponseError as error:
        raise httpx2.RemoteProtocolError(f"illegal: {error.message}") from None
    except aiohttp.ClientPayloadError:
        raise httpx2.RemoteProtocolError("before its answer was complete") from None
    except aiohttp.ServerDisconnectedError:
        raise httpx2.RemoteProtocolError("before it answered") from None
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise httpx2.ReadError(plainly(error)) from None
    except (aiohttp.ClientError, ValueError) as error:
        raise httpx2.LocalProtocolError(str(error)) from None
