"""A connector to an identity provider, invented: a code comes back, and is exchanged for who it is."""

import json
import secrets
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr

from passback import (
    Assertion,
    Connector,
    Departure,
    JSONValue,
    Observation,
    Options,
    Response,
    Sample,
    SampleReading,
    ServerError,
    ServiceMetadata,
    SignInPlace,
    SignInRefused,
    SignInReturn,
    SignInStart,
    SignOutStart,
)


class DoorOptions(Options):
    """Options of a connection to the customer's door."""

    url: str = Field(description="The provider's address.")
    secret: SecretStr = Field(description="What proves us there.")


class DoorConnector(Connector[DoorOptions]):
    """The customer's door."""

    async def check(self) -> None:
        await self._authorize()

    async def start_sign_in(self, request: SignInStart) -> Departure:
        nonce = secrets.token_hex(8)
        authorize = await self._authorize()
        query = urlencode({"state": request.state, "nonce": nonce, "to": request.place.callback})
        return Departure(url=f"{authorize}?{query}", kept={"nonce": nonce})

    async def finish_sign_in(self, request: SignInReturn) -> Assertion:
        given = dict(request.incoming.query)
        code = given.get("code", "")
        nonce = (request.kept or {}).get("nonce")
        if not nonce or not code.isalnum() or len(code) > 100:
            raise SignInRefused("there is no code, or nobody here asked for it")
        answer = await self._ask("POST", "exchange", {"code": code})
        if answer.status == 400:
            raise SignInRefused("the provider doesn't take the code")
        answer.require(200)
        said = _document(answer)
        if said.get("nonce") != nonce:
            raise SignInRefused("the code belongs to another browser")
        return Assertion(issuer=self.options.url, subject=_text(said, "subject"), session=code)

    async def start_sign_out(self, request: SignOutStart) -> Departure | None:
        if not request.assertion.session:
            return None
        query = urlencode({"session": request.assertion.session, "to": request.place.signed_out})
        return Departure(url=f"{self.options.url}/leave?{query}")

    async def inspect_provider(self, place: SignInPlace) -> Sequence[Observation]:
        address = await self._authorize()
        return [Observation(what="sign-in", said=f"people sign in at {address}")]

    def publish_metadata(self, place: SignInPlace) -> ServiceMetadata:
        body = f"people come back to {place.callback}"
        return ServiceMetadata(body=body.encode(), media_type="text/plain")

    def read_sample(self, sample: Sample) -> SampleReading:
        try:
            said = json.loads(sample.body)
            subject = str(said["subject"])
        except (ValueError, KeyError, TypeError, RecursionError):
            wrong = Observation(what="sample", said="it is no answer of the provider's", verdict="problem")
            return SampleReading(observations=(wrong,))
        return SampleReading(assertion=Assertion(issuer=self.options.url, subject=subject))

    async def _authorize(self) -> str:
        answer = await self._ask("GET", "provider")
        answer.require(200)
        address = _text(_document(answer), "authorize")
        if urlsplit(address).scheme not in ("http", "https"):
            raise ServerError("GET /provider: the answer has no address")
        return address

    async def _ask(self, method: str, path: str, body: object = None) -> Response:
        headers = {"authorization": f"Bearer {self.options.secret.get_secret_value()}"}
        return await self.http.request(method, f"{self.options.url}/{path}", headers=headers, json=body)


def _document(answer: Response) -> dict[str, JSONValue]:
    found = answer.json()
    if not isinstance(found, dict):
        raise ServerError(f"{answer.asked} answered JSON that is no object")
    return found


def _text(item: dict[str, JSONValue], key: str) -> str:
    found = item.get(key)
    if not isinstance(found, str) or not found:
        raise ServerError(f"the answer has no {key}")
    return found
