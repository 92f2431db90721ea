"""Tokens of our own, by which our learners are signed in elsewhere."""

from __future__ import annotations

import secrets
from datetime import timedelta

import msgspec
from joserfc import jwt
from joserfc.jwk import OctKey

from passback import (
    Clock,
    ConnectionFailure,
    JSONValue,
    ServiceMetadata,
    SignIn,
    SignInRequest,
    Unsupported,
)
from passback_jwt.addresses import local_path, with_query
from passback_jwt.algorithms import SYMMETRIC, Only
from passback_jwt.keys import KeyPair, pem_key
from passback_jwt.options import JwtOptions
from passback_jwt.templates import filled

__all__ = ["Mint"]


class Mint:
    """Makes tokens for learners."""

    def __init__(self, options: JwtOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._pair: KeyPair | None = None
        self._algorithm: str = SYMMETRIC
        if options.mint_private_key is not None:
            self._pair, able = pem_key(options.mint_private_key.get_secret_value(), private=True)
            self._algorithm = "RS256" if "RS256" in able else min(able)

    def sign_in(self, request: SignInRequest) -> SignIn:
        """Return where and with what `request`'s learner is signed in: for one browser, once.

        Raises:
            ConnectionFailure: Too little is known of the learner, or nothing is to be made.
        """
        url, options = self._options.mint_url, self._options
        if url is None:
            raise Unsupported("no tokens are made by this connection (mint_url)")
        now = self._clock.now()
        fields = {options.mint_parameter: self._token(request, int(now.timestamp()))}
        expires = now + timedelta(seconds=options.mint_seconds)
        if options.mint_by == "redirect":
            return SignIn(url=with_query(url, fields), expires=expires)
        return SignIn(url=url, fields=tuple(fields.items()), expires=expires)

    def published(self) -> ServiceMetadata:
        """Return the public key by which our tokens are verified, as a JWKS.

        Raises:
            Unsupported: There is none: a shared secret isn't published.
        """
        if self._pair is None:
            raise Unsupported("there is no key to publish: no tokens are made with a private key here")
        named = {"kid": self._options.mint_key_id} if self._options.mint_key_id else {}
        key = {**self._pair.as_dict(private=False), "use": "sig", "alg": self._algorithm, **named}
        return ServiceMetadata(
            body=msgspec.json.encode({"keys": [key]}), media_type="application/jwk-set+json"
        )

    def _token(self, request: SignInRequest, at: int) -> str:
        options = self._options
        claims: dict[str, JSONValue] = {
            **self._said(request),
            "iss": options.mint_issuer,
            "iat": at,
            "exp": at + options.mint_seconds,
            "jti": secrets.token_urlsafe(24),
        }
        if options.mint_audience is not None:
            claims["aud"] = options.mint_audience
        header = {"alg": self._algorithm, "typ": "JWT"}
        if options.mint_key_id is not None:
            header["kid"] = options.mint_key_id
        return jwt.encode(header, claims, self._key(), registry=Only(self._algorithm))

    def _key(self) -> KeyPair | OctKey:
        if self._pair is None and self._options.mint_secret is not None:
            return OctKey.import_key(self._options.mint_secret.get_secret_value().encode())
        if self._pair is None:
            raise Unsupported("no tokens are made by this connection (mint_secret)")
        return self._pair

    def _said(self, request: SignInRequest) -> dict[str, str]:
        learner, account = request.learner, request.account
        known = {
            "id": learner.id,
            "email": learner.address,
            "name": learner.name,
            "username": learner.username,
            "external_id": learner.external_id,
            "openid": learner.openid,
            # An id that was made up is nobody's over there.
            "user_id": account.user_id if account is not None and not account.anonymous else None,
            "activity": request.activity.id if request.activity is not None else None,
            "return_to": local_path(request.return_to),
        }
        made = {name: filled(text, known) for name, text in self._options.mint_claims.items()}
        for name in self._options.mint_required:
            if made[name] is None:
                raise ConnectionFailure(
                    f"too little is known of this learner for the claim {name!r} (mint_claims, mint_required)"
                )
        return {name: text for name, text in made.items() if text is not None}
