"""Employees as the tenant's API has them, read with care (wire facts §2.2)."""

from __future__ import annotations

from passback import JSONValue, Response, ServerError, User

__all__ = ["records", "user"]

_LONGEST = 1024


def records(answer: Response) -> tuple[list[JSONValue], JSONValue]:
    """Return the list that an answer holds, and the document that it is.

    A bare array is known, an object with ``data``, and one employee alone.

    Raises:
        ServerError: It holds no list.
    """
    document = answer.json()
    if isinstance(document, list):
        return document, document
    if isinstance(document, dict):
        data = document if "guid" in document else document.get("data")
        if isinstance(data, list):
            return data, document
        if isinstance(data, dict):
            return [data], document
    raise ServerError(
        f"{answer.asked} answered {answer.status} without a list; is this the portal's address?",
        status=answer.status,
    )


def user(record: JSONValue, asked: str) -> User:
    """Return the user that `record` is about; their guid is their id, because results are addressed by it.

    Raises:
        ServerError: It has no guid, or something else than text where text belongs.
    """
    if not isinstance(record, dict):
        raise ServerError(f"{asked} lists something that is no employee")
    guid = _text(record, "guid", asked)
    if guid is None:
        raise ServerError(f"{asked} lists an employee without a guid, by which results are addressed")
    worker = record.get("workerStatus")
    names = [_text(record, name, asked) for name in ("firstName", "lastName")]
    return User(
        # A guid is the same however it's written; whoever compares ids doesn't know that.
        id=guid.lower(),
        email=_text(record, "primaryEmail", asked) or _text(record, "personalEmail", asked),
        username=_text(record, "userName", asked),
        external_id=_text(record, "externalId", asked),
        name=" ".join(name for name in names if name) or None,
        active=not (isinstance(worker, dict) and worker.get("active") is False),
    )


def _text(record: dict[str, JSONValue], name: str, asked: str) -> str | None:
    value = record.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ServerError(f"{asked} lists an employee whose {name} is no text")
    return value
