"""Sign-ins: a token that the school's own key signs, once, for a minute (wire facts §6.3)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import OctKey

from passback import Clock, ConnectionFailure, JSONValue, Learner, SignIn, SignInRequest
from passback_thoughtindustries.addresses import local_path
from passback_thoughtindustries.options import ThoughtIndustriesOptions

__all__ = ["Entrance"]

_ALGORITHM = "HS256"


class Entrance:
    """Signs learners in to one school."""

    def __init__(self, options: ThoughtIndustriesOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._key = OctKey.import_key(options.api_key.get_secret_value().encode())

    def sign_in(self, request: SignInRequest) -> SignIn:
        """Return where and with what `request`'s learner is signed in, once.

        Raises:
            ConnectionFailure: Too little is known of them, or what is to be opened isn't the school's.
        """
        now = self._clock.now()
        at = int(now.timestamp())
        claims: dict[str, JSONValue] = {
            # First, so that nothing of it stands for what follows.
            **(request.access.render_claims() if request.access is not None else {}),
            **self._person(request.learner),
            **self._page(request),
            "iat": at,
            "exp": at + self._options.sign_in_seconds,
            "jti": secrets.token_urlsafe(24),
        }
        token = jwt.encode({"alg": _ALGORITHM, "typ": "JWT"}, claims, self._key, algorithms=[_ALGORITHM])
        url, expires = (
            f"{self._options.url}/access/jwt",
            now + timedelta(seconds=self._options.sign_in_seconds),
        )
        if self._options.sign_in_by == "form":
            return SignIn(url=url, fields=(("jwt", token),), expires=expires)
        return SignIn(url=f"{url}?{urlencode({'jwt': token})}", expires=expires)

    def _person(self, learner: Learner) -> dict[str, JSONValue]:
        by = {"external_id": learner.external_id, "id": learner.id, "none": None}
        said: dict[str, JSONValue] = {
            "externalCustomerId": by[self._options.external_id],
            "email": learner.address,
        }
        known = {name: text for name, text in said.items() if text}
        if not known:
            raise ConnectionFailure(
                "neither an e-mail address nor an external id is known of this learner, and the school knows "
                "people by them (external_id)"
            )
        return {**known, **(self._names(learner) if self._options.send_names else {})}

    @staticmethod
    def _names(learner: Learner) -> dict[str, JSONValue]:
        # What is missing the school asks the learner for; a guess that is wrong stays.
        first, _, last = (learner.name or "").strip().rpartition(" ")
        return {"firstName": first.strip(), "lastName": last} if first.strip() and last else {}

    def _page(self, request: SignInRequest) -> dict[str, JSONValue]:
        if request.return_to:
            path = local_path(request.return_to, self._options.url)
            if path is None:
                raise ConnectionFailure(
                    "the page to go on to isn't one of the school's, so nobody is sent there"
                )
            return {"returnTo": path}
        if request.activity is None:
            return {}
        path = self._options.paths.get(request.activity.id)
        if path is None:
            raise ConnectionFailure(
                f"{request.activity.id[:100]!r} has no page at the school; add it to paths"
            )
        return {"returnTo": path}
