"""The resources of the store, and the rules that hold for every request."""

import base64
import binascii
import hmac
import re
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from passback_xapi.sandbox.answers import error, reply
from passback_xapi.sandbox.behaviour import Behaviour
from passback_xapi.sandbox.reading import read
from passback_xapi.sandbox.refusal import Refused
from passback_xapi.sandbox.store import Store
from passback_xapi.sandbox.validation import Edition
from passback_xapi.sandbox.writing import Writer

BASE = "/xapi/"
_VERSION_HEADER = "X-Experience-API-Version"
_VERSION = re.compile(r"([12]\.0)(?:\.\d+)?", re.ASCII)


class Resources:
    """The resources of one store."""

    def __init__(self, behaviour: Behaviour, store: Store) -> None:
        self._behaviour = behaviour
        self._store = store

    def application(self) -> Starlette:
        """Make the ASGI application that serves them."""
        # Starlette adds HEAD to every route that has GET.
        routes = [Route(f"{BASE}statements", self._statements, methods=["GET", "PUT", "POST"])]
        if self._behaviour.about:
            routes.append(Route(f"{BASE}about", self._about, methods=["GET"]))
        application = Starlette(routes=routes, exception_handlers={HTTPException: self._refuse})
        application.router.redirect_slashes = False
        return application

    async def _about(self, _request: Request) -> Response:
        listed = {"version": list(self._behaviour.versions), "extensions": {}}
        return self._versioned(reply(listed), self._newest())

    async def _statements(self, request: Request) -> Response:
        version = self._newest()
        try:
            self._authenticate(request)
            edition = self._edition(request)
            version = self._newest(edition)
            response = await self._answer(request, edition)
        except Refused as refused:
            response = error(refused.status, refused.message)
            if refused.status == 401:  # noqa: PLR2004 - the one status that has a header of its own
                response.headers["WWW-Authenticate"] = 'Basic realm="sandbox"'
        return self._versioned(response, version)

    async def _answer(self, request: Request, edition: Edition) -> Response:
        writer = Writer(self._behaviour, self._store, edition)
        if request.method == "PUT":
            return await writer.put(request)
        if request.method == "POST":
            return await writer.post(request)
        return read(request, self._behaviour, self._store)

    async def _refuse(self, _request: Request, exception: Exception) -> Response:
        refused = cast("HTTPException", exception)
        response = error(refused.status_code, refused.detail)
        response.headers.update(refused.headers or {})
        return self._versioned(response, self._newest())

    def _authenticate(self, request: Request) -> None:
        header = request.headers.get("Authorization")
        if header is None:
            raise Refused(self._behaviour.missing_credentials_status, "Authorization: is required")
        scheme, _, encoded = header.partition(" ")
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            given = b""
        expected = f"{self._behaviour.key}:{self._behaviour.secret}".encode()
        if not hmac.compare_digest(given, expected) or scheme.lower() != "basic":
            raise Refused(401, "Authorization: wrong key or secret")

    def _edition(self, request: Request) -> Edition:
        given = request.headers.get(_VERSION_HEADER)
        if given is None and not self._behaviour.version_required:
            given = self._newest()
        if given is None:
            raise Refused(400, f"{_VERSION_HEADER}: is required")
        found = _VERSION.fullmatch(given)
        offered = {version[:3] for version in self._behaviour.versions}
        if found is None or found[1] not in offered:
            raise Refused(400, f"{_VERSION_HEADER}: is not one of {', '.join(self._behaviour.versions)}")
        return cast("Edition", found[1])

    def _newest(self, line: str = "") -> str:
        versions = (version for version in self._behaviour.versions if version.startswith(line))
        return max(versions, key=lambda version: [int(part) for part in version.split(".")])

    def _versioned(self, response: Response, version: str) -> Response:
        if self._behaviour.version_header:
            response.headers[_VERSION_HEADER] = version
        return response
