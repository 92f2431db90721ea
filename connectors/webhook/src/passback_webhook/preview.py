"""What would be sent, for people: the request for one result, without any secret."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import msgspec

from passback import Activity, Clock, Counters, Delivery, Item, Learner, Result, ResultKind, Score
from passback_webhook.auth import OAuth2Auth
from passback_webhook.calling import proof_shown
from passback_webhook.expressions import ANYTHING, Expression, ExpressionFailed
from passback_webhook.messages import Author, NobodyToName
from passback_webhook.options import WebhookOptions
from passback_webhook.outgoing import Outgoing, outgoing, together

__all__ = ["preview", "sample"]

_PART_OF_IT = 0.5


def sample(event: ResultKind, at: datetime) -> Result:
    """Return a made-up result that has every field."""
    done = event in (ResultKind.COMPLETED, ResultKind.PASSED)
    return Result(
        id="sample-1",
        kind=event,
        at=at.astimezone(UTC),
        learner=Learner(
            id="E-1001", email="ana@example.com", name="Ana Bell", username="ana.b", external_id="E-1001"
        ),
        activity=Activity(id="crane-1", name="Crane safety"),
        item=Item(id="item-1", name="The first") if event.concerns_item else None,
        started=at.astimezone(UTC) - timedelta(minutes=30),
        score=Score(raw=70, min=0, max=100, scaled=0.7),
        success=event is not ResultKind.FAILED if done or event is ResultKind.FAILED else None,
        completion=done,
        progress=1.0 if done else _PART_OF_IT,
        duration=timedelta(minutes=30),
        counters=Counters(total_awards=4, awards_unlocked=2, total_tasks=10, tasks_completed=5),
    )


def preview(options: WebhookOptions, clock: Clock, result: Result) -> str:
    """Return, as text, what would be sent for `result`, or why nothing would."""
    author = Author(options, clock)
    if not author.writes(result.kind):
        return f"nothing: {result.kind} isn't among this connection's events\n"
    try:
        message = author.message(Delivery(id=1, result=result))
        wrap = options.array.wrap if options.array else None
        expression = None if wrap is None else Expression(wrap, ANYTHING)
        request = together([message], expression) if options.array else outgoing(message)
    except NobodyToName as nobody:
        return f"nothing; it waits for an account: {nobody}\n"
    except ExpressionFailed as failure:
        return f"nothing; it would be rejected: {failure}\n"
    return "\n".join(_lines(options, clock, request)) + "\n"


def _lines(options: WebhookOptions, clock: Clock, request: Outgoing) -> Iterable[str]:
    at = str(int(clock.now().timestamp()))
    headers = {**request.headers, **proof_shown(options, request.id, at)}
    if isinstance(options.auth, OAuth2Auth):
        yield f"# with a token from {options.auth.token_url.partition('?')[0]}"
    yield f"{request.method} {request.url}"
    yield from (f"{name}: {text}" for name, text in headers.items())
    if request.content:
        yield ""
        yield _content(request)


def _content(request: Outgoing) -> str:
    if request.headers.get("content-type") == "application/json":
        return msgspec.json.format(request.content, indent=2).decode()
    fields = parse_qsl(request.content.decode(), keep_blank_values=True)
    return "\n".join(f"{name} = {text}" for name, text in fields)
