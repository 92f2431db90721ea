"""One HTTP request to an LRS."""

import base64
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

# A proxy has nothing to do with loopback, whatever the environment says.
_opener = build_opener(ProxyHandler({}))


def call(
    method: str, url: str, key: str, secret: str, body: bytes | None = None, timeout: float = 30
) -> tuple[int, bytes]:
    """Send a request with an LRS client's headers, and return the status and the body of any answer.

    Raises:
        OSError: There was no answer.
    """
    headers = {
        "Authorization": authorization(key, secret),
        "X-Experience-API-Version": "1.0.3",
        "Content-Type": "application/json",
    }
    request = Request(url, data=body, headers=headers, method=method)  # noqa: S310 -- addresses of our own servers
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except HTTPError as answer:
        with answer:
            return answer.code, answer.read()
    except (HTTPException, URLError) as error:
        raise ConnectionError(str(error)) from error


def authorization(key: str, secret: str) -> str:
    """Return the header value that carries these credentials."""
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()
