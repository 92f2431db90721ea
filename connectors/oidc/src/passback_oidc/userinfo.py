"""What the userinfo endpoint adds to an ID token (OpenID Connect Core §5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from passback import HTTP, JSONValue, ServerError, SignInRefused
from passback_oidc.documents import document

__all__ = ["ask_userinfo", "merged"]

Claims: TypeAlias = Mapping[str, JSONValue]


async def ask_userinfo(http: HTTP, url: str, access_token: str, subject: JSONValue) -> Claims:
    """Return what is said about `subject`, the person of the ID token.

    Raises:
        SignInRefused: It's about somebody else (§5.3.2: tokens could have been swapped).
        ConnectionFailure: The provider doesn't say.
    """
    answer = await http.request("GET", url, headers={"authorization": f"Bearer {access_token}"})
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/jwt":
        raise ServerError(
            f"{answer.asked} answered with a signed document, which isn't supported; switch that off there, "
            'or set userinfo = "never"',
            status=answer.status,
        )
    said = document(answer)
    if said.get("sub") != subject:
        raise SignInRefused("userinfo: it is about somebody else than the ID token")
    return said


def merged(claims: Claims, userinfo: Claims) -> Claims:
    """Return both; where both say something, the ID token counts, because it's signed."""
    both = {**userinfo, **claims}
    both.pop("email_verified", None)
    verdicts = [
        said["email_verified"]
        for said in (claims, userinfo)
        if "email_verified" in said and _is_about(both.get("email"), said)
    ]
    if verdicts:
        # Where they contradict each other it isn't verified: such an address opens accounts.
        agreed = all(each == verdicts[0] for each in verdicts)
        both["email_verified"] = verdicts[0] if agreed else False
    return both


def _is_about(email: JSONValue, said: Claims) -> bool:
    # That one address is verified says nothing of another's, nor of one that isn't named.
    return said["email"] == email if "email" in said else said["email_verified"] is False
