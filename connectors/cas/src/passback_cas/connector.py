"""The connector: a browser to the CAS server and back, and the server's word on the ticket it brings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

import attrs

from passback import (
    Assertion,
    Connector,
    Context,
    Departure,
    Observation,
    Response,
    Sample,
    SampleReading,
    ServerError,
    SignInPlace,
    SignInRefused,
    SignInReturn,
    SignInStart,
    SignOutStart,
)
from passback_cas.answers import Answer, NotCas, Refusal, read
from passback_cas.inspecting import clock, encryption, verdict
from passback_cas.options import CasOptions
from passback_cas.tickets import fingerprint, service, ticket

__all__ = ["CasConnector"]

_OK = 200
# A server forgets a ticket within minutes; nobody can present it after that.
_REMEMBERED = timedelta(days=1)
_MADE_UP = "ST-passback-check"
# RFC 2606: a name that is nobody's.
_NOWHERE = "https://passback.invalid/check"


class CasConnector(Connector[CasOptions]):
    """Signs people in by a CAS server."""

    def __init__(self, context: Context[CasOptions]) -> None:
        super().__init__(context)
        version = "p3/" if self.options.protocol == 3 else ""  # noqa: PLR2004 - the version is the name
        self._validator = f"{self.options.url}/{version}serviceValidate"

    async def check(self) -> None:
        """Have a made-up ticket refused: whatever the code, that is what a CAS server does."""
        await self._probe(_NOWHERE)

    async def start_sign_in(self, request: SignInStart) -> Departure:
        """Return the server's sign-in page, with our callback and its state as the service."""
        query = {"service": service(request.place.callback, request.state)}
        if self.options.renew:
            query["renew"] = "true"
        return Departure(url=f"{self.options.url}/login?{urlencode(query)}")

    async def finish_sign_in(self, request: SignInReturn) -> Assertion:
        """Ask the server about the ticket, and return what it says."""
        if request.kept is None:
            raise SignInRefused("this sign-in didn't begin here; begin it at our own sign-in address")
        if request.incoming.method != "GET":
            raise SignInRefused("a CAS server sends the browser back by GET")
        given = ticket(request.incoming.query)
        answer = await self._validate(given, service(request.place.callback, request.state))
        return attrs.evolve(
            self._assertion(self._read(answer)),
            once=fingerprint(self.options.url, given),
            expires=self.clock.now() + _REMEMBERED,
        )

    async def start_sign_out(self, request: SignOutStart) -> Departure:
        """Return the server's sign-out page (§2.3); where it allows that, it leads back here."""
        query = urlencode({"service": request.place.signed_out})
        return Departure(url=f"{self.options.url}/logout?{query}")

    async def inspect_provider(self, place: SignInPlace) -> Sequence[Observation]:
        """Return what the server makes of our callback."""
        answer, code = await self._probe(service(place.callback, "check"))
        return (
            encryption(self.options.url),
            Observation(what="sign-in page", said=f"{self.options.url}/login"),
            Observation(what="service to register", said=f"{place.callback}?state=…"),
            verdict(code),
            clock(answer),
        )

    def read_sample(self, sample: Sample) -> SampleReading:
        """Return what an answer of ``serviceValidate`` that was copied says."""
        try:
            assertion = self._assertion(read(sample.body))
        except (NotCas, SignInRefused) as problem:
            said = f"this is {problem}" if isinstance(problem, NotCas) else str(problem)
            return SampleReading(observations=(Observation(what="answer", said=said, verdict="problem"),))
        return SampleReading(
            assertion=assertion, observations=(Observation(what="answer", said="it would be accepted"),)
        )

    async def _probe(self, meant: str) -> tuple[Response, str]:
        answer = await self._validate(_MADE_UP, meant)
        try:
            self._read(answer)
        except Refusal as refused:
            return answer, refused.code
        except SignInRefused as refused:
            raise ServerError(f"{answer.asked} answered {_OK}, but {refused}", status=_OK) from None
        raise ServerError(
            f"{answer.asked} accepts a ticket that was made up; this is no CAS server to trust", status=_OK
        )

    async def _validate(self, given: str, meant: str) -> Response:
        query = {"service": meant, "ticket": given}
        if self.options.renew:
            query["renew"] = "true"
        # Once: the first request uses the ticket up, whatever becomes of the answer.
        answer = await self.http.request(
            "GET",
            self._validator,
            query=query,
            headers={"accept": "application/xml, text/xml"},
            idempotent=False,
        )
        answer = answer.hiding((given,))
        answer.require(_OK)
        return answer

    def _read(self, answer: Response) -> Answer:
        try:
            return read(answer.body)
        except NotCas as problem:
            raise ServerError(
                f"{answer.asked} answered {_OK} with {problem}; is this the address of a CAS server?",
                status=_OK,
            ) from None

    def _assertion(self, said: Answer) -> Assertion:
        name = self.options.attribute
        values = (said.user,) if name is None else said.attributes.get(name, ())
        if len(values) != 1 or not values[0].strip():
            raise SignInRefused(
                f"the attribute {name!r} (subject) needs exactly one value, not {len(values)}"
            )
        return Assertion(
            issuer=self.options.url,
            subject=values[0],
            subject_kind="cas:user" if name is None else f"cas:attr:{name}",
            attributes=said.attributes,
        )
