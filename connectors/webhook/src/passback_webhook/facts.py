"""What expressions are given: a result in the words of messages, and an answer."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from passback import (
    Assertion,
    Counters,
    IdentityRequest,
    JSONValue,
    Learner,
    Response,
    Result,
    ServerError,
    UserQuery,
    canonical,
)
from passback_webhook.expressions import ANYTHING, Names

__all__ = [
    "ANSWER",
    "IDENTITY",
    "LEARNER",
    "MESSAGE",
    "PAGE",
    "QUERY",
    "REQUEST",
    "SENT",
    "about_answer",
    "about_identity",
    "about_learner",
    "about_page",
    "about_query",
    "about_result",
]

LEARNER: Names = dict.fromkeys(
    ("id", "email", "name", "username", "external_id", "openid", "address"), ANYTHING
)
_NAMED: Names = {"id": ANYTHING, "name": ANYTHING}
_RESULT: Names = {
    **dict.fromkeys(("id", "kind", "at", "organisation", "started", "success", "completion"), ANYTHING),
    **dict.fromkeys(("progress", "duration", "extensions"), ANYTHING),
    "learner": LEARNER,
    "activity": _NAMED,
    "item": _NAMED,
    "score": dict.fromkeys(("raw", "min", "max", "scaled"), ANYTHING),
    "counters": dict.fromkeys(
        ("total_awards", "awards_unlocked", "total_tasks", "tasks_completed"), ANYTHING
    ),
}
MESSAGE: Names = {
    **dict.fromkeys(("event", "id", "now", "user"), ANYTHING),
    **dict.fromkeys(("last_activity", "course_started", "score", "percentage_complete"), ANYTHING),
    **dict.fromkeys(("total_awards", "awards_unlocked", "total_tasks", "tasks_completed"), ANYTHING),
    "learner": LEARNER,
    "activity": _NAMED,
    "item": _NAMED,
    "result": _RESULT,
}
ANSWER: Names = dict.fromkeys(("status", "headers", "body", "text"), ANYTHING)
PAGE: Names = {**dict.fromkeys(("status", "headers", "body", "text"), ANYTHING), "links": ANYTHING}
IDENTITY: Names = {
    "learner": LEARNER,
    "assertion": dict.fromkeys(("issuer", "subject", "attributes"), ANYTHING),
}
QUERY: Names = {"query": dict.fromkeys(("email", "username", "external_id"), ANYTHING)}
REQUEST: Names = dict.fromkeys(("method", "path", "query", "headers", "body"), ANYTHING)
SENT: Names = dict.fromkeys(("method", "path", "query", "headers", "body", "sent"), ANYTHING)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = 2**53
_LINK = re.compile(r'<([^<>]*)>\s*((?:;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^",;\s]*)\s*)*)')
_RELATION = re.compile(r';\s*rel\s*=\s*"?([\w -]+)"?', re.IGNORECASE)


def about_result(result: Result, now: datetime) -> dict[str, JSONValue]:
    """Return what a message can be made of; `user` is added by whoever knows it."""
    whole: dict[str, JSONValue] = msgspec.json.decode(canonical(result))
    counters, score = result.counters or Counters(), result.score
    return {
        "event": str(result.kind),
        "id": result.id,
        "now": _text(now),
        "learner": about_learner(result.learner),
        "activity": whole["activity"],
        "item": whole.get("item"),
        "last_activity": _text(result.at),
        "course_started": None if result.started is None else _milliseconds(result.started),
        "score": None if score is None or score.raw is None else _whole(score.raw),
        "percentage_complete": result.progress,
        "total_awards": counters.total_awards,
        "awards_unlocked": counters.awards_unlocked,
        "total_tasks": counters.total_tasks,
        "tasks_completed": counters.tasks_completed,
        "result": whole,
    }


def about_learner(learner: Learner) -> dict[str, JSONValue]:
    """Return a learner as expressions see them; `address` is the usable e-mail address, if there is one."""
    return {
        "id": learner.id,
        "email": learner.email,
        "name": learner.name,
        "username": learner.username,
        "external_id": learner.external_id,
        "openid": learner.openid,
        "address": learner.address,
    }


def about_identity(request: IdentityRequest) -> dict[str, JSONValue]:
    """Return the person of `request`, and what an identity provider said of them."""
    said = request.assertion
    return {
        "learner": about_learner(request.learner),
        "assertion": None if said is None else _about_assertion(said),
    }


def about_query(query: UserQuery) -> dict[str, JSONValue]:
    """Return what is looked for."""
    asked = {"email": query.email, "username": query.username, "external_id": query.external_id}
    return {"query": {**asked}}


def about_answer(answer: Response) -> dict[str, JSONValue]:
    """Return an answer without what the request proved itself with, as expressions make reasons of it.

    Raises:
        ServerError: There is more than can be looked through.
    """
    found = answer.without_secrets(about_page(answer))
    assert isinstance(found, dict)  # noqa: S101 - it's made of one
    return found


def about_page(answer: Response) -> dict[str, JSONValue]:
    """Return a page of users: `body` is null where it is no JSON, and `text` is then what it says instead."""
    body: JSONValue = None
    text: JSONValue = None
    try:
        body = answer.json()
    except ServerError:
        text = answer.body.decode("utf-8-sig", "replace").strip()
    return {
        "status": answer.status,
        "headers": {**answer.headers},
        "body": body,
        "text": text,
        "links": _links(answer.headers),
    }


def _about_assertion(said: Assertion) -> dict[str, JSONValue]:
    attributes: dict[str, JSONValue] = {name: [*values] for name, values in said.attributes.items()}
    return {"issuer": said.issuer, "subject": said.subject, "attributes": attributes}


def _links(headers: Mapping[str, str]) -> dict[str, JSONValue]:
    # RFC 8288, as far as paging needs it.
    found: dict[str, JSONValue] = {}
    for target, parameters in _LINK.findall(headers.get("link", "")):
        if relation := _RELATION.search(parameters):
            found |= dict.fromkeys(relation[1].lower().split(), target)
    return found


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _milliseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def _whole(number: float) -> int | float:
    # Halves go up, as people round; beyond that, a double has no places to round.
    return math.floor(number + 0.5) if abs(number) < _EXACT else number
