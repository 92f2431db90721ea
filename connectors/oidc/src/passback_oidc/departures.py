"""Where a browser is sent: to sign in, and to sign out."""

from __future__ import annotations

import base64
import hashlib
import secrets

from passback import Departure, SignInStart, SignOutStart
from passback_oidc.addresses import with_query
from passback_oidc.metadata import Metadata
from passback_oidc.options import OidcOptions
from passback_oidc.presets import Preset

__all__ = ["NONCE", "VERIFIER", "sign_in", "sign_out"]

NONCE, VERIFIER = "nonce", "verifier"
"""What is kept until the browser is back."""

# Servers and proxies take addresses of 8 KiB at least; an ID token with groups may be as long.
_LONGEST = 4000


def sign_in(metadata: Metadata, options: OidcOptions, preset: Preset, request: SignInStart) -> Departure:
    """Return where a browser signs in: the code flow, with PKCE whatever the provider says of it."""
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    parameters = {
        "response_type": "code",
        "client_id": options.client_id,
        "redirect_uri": request.place.callback,
        "scope": " ".join(options.scopes),
        "state": request.state,
        "nonce": nonce,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
        **preset.parameters(),
        **({"login_hint": request.hint} if request.hint else {}),
    }
    return Departure(
        url=with_query(metadata.authorization_endpoint, parameters),
        kept={NONCE: nonce, VERIFIER: verifier},
    )


def sign_out(metadata: Metadata, options: OidcOptions, request: SignOutStart) -> Departure | None:
    """Return where a browser signs out (RP-Initiated Logout 1.0); None where that isn't offered."""
    if not options.sign_out or not metadata.end_session_endpoint:
        return None
    hint = request.assertion.session
    parameters = {
        **({"id_token_hint": hint} if hint else {}),
        "client_id": options.client_id,
        "post_logout_redirect_uri": request.place.signed_out,
    }
    url = with_query(metadata.end_session_endpoint, parameters)
    if len(url) <= _LONGEST:
        return Departure(url=url)
    return Departure(url=metadata.end_session_endpoint, fields=tuple(parameters.items()))


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
