"""Requests by httpx2's own transport."""

from __future__ import annotations

import ssl

import httpcore2
import httpx2

from passback.http.address import AddressPolicy, GuardedBackend
from passback.http.wire import Answer, Question, folded, whole

__all__ = ["OverHttpx2"]


class OverHttpx2:
    """Sends requests by httpx2."""

    def __init__(self, policy: AddressPolicy, tls: ssl.SSLContext, sockets: int, kept: float) -> None:
        self._transport = httpx2.AsyncHTTPTransport(trust_env=False, verify=tls)
        # The transport offers no place for a network backend; its pool does.
        self._transport._pool = httpcore2.AsyncConnectionPool(  # noqa: SLF001
            ssl_context=tls,
            max_connections=sockets,
            keepalive_expiry=kept,
            network_backend=GuardedBackend(policy),
        )

    async def ask(self, question: Question) -> Answer:
        """Return the whole answer."""
        request = httpx2.Request(
            question.method, question.url, headers=question.headers, content=question.content
        )
        request.extensions["timeout"] = {
            "connect": question.connect,
            "read": question.read,
            "write": question.read,
            "pool": question.total,
        }
        answer = await self._transport.handle_async_request(request)
        try:
            body = await whole(answer.aiter_bytes(), question.most)
        finally:
            await answer.aclose()
        return Answer(status=answer.status_code, headers=folded(answer.headers.multi_items()), body=body)

    async def aclose(self) -> None:
        """Close all sockets."""
        await self._transport.aclose()
