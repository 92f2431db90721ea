"""The list of users, in pages."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from passback_webhook.sandbox.behaviour import Behaviour, Person
from passback_webhook.sandbox.refusal import Refused

_FILTERS = {"mail": "mail", "login": "login", "number": "number"}


async def list_users(request: Request, behaviour: Behaviour) -> JSONResponse:
    """Answer with one page of users.

    Raises:
        Refused: A parameter is no number, or the cursor is none that was given out.
    """
    people = [each for each in behaviour.users if not behaviour.filters or _wanted(each, request)]
    start, size = _start(request, behaviour), behaviour.page
    page = people[start : start + size]
    more = start + size < len(people)
    body: dict[str, object] = {"data": [_shown(each) for each in page], "total": len(people)}
    headers = {}
    following = f"{request.url.path}?{_without(request)}from={start + size}"
    if behaviour.paging == "cursor":
        body["cursor"] = f"c-{start + size}" if more else None
    elif behaviour.paging == "next":
        body["links"] = {"next": following if more else None}
    elif behaviour.paging == "link" and more:
        headers["Link"] = f'<{following}>; rel="next", </users>; rel="first"'
    return JSONResponse(body, headers=headers)


def _start(request: Request, behaviour: Behaviour) -> int:
    given = request.query_params
    try:
        if behaviour.paging == "page":
            return (int(given.get("page", "1")) - 1) * behaviour.page
        if behaviour.paging == "offset":
            return int(given.get("offset", "0"))
        if behaviour.paging == "cursor":
            return int(given.get("cursor", "c-0").removeprefix("c-"))
        return int(given.get("from", "0"))
    except ValueError:
        raise Refused(400, "malformed", "the page is no number") from None


def _wanted(person: Person, request: Request) -> bool:
    return all(
        getattr(person, field).lower() == request.query_params[name].lower()
        for name, field in _FILTERS.items()
        if name in request.query_params
    )


def _without(request: Request) -> str:
    return "".join(f"{name}={text}&" for name, text in request.query_params.items() if name != "from")


def _shown(person: Person) -> dict[str, object]:
    return {
        "id": person.id,
        "mail": person.mail,
        "login": person.login,
        "number": person.number,
        "name": {"first": person.first, "last": person.last},
        "state": person.state,
    }
