"""The reporting view of users, which alone finds them by e-mail (wire facts §2.2).

It's refreshed with a delay: who was only just created isn't there yet. Its column names are inferred.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

from passback import JSONValue, Response, ServerError
from passback_cornerstone.answers import require
from passback_cornerstone.api import Api

__all__ = ["numbers"]

_PATH = "/services/api/x/odata/api/views/vw_rpt_user"
_COLUMNS = "user_id,user_ref,user_email,user_login"
_MOST_PAGES = 100
_NUMBER = re.compile(r"[0-9]{1,18}")


async def numbers(api: Api, email: str) -> AsyncIterator[str]:
    """Yield the number of each user with that address.

    Raises:
        ConnectionFailure: The view can't be read, answers nonsense, or leads to another host.
    """
    quoted = email.replace("'", "''")
    target, query = _PATH, {"$filter": f"user_email eq '{quoted}'", "$select": _COLUMNS}
    seen = set[str]()
    for _ in range(_MOST_PAGES):
        answer = await api.get(target, query)
        require(answer, 200)
        rows, link = _read(answer)
        for number in (_number(row, answer) for row in rows if _is_about(row, email)):
            if number not in seen:
                seen.add(number)
                yield number
        if link is None:
            return
        target, query = _followed(api.url, link, answer), {}
    raise ServerError(f"GET {_PATH}: there are more than {_MOST_PAGES} pages for one e-mail address")


def _read(answer: Response) -> tuple[list[JSONValue], str | None]:
    document = answer.json()
    if not isinstance(document, dict) or not isinstance(document.get("value"), list):
        raise ServerError(
            f"{answer.asked} answered {answer.status} without the rows of a view; "
            "is the reporting API enabled for this portal?",
            status=answer.status,
        )
    rows, link = document["value"], document.get("@odata.nextLink")
    if link is not None and not isinstance(link, str):
        raise ServerError(f"{answer.asked}: the link to the next page is no text", status=answer.status)
    return rows if isinstance(rows, list) else [], link


def _followed(url: str, link: str, answer: Response) -> str:
    here = urlsplit(url)
    try:
        target = urljoin(f"{url}{_PATH}", link)
        there = urlsplit(target)
    except ValueError:
        raise _elsewhere(answer) from None
    if (there.scheme, there.netloc) != (here.scheme, here.netloc):
        raise _elsewhere(answer)
    return target


def _elsewhere(answer: Response) -> ServerError:
    return ServerError(
        f"{answer.asked}: the next page is on another host; nothing is sent there", status=answer.status
    )


def _is_about(row: JSONValue, email: str) -> bool:
    # A portal that ignores the filter lists everybody.
    found = row.get("user_email") if isinstance(row, dict) else None
    return isinstance(found, str) and found.casefold() == email.casefold()


def _number(row: JSONValue, answer: Response) -> str:
    number = row.get("user_id") if isinstance(row, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | str) or not _NUMBER.fullmatch(str(number)):
        raise ServerError(f"{answer.asked} lists a user without a user_id", status=answer.status)
    return str(number)
