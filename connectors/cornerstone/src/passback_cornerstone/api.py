"""The tenant's APIs: requests with a token of its OAuth2 application (wire facts §2.1)."""

from __future__ import annotations

from passback import (
    HTTP,
    ClientCredentials,
    Clock,
    OAuth2,
    RateLimited,
    Response,
    ServerError,
)
from passback_cornerstone.answers import next_minute, require
from passback_cornerstone.api_options import ApiOptions
from passback_cornerstone.envelopes import as_told

__all__ = ["Api"]

_UNAUTHORIZED, _TOO_MANY = 401, 429
_GOOD = range(200, 300)
_VERDICTS = (400, 404, 409, 422, 501)
_NAMES = {"grant_type": "grantType", "client_id": "clientId", "client_secret": "clientSecret"}


class Api:
    """The APIs of one tenant.

    Attributes:
        url: The portal's origin.
        options: How they are used.
    """

    def __init__(self, url: str, options: ApiOptions, http: HTTP, clock: Clock) -> None:
        self.url = url
        self.options = options
        self._clock = clock
        credentials = ClientCredentials(
            token_url=f"{url}/services/api/oauth2/token",
            client_id=options.client_id,
            client_secret=options.client_secret.get_secret_value(),
            scope=_scope(options),
            send=options.credentials_as,
            names=_NAMES if options.credentials_as == "json" else {},
            headers={"cache-control": "no-cache"},
        )
        self._oauth = OAuth2(http, credentials, clock)

    async def renew(self) -> None:
        """Get a new token.

        Raises:
            ConnectionFailure: None is given.
        """
        try:
            await self._oauth.renew()
        except RateLimited as limited:
            raise self._until_next_minute(limited) from None

    async def get(self, path: str, query: dict[str, str]) -> Response:
        """Read `path`, which is absolute or begins with a slash.

        Raises:
            ConnectionFailure: It can't be reached, or doesn't accept the client.
        """
        return await self._ask("GET", path, query=query)

    async def patch(self, path: str, document: dict[str, object]) -> Response:
        """Change what is at `path`.

        Raises:
            ConnectionFailure: It can't be reached, or doesn't accept the client.
        """
        return await self._ask("PATCH", path, document=document)

    async def _ask(
        self, method: str, path: str, query: dict[str, str] | None = None, document: object = None
    ) -> Response:
        url = f"{self.url}{path}" if path.startswith("/") else path
        try:
            answer = await self._oauth.request(method, url, query=query, json=document)
        except RateLimited as limited:
            raise self._until_next_minute(limited) from None
        answer = as_told(answer, written=method != "GET")
        if answer.status == _UNAUTHORIZED:
            raise ServerError(
                f"{answer.asked} answered 401 to a new token: the OAuth2 application lacks the scope for it, "
                "or its service user the permission",
                status=answer.status,
            )
        # What a proxy says is no verdict on a result or a user.
        if answer.status in (*_GOOD, *_VERDICTS) and answer.is_page:
            raise ServerError(
                f"{answer.asked} answered {answer.status} with something that is no JSON; "
                "is this the portal's address?",
                status=answer.status,
            )
        if answer.status == _TOO_MANY:
            require(answer)
        return answer

    def _until_next_minute(self, limited: RateLimited) -> RateLimited:
        if limited.until is not None:
            return limited
        return RateLimited(str(limited), until=next_minute(self._clock.now()))


def _scope(options: ApiOptions) -> str:
    if options.scope is not None:
        return options.scope
    scopes = ["employee:read", "transcript:update"]
    scopes += ["vw_rpt_user:read"] if options.email_view else []
    scopes += ["learningassignment:read", "learningassignment:update"] if options.progress else []
    return " ".join(scopes)
