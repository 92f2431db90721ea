"""Acme Learn's connector, which can do everything: what its mutants do wrong, it does right."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr

from passback import (
    Activity,
    Batch,
    ClientCredentials,
    Connector,
    Context,
    CourseListRequest,
    Delivered,
    Delivery,
    IdentityProposal,
    IdentityRequest,
    Incoming,
    InvalidResult,
    JSONValue,
    Launch,
    LaunchQuery,
    Learner,
    OAuth2,
    Options,
    Receipt,
    Received,
    Rejected,
    Response,
    Result,
    Sending,
    ServerError,
    SignIn,
    SignInRequest,
    User,
    UserQuery,
    UserUnknown,
    basic_auth,
)

_FRESH = timedelta(minutes=5)


class AcmeOptions(Options):
    """Options of a connection to Acme Learn."""

    url: str = Field(description="The address of the customer's Acme Learn.")
    client: str = Field(description="The API client.")
    secret: SecretStr = Field(description="Its secret.")
    signing: SecretStr = Field(description="The key by which Acme Learn signs what it sends.")


class AcmeConnector(Connector[AcmeOptions]):
    """Acme Learn."""

    sending = Sending(batch=3, concurrency=2)
    filters = frozenset({"email"})

    def __init__(self, context: Context[AcmeOptions]) -> None:
        super().__init__(context)
        credentials = ClientCredentials(
            token_url=f"{self.options.url}/token",
            client_id=self.options.client,
            client_secret=self.options.secret.get_secret_value(),
        )
        self._oauth = OAuth2(self.http, credentials, self.clock)

    async def check(self) -> None:
        await self._oauth.renew()
        answer = await self._ask("GET", f"{self.options.url}/me")
        answer.require(200)
        _document(answer)

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        asked = {"email": query.email} if query.email else {}
        address: str | None = f"{self.options.url}/users"
        seen: set[str] = set()
        while address is not None:
            if address in seen:
                raise ServerError("GET /users: a page came twice")
            seen.add(address)
            answer = await self._ask("GET", address, query=asked)
            answer.require(200)
            for item in _items(answer, "users"):
                yield User(id=_text(item, "id"), email=_mail(item), username=_text(item, "login"))
            address, asked = self._next(answer), {}

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        address = request.learner.address
        if request.assertion is not None:
            said = request.assertion.attributes.get("email", ())
            address = Learner(id="-", email=said[0]).address if len(said) == 1 and said[0].strip() else None
        return None if address is None else IdentityProposal(user_id=address, matched_by="email")

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        receipts: list[Receipt] = []
        ways: dict[str, list[Delivery]] = {}
        for delivery in batch.deliveries:
            ways.setdefault(self._way(delivery), []).append(delivery)
        for address, deliveries in ways.items():
            receipts += await self._send(address, deliveries)
        return receipts

    def read_launch(self, query: LaunchQuery) -> Launch | None:
        user, token, callback = (query.get(f"acme_{name}") for name in ("user", "token", "callback"))
        if not user or not token or not callback or not self._is_own(callback):
            return None
        return Launch(user_id=user, parameters={"token": token, "callback": callback})

    def receive_results(self, incoming: Incoming) -> Received:
        at, _, given = incoming.headers.get("acme-signature", "").partition(",")
        key = self.options.signing.get_secret_value().encode()
        right = hmac.new(key, at.encode() + b"." + incoming.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(given.encode(), right.encode()):
            return Received(status=401)
        if abs(incoming.received.timestamp() - int(at)) > _FRESH.total_seconds():
            return Received(status=401)
        try:
            return self._read(incoming)
        except (InvalidResult, ValueError, LookupError, TypeError, RecursionError):
            return Received(status=400)

    def _read(self, incoming: Incoming) -> Received:
        said = json.loads(incoming.body)
        learner, activity = Learner(id=f"acme:{said['user']}"), Activity(id=said["activity"])
        moment = datetime.fromisoformat(said["at"])
        return Received(
            results=(Result(id=said["id"], kind="completed", at=moment, learner=learner, activity=activity),)
        )

    async def sign_in_url(self, request: SignInRequest) -> SignIn:
        user = "" if request.account is None else request.account.user_id
        answer = await self._ask("POST", f"{self.options.url}/users/{quote(user, safe='')}/login")
        answer.require(200)
        address = _text(_document(answer), "url")
        if urlsplit(address).scheme not in ("http", "https"):
            raise ServerError("POST /login: the answer has no address")
        return SignIn(url=address)

    def list_courses(self, request: CourseListRequest) -> Received:
        right = basic_auth(self.options.client, self.options.secret.get_secret_value())
        given = request.incoming.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), right.encode()):
            return Received(status=401)
        return Received(status=200, body=[each.activity.id for each in request.courses])

    async def _ask(self, method: str, address: str, **parts: object) -> Response:
        answer = await self._oauth.request(method, address, **parts)
        return answer.hiding([self.options.secret.get_secret_value()])

    async def _send(self, address: str, deliveries: Sequence[Delivery]) -> list[Receipt]:
        items = [_item(each) for each in deliveries]
        answer = await self._ask("POST", address, json=items, idempotent=True)
        answer.require(200, 202)
        said = {_text(each, "id"): each for each in _items(answer, "results")}
        return [_receipt(each, said.get(each.result.id)) for each in deliveries]

    def _way(self, delivery: Delivery) -> str:
        if delivery.launch is not None:
            return delivery.launch.parameters["callback"]
        return f"{self.options.url}/results"

    def _next(self, answer: Response) -> str | None:
        following = _document(answer).get("next")
        if following is None:
            return None
        if not isinstance(following, str) or not self._is_own(following):
            raise ServerError("GET /users: the next page is somewhere else")
        return following

    def _is_own(self, address: str) -> bool:
        try:
            parts, own = urlsplit(address), urlsplit(self.options.url)
        except ValueError:
            return False
        return (parts.scheme, parts.netloc) == (own.scheme, own.netloc) and address.isprintable()


def _item(delivery: Delivery) -> dict[str, JSONValue]:
    result = delivery.result
    score = None if result.score is None else result.score.scaled
    spent = None if result.duration is None else result.duration.total_seconds()
    at, name = result.utc.isoformat(), result.learner.name
    more = {"at": at, "name": name, "score": score, "passed": result.success, "spent": spent}
    return {**_fact(delivery), **more, "progress": result.progress}


def _fact(delivery: Delivery) -> dict[str, JSONValue]:
    result, account = delivery.result, delivery.account
    user = result.learner.id if account is None else account.user_id
    return {"id": result.id, "user": user, "activity": result.activity.id, "kind": str(result.kind)}


def _receipt(delivery: Delivery, said: dict[str, JSONValue] | None) -> Receipt:
    if said is None:
        raise ServerError("POST /results: the answer says nothing of a result")
    if said.get("ok") is True:
        return Delivered(delivery.id)
    error = str(said.get("error"))
    return UserUnknown(delivery.id, error) if "user" in error else Rejected(delivery.id, error)


def _document(answer: Response) -> dict[str, JSONValue]:
    found = answer.json()
    if not isinstance(found, dict):
        raise ServerError(f"{answer.asked} answered JSON that is no object")
    return found


def _items(answer: Response, key: str) -> list[dict[str, JSONValue]]:
    found = _document(answer).get(key)
    items = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else None
    if items is None or not isinstance(found, list) or len(items) < len(found):
        raise ServerError(f"{answer.asked} answered without a list of {key}")
    return items


def _mail(item: dict[str, JSONValue]) -> str | None:
    return None if item.get("mail") is None else _text(item, "mail")


def _text(item: dict[str, JSONValue], key: str) -> str:
    found = item.get(key)
    if not isinstance(found, str) or not found:
        raise ServerError(f"the answer has no {key}")
    return found
