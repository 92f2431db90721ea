"""Answers to reads of statements."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from passback_xapi.sandbox.actors import IDENTIFIERS
from passback_xapi.sandbox.answers import reply
from passback_xapi.sandbox.behaviour import Behaviour
from passback_xapi.sandbox.formats import written
from passback_xapi.sandbox.matching import matches
from passback_xapi.sandbox.query import SINGLE, form, parameters, query
from passback_xapi.sandbox.refusal import Refused
from passback_xapi.sandbox.store import Kept, Rest, Store


def read(request: Request, behaviour: Behaviour, store: Store) -> Response:
    """Answer a GET of one statement, or of a page of many."""
    given = parameters(request.query_params.multi_items())
    for name in SINGLE & given.keys():
        kept = _single(store, given[name], voided=name == "voidedStatementId")
        return _one(kept, form(given), behaviour)
    if "cursor" in given:
        rest = store.rest(given["cursor"])
        if rest is None:
            raise Refused(400, "cursor: is unknown")
        return _page(request.url.path, rest, store)
    asked = query(given)
    found = [identifier for identifier, kept in _visible(store) if matches(kept, asked, store)]
    ascending = not behaviour.newest_first if asked.ascending is None else asked.ascending
    ids = tuple(found if ascending else reversed(found))
    size = min(asked.limit or behaviour.page, behaviour.page)
    return _page(request.url.path, Rest(ids=ids, size=size, form=form(given)), store)


def _single(store: Store, identifier: str, *, voided: bool) -> Kept | None:
    return store.get(identifier) if voided == (identifier.lower() in store.voided()) else None


def _one(kept: Kept | None, asked: str, behaviour: Behaviour) -> Response:
    found = [] if kept is None else [_formed(kept.statement, asked)]
    if behaviour.single_get == "list":
        return reply({"statements": found}, headers=_through())
    if kept is None:
        raise Refused(404, "statementId: is unknown")
    modified = format_datetime(kept.stored, usegmt=True)
    return reply(found[0], headers={**_through(), "Last-Modified": modified})


def _visible(store: Store) -> Iterable[tuple[str, Kept]]:
    voided = store.voided()
    pairs = ((str(kept.statement["id"]).lower(), kept) for kept in store.all())
    return (pair for pair in pairs if pair[0] not in voided)


def _page(path: str, rest: Rest, store: Store) -> Response:
    now, later = rest.ids[: rest.size], rest.ids[rest.size :]
    # A statement voided since the first page is gone from the next.
    voided = store.voided()
    found = [kept for identifier in now if identifier not in voided and (kept := store.get(identifier))]
    more = ""
    if later:
        more = f"{path}?{urlencode({'cursor': store.set_aside(replace(rest, ids=later))})}"
    listed = [_formed(kept.statement, rest.form) for kept in found]
    return reply({"statements": listed, "more": more}, headers=_through())


def _through() -> dict[str, str]:
    return {"X-Experience-API-Consistent-Through": written(datetime.now(UTC))}


def _formed(statement: dict[str, object], asked: str) -> object:
    return _identified(statement) if asked == "ids" else statement


def _identified(value: object) -> object:
    """Reduce actors, verbs and activities to what identifies them."""
    if isinstance(value, list):
        return [_identified(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if not value.keys().isdisjoint(IDENTIFIERS):
        return {name: member for name, member in value.items() if name in {"objectType", *IDENTIFIERS}}
    kept = value.keys() - {"definition", "display"} - ({"name"} if "member" in value else set())
    whole = {"extensions", "attachments", "result"}
    return {
        name: value[name] if name in whole else _identified(value[name]) for name in value if name in kept
    }
