"""What a read of statements asks for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from passback_xapi.sandbox import actors, body, formats
from passback_xapi.sandbox.comparison import identity
from passback_xapi.sandbox.refusal import Invalid, Refused

SINGLE = frozenset({"statementId", "voidedStatementId"})
_BESIDE_SINGLE = frozenset({"attachments", "format"})
_FLAGS = ("related_activities", "related_agents", "attachments", "ascending")
_KNOWN = SINGLE | {
    "agent",
    "verb",
    "activity",
    "registration",
    "since",
    "until",
    "limit",
    "format",
    "cursor",
    *_FLAGS,
}


@dataclass(frozen=True, kw_only=True)
class Query:
    """The filters of a read of many statements; None and False filter nothing."""

    agent: str | None
    verb: str | None
    activity: str | None
    registration: str | None
    related_agents: bool
    related_activities: bool
    since: datetime | None
    until: datetime | None
    limit: int
    ascending: bool | None


def unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return parameters by name, none given twice."""
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise Refused(400, f"{name}: is given twice")
        given[name] = value
    return given


def parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters of a read, all of them known and allowed beside each other."""
    given = unique(pairs)
    for name in given.keys() - _KNOWN:
        raise Refused(400, f"{name}: is no parameter of this resource")
    single = given.keys() & SINGLE
    if len(single) > 1:
        raise Refused(400, "statementId: is not allowed beside voidedStatementId")
    if single and given.keys() - single - _BESIDE_SINGLE:
        raise Refused(400, f"{single.pop()}: is allowed only with attachments and format")
    if "cursor" in given and len(given) > 1:
        raise Refused(400, "cursor: is allowed only alone")
    if _flag(given, "attachments"):
        raise Refused(501, "attachments: the sandbox keeps none")
    for name in given.keys() & single:
        _formed(given, name, formats.is_uuid, "a UUID")
    return given


def form(given: Mapping[str, str]) -> str:
    """Return the form a read asks its statements in."""
    asked = given.get("format", "exact")
    if asked == "canonical":
        raise Refused(501, "format: the sandbox plays ids and exact")
    if asked not in {"ids", "exact"}:
        raise Refused(400, "format: must be ids, exact or canonical")
    return asked


def query(given: Mapping[str, str]) -> Query:
    """Read the filters of parameters already found to be allowed."""
    return Query(
        agent=_agent(given),
        verb=_formed(given, "verb", formats.is_iri, "an IRI"),
        activity=_formed(given, "activity", formats.is_iri, "an IRI"),
        registration=_formed(given, "registration", formats.is_uuid, "a UUID"),
        related_agents=_flag(given, "related_agents") or False,
        related_activities=_flag(given, "related_activities") or False,
        since=_instant(given, "since"),
        until=_instant(given, "until"),
        limit=int(_formed(given, "limit", _is_count, "a whole number, zero or more") or 0),
        ascending=_flag(given, "ascending"),
    )


def _agent(given: Mapping[str, str]) -> str | None:
    if "agent" not in given:
        return None
    try:
        agent = body.parsed(given["agent"].encode())
        actors.identified(agent, "agent")
    except Invalid as invalid:
        raise Refused(400, f"agent: {invalid}") from invalid
    return identity(agent)


def _formed(given: Mapping[str, str], name: str, test: Callable[[str], bool], what: str) -> str | None:
    if name in given and not test(given[name]):
        raise Refused(400, f"{name}: must be {what}")
    return given.get(name)


def _instant(given: Mapping[str, str], name: str) -> datetime | None:
    _formed(given, name, lambda text: formats.instant(text) is not None, "an RFC 3339 timestamp with a zone")
    return formats.instant(given[name]) if name in given else None


def _flag(given: Mapping[str, str], name: str) -> bool | None:
    asked = _formed(given, name, lambda text: text in {"true", "false"}, "true or false")
    return None if asked is None else asked == "true"


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10  # noqa: PLR2004 - no store pages by billions
