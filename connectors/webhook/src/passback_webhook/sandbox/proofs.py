"""What a request must carry."""

import base64
import hmac

from starlette.requests import Request

from passback_webhook.sandbox.behaviour import Behaviour
from passback_webhook.sandbox.refusal import Refused
from passback_webhook.sandbox.tokens import Tokens


def require_proof(request: Request, behaviour: Behaviour, tokens: Tokens) -> None:
    """Check what a request proves itself with.

    Raises:
        Refused: It doesn't.
    """
    given = request.headers.get("authorization", "")
    if behaviour.auth == "oauth2":
        scheme, _, token = given.partition(" ")
        good = scheme == "Bearer" and tokens.accepts(token)
    elif behaviour.auth == "basic":
        pair = f"{behaviour.username}:{behaviour.password}".encode()
        good = _same(given, f"Basic {base64.b64encode(pair).decode()}")
    elif behaviour.auth == "key":
        good = _same(request.headers.get(behaviour.key_header, ""), behaviour.key)
    else:
        good = True
    if not good:
        raise Refused(401, "unauthorized", "the credentials are missing or wrong")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
