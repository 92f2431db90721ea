"""Which statements a read's filters let through."""

from collections.abc import Iterator

from passback_xapi.sandbox.comparison import identity
from passback_xapi.sandbox.query import Query
from passback_xapi.sandbox.store import Kept, Store, refers_to


def matches(kept: Kept, query: Query, store: Store) -> bool:
    """Tell whether a statement, or one it refers to, passes; time is a matter of the first alone."""
    if query.since is not None and kept.stored <= query.since:
        return False
    if query.until is not None and kept.stored > query.until:
        return False
    seen: set[str] = set()
    statement: dict[str, object] | None = kept.statement
    while statement is not None:
        if _passes(statement, query):
            return True
        target = refers_to(statement)
        found = store.get(target) if target and target not in seen else None
        seen.add(target or "")
        statement = found.statement if found else None
    return False


def _passes(statement: dict[str, object], query: Query) -> bool:
    if query.verb is not None and _inside(statement, "verb").get("id") != query.verb:
        return False
    if query.registration is not None:
        registration = str(_inside(statement, "context").get("registration"))
        if registration.lower() != query.registration.lower():
            return False
    if query.activity is not None and query.activity not in _activities(
        statement, related=query.related_activities
    ):
        return False
    return query.agent is None or query.agent in _agents(statement, related=query.related_agents)


def _activities(statement: dict[str, object], *, related: bool) -> Iterator[object]:
    target = _inside(statement, "object")
    if target.get("objectType", "Activity") == "Activity":
        yield target.get("id")
    if not related:
        return
    for entries in _inside(_inside(statement, "context"), "contextActivities").values():
        yield from (entry.get("id") for entry in _objects(entries))
    if target.get("objectType") == "SubStatement":
        yield from _activities(target, related=True)


def _agents(statement: dict[str, object], *, related: bool) -> Iterator[str | None]:
    target = _inside(statement, "object")
    yield from _persons(statement.get("actor"))
    yield from _persons(target)
    if not related:
        return
    context = _inside(statement, "context")
    for actor in (statement.get("authority"), context.get("instructor"), context.get("team")):
        yield from _persons(actor)
    for name in ("agent", "group"):
        for entry in _objects(context.get(f"context{name.capitalize()}s")):
            yield from _persons(entry.get(name))
    if target.get("objectType") == "SubStatement":
        yield from _agents(target, related=True)


def _persons(actor: object) -> Iterator[str | None]:
    yield identity(actor)
    if isinstance(actor, dict):
        yield from (identity(member) for member in _objects(actor.get("member")))


def _inside(found: dict[str, object], name: str) -> dict[str, object]:
    inner = found.get(name)
    return inner if isinstance(inner, dict) else {}


def _objects(entries: object) -> list[dict[str, object]]:
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
