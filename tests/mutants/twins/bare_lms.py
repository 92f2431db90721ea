"""A connector to a system that recognises no repetition: it looks before it writes again."""

from collections.abc import Sequence

from pydantic import Field, SecretStr

from passback import (
    AlreadyThere,
    Batch,
    Connector,
    Delivered,
    Delivery,
    Options,
    Receipt,
    Response,
    ServerError,
    UserUnknown,
)


class BareOptions(Options):
    """Options of a connection to Acme Learn's older API."""

    url: str = Field(description="The address of the customer's Acme Learn.")
    token: SecretStr = Field(description="An API token.")


class BareConnector(Connector[BareOptions]):
    """Acme Learn, by its older API."""

    async def check(self) -> None:
        answer = await self._ask("GET", "me")
        answer.require(200)
        if not isinstance(answer.json(), dict):
            raise ServerError("GET /me answered JSON that is no object")

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        (delivery,) = batch.deliveries
        if delivery.unsure and await self._is_there(delivery):
            return [AlreadyThere(delivery.id)]
        result = delivery.result
        item = {"id": result.id, "user": _user(delivery), "activity": result.activity.id, "kind": result.kind}
        answer = await self._ask("POST", "records", json=item)
        if answer.status == 422:
            return [UserUnknown(delivery.id, answer.excerpt())]
        answer.require(201)
        return [Delivered(delivery.id)]

    async def _is_there(self, delivery: Delivery) -> bool:
        answer = await self._ask("GET", "records", query={"user": _user(delivery)})
        answer.require(200)
        found = answer.json()
        records = found.get("records") if isinstance(found, dict) else None
        if not isinstance(records, list):
            raise ServerError("GET /records answered without a list of records")
        return any(isinstance(each, dict) and each.get("id") == delivery.result.id for each in records)

    async def _ask(self, method: str, path: str, **parts: object) -> Response:
        headers = {"authorization": f"Bearer {self.options.token.get_secret_value()}"}
        return await self.http.request(method, f"{self.options.url}/{path}", headers=headers, **parts)


def _user(delivery: Delivery) -> str:
    return delivery.result.learner.id if delivery.account is None else delivery.account.user_id
