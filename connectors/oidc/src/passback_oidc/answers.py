"""What a browser brings back from the provider (RFC 6749 §4.1.2, RFC 9207)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Mapping

from passback import SignInRefused, SignInReturn

__all__ = ["read_code"]

_NAMES = frozenset({"code", "state", "iss", "error"})
_CODE = re.compile(r"[\x20-\x7e]{1,8192}")
_ERROR = re.compile(r"[a-z][a-z0-9_.-]{0,59}")
_MEANING: Mapping[str, str] = {
    "access_denied": "the person gave up, or may not use this application there",
    "invalid_request": "it doesn't take our request; is the redirect URI registered?",
    "unauthorized_client": "our client may not sign people in; check how it is registered",
    "unsupported_response_type": "our client may not use the authorization code flow",
    "invalid_scope": "it doesn't know a scope, or doesn't grant it; check scopes",
    "server_error": "it failed; try again",
    "temporarily_unavailable": "it is overloaded or being serviced; try again",
    "login_required": "nobody is signed in there",
    "interaction_required": "it has something to ask the person first",
    "consent_required": "somebody must consent to the application there",
}


def read_code(request: SignInReturn, issuers: Collection[str], *, must_name: bool) -> str:
    """Return the code that an answer brings.

    Args:
        request: The answer.
        issuers: Who may have given it.
        must_name: Whether the provider always says who it is.

    Raises:
        SignInRefused: It brings none, or isn't the provider's that was asked.
    """
    given = _parameters(request)
    if not hmac.compare_digest(given.get("state", "").encode(), request.state.encode()) or not request.state:
        raise SignInRefused("state: the answer is to another sign-in")
    # Before anything else of it is believed, an error included (RFC 9207 §2.4).
    _check_issuer(given.get("iss"), issuers, must_name=must_name)
    if "error" in given:
        raise SignInRefused(_said(given["error"]))
    code = given.get("code", "")
    if not _CODE.fullmatch(code):
        raise SignInRefused("code: the answer has none, and no error either")
    return code


def _parameters(request: SignInReturn) -> dict[str, str]:
    if request.incoming.method != "GET":
        raise SignInRefused("the answer came by a form; we asked for it in the address (response_mode=query)")
    found: dict[str, str] = {}
    for name, value in request.incoming.query:
        if name in _NAMES and name in found:
            raise SignInRefused(f"{name}: the answer has more than one")
        found.setdefault(name, value)
    return found


def _check_issuer(named: str | None, issuers: Collection[str], *, must_name: bool) -> None:
    if named is None and must_name:
        raise SignInRefused("iss: the answer doesn't say whose it is, which this provider always does")
    if named is not None and named not in issuers:
        raise SignInRefused("iss: the answer is another provider's than the one that was asked")


def _said(error: str) -> str:
    if not _ERROR.fullmatch(error):
        return "the provider answered with an error"
    meaning = _MEANING.get(error)
    return f"the provider answered {error}{f': {meaning}' if meaning else ''}"
