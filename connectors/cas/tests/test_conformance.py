"""The connector keeps what Passback asks of every connector, at a small CAS server of its own."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from passback import Departure, Incoming
from passback.sandbox import Stage
from passback.testing import Conformance
from passback_cas import CasConnector

ANSWER = '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{}</cas:serviceResponse>'
SUCCESS = ANSWER.format("<cas:authenticationSuccess><cas:user>ana</cas:user></cas:authenticationSuccess>")
FAILURE = ANSWER.format('<cas:authenticationFailure code="INVALID_TICKET"/>')


class Cas(Stage):
    """Validates each ticket once, for the service that it was given out for."""

    title = "CAS"

    def __init__(self) -> None:
        self.tickets: dict[str, str] = {}
        super().__init__(Starlette(routes=[Route("/p3/serviceValidate", self._validate)]))

    def give(self, service: str) -> str:
        """Give out a ticket."""
        ticket = f"ST-{secrets.token_hex(8)}"
        self.tickets[ticket] = service
        return ticket

    def guide(self, url: str) -> str:
        return url

    def _validate(self, request: Request) -> Response:
        service = self.tickets.pop(request.query_params["ticket"], None)
        good = service is not None and service == request.query_params["service"]
        return Response(SUCCESS if good else FAILURE, media_type="text/xml")


class TestCas(Conformance[Cas]):
    connector = CasConnector

    def sandbox(self) -> Cas:
        return Cas()

    def options(self, sandbox: Cas, url: str) -> Mapping[str, object]:
        return {"url": url}

    def sign_in(self, sandbox: Cas, departure: Departure) -> Incoming:
        (service,) = parse_qs(urlsplit(departure.url).query)["service"]
        query = (*parse_qsl(urlsplit(service).query), ("ticket", sandbox.give(service)))
        return Incoming(method="GET", query=query, received=datetime.now(UTC))
