"""A second opinion on what an LRS holds: reading and writing it without Passback."""

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

from passback_testbed.calls import call


def walk(url: str, key: str, secret: str, page: int = 100) -> Iterator[dict[str, Any]]:
    """Yield every statement of an LRS, following its `more` links to the end.

    Args:
        url: The LRS's xAPI endpoint.
        key: The client's name.
        secret: The client's password.
        page: How many statements to ask for at a time; an LRS may give fewer.

    Raises:
        ConnectionError: The LRS refused a page.
    """
    link: str | None = f"{url}/statements?limit={page}"
    while link:
        status, body = call("GET", link, key, secret)
        if status != HTTPStatus.OK:
            raise ConnectionError(f"{status} from {link}: {body[:500]!r}")
        content = json.loads(body)
        yield from content["statements"]
        # A path from the root of the host, or a whole address: the standard allows both.
        more = content.get("more")
        link = urljoin(link, more) if more else None


def post(url: str, key: str, secret: str, statements: Sequence[dict[str, Any]]) -> tuple[int, str]:
    """Send statements as one batch, and return the status and the text of the answer."""
    body = json.dumps(list(statements)).encode()
    status, answer = call("POST", f"{url}/statements", key, secret, body)
    return status, answer.decode()
