"""A request becomes results: proven, read, translated, all of it or nothing."""

from __future__ import annotations

import logging

from passback import Clock, Incoming, JSONValue, Received, Result
from passback_webhook.expressions import Budget, Expression, ExpressionFailed
from passback_webhook.facts import REQUEST
from passback_webhook.receiving.bodies import once, parsed
from passback_webhook.receiving.endpoint import TokenEndpoint
from passback_webhook.receiving.options import MappingOptions, ReceiveOptions
from passback_webhook.receiving.proofs import Proofs, secrets_of
from passback_webhook.receiving.readers import Event
from passback_webhook.receiving.refusal import Refused
from passback_webhook.receiving.tokens import Tokens
from passback_webhook.receiving.translating import Translator

__all__ = ["Reader", "Receiver"]

log = logging.getLogger(__name__)

_TOKEN = "token"  # noqa: S105 - where tokens are given out
# What the core accepts in one transaction.
_MOST = 500


class Receiver:
    """Takes what one connection's sender sends."""

    def __init__(self, options: ReceiveOptions, connection: str, clock: Clock) -> None:
        self._connection = connection
        tokens = Tokens(connection, options.client_id, secrets_of(options))
        gives = options.secrets and "token" in options.ways
        self._endpoint = TokenEndpoint(options, tokens, clock) if gives else None
        self._proofs = Proofs(options, tokens, clock)
        self._reader = Reader(options, connection)

    def received(self, incoming: Incoming) -> Received:
        """Return the results in `incoming`, and the answer: a token, that it's taken, or why not."""
        if self._endpoint is not None and incoming.path == _TOKEN:
            return self._endpoint.answer(incoming)
        try:
            signed = self._proofs.require(incoming)
            results, ignored = self._reader.results(incoming, self._proofs.without(incoming), signed)
        except Refused as refused:
            log.warning(
                "connection %r: what was sent isn't taken: %d, %s", self._connection, refused.status, refused
            )
            return Received(status=refused.status, body={"error": str(refused)}, headers=refused.headers)
        return Received(
            status=200, results=tuple(results), body={"accepted": len(results), "ignored": ignored}
        )


class Reader:
    """Reads the results in what is proven."""

    def __init__(self, options: MappingOptions, connection: str) -> None:
        self._items = Expression(options.items, REQUEST)
        self._translator = Translator(options, connection)

    def results(
        self, incoming: Incoming, headers: dict[str, str], signed: str | None
    ) -> tuple[list[Result], int]:
        """Return the results in `incoming`, and how many of its events are none of those that are taken.

        Args:
            incoming: The request.
            headers: Its headers, but for those that prove it.
            signed: The id under which it was signed.

        Raises:
            Refused: It can't be read, or an event in it says something that no result can hold.
        """
        facts = _about(incoming, headers)
        budget = Budget()
        found = self._found(facts, budget)
        if not isinstance(found, list):
            return self._taken([self._translator.result(Event({**facts, "sent": found}, budget), signed)])
        results = []
        for at, sent in enumerate(found):
            try:
                event = Event({**facts, "sent": sent}, budget)
                results.append(self._translator.result(event, signed and f"{signed} {at}"))
            except Refused as refused:
                raise Refused(refused.status, f"[{at}]: {refused}") from None
        return self._taken(results)

    def _found(self, facts: JSONValue, budget: Budget) -> JSONValue:
        try:
            found = self._items.value(facts, budget)
        except ExpressionFailed as failure:
            raise Refused(422, f"items: {failure}") from None
        if not isinstance(found, dict | list):
            raise Refused(422, f"expected an event, or a list of them, in {self._items.text}")
        if isinstance(found, list) and len(found) > _MOST:
            raise Refused(413, f"at most {_MOST} events are taken at once, got {len(found)}")
        return found

    def _taken(self, found: list[Result | None]) -> tuple[list[Result], int]:
        results: dict[str, Result] = {}
        for each in found:
            if each is None:
                continue
            if results.setdefault(each.id, each) != each:
                raise Refused(422, "two events of this request have the same id and say different things")
        return list(results.values()), found.count(None)


def _about(incoming: Incoming, headers: dict[str, str]) -> dict[str, JSONValue]:
    return {
        "method": incoming.method,
        "path": incoming.path,
        "query": once(incoming.query),
        "headers": {**headers},
        "body": parsed(incoming.body, incoming.headers),
    }
