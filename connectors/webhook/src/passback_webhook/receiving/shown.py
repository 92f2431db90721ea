"""What a received body would become, for people."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from passback import Incoming, canonical
from passback_webhook.receiving.options import MappingOptions
from passback_webhook.receiving.receiver import Reader
from passback_webhook.receiving.refusal import Refused

__all__ = ["shown"]


def shown(options: MappingOptions, connection: str, incoming: Incoming) -> str:
    """Return, as text, which results `incoming` would become, or why it would be refused.

    It's taken for proven; a ``webhook-id`` for signed.
    """
    headers = {**incoming.headers}
    try:
        results, ignored = Reader(options, connection).results(incoming, headers, headers.get("webhook-id"))
    except Refused as refused:
        return f"nothing; it would be refused with {refused.status}: {refused}\n"
    return "\n".join(_lines([canonical(each) for each in results], ignored)) + "\n"


def _lines(results: Iterable[bytes], ignored: int) -> Iterable[str]:
    for each in results:
        yield msgspec.json.format(each, indent=2).decode()
    if ignored:
        yield f"# {ignored} of another kind than `events` has, which are ignored"
