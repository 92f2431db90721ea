"""What a connector author sees: checked by mypy, never run."""

from collections.abc import AsyncIterator, Sequence
from typing import assert_type

from pydantic import SecretStr

from passback import (
    HTTP,
    ActivityUnknown,
    AlreadyThere,
    Batch,
    Clock,
    Connector,
    Delivered,
    Delivery,
    IdentityProposal,
    IdentityRequest,
    Launch,
    LaunchQuery,
    NeedsLaunch,
    Options,
    Receipt,
    Rejected,
    Response,
    Result,
    Sending,
    TryLater,
    User,
    UserQuery,
    UserUnknown,
)


class AcmeOptions(Options):
    url: str
    token: SecretStr


class Acme(Connector[AcmeOptions]):
    sending = Sending(batch=10)

    async def check(self) -> None:
        assert_type(self.options, AcmeOptions)
        assert_type(self.options.token, SecretStr)
        assert_type(self.http, HTTP)
        assert_type(self.clock, Clock)
        assert_type(self.connection, str)
        assert_type(await self.http.request("GET", self.options.url), Response)

    async def lookup_users(self, query: UserQuery) -> AsyncIterator[User]:
        assert_type(query.email, str | None)
        yield User(id="1")

    def map_identity(self, request: IdentityRequest) -> IdentityProposal | None:
        return IdentityProposal(user_id=request.learner.id, matched_by="id")

    def read_launch(self, query: LaunchQuery) -> Launch | None:
        assert_type(query.get("user"), str | None)
        return None

    async def submit_results(self, batch: Batch) -> Sequence[Receipt]:
        for delivery in batch.deliveries:
            assert_type(delivery, Delivery)
            assert_type(delivery.result, Result)
        return [Delivered(each.id) for each in batch.deliveries]


class Wrong(Connector[AcmeOptions]):
    def check(self) -> None:  # type: ignore[override]  # it does I/O, so it is async
        ...

    async def submit_results(self, batch: Batch) -> list[str]:  # type: ignore[override]  # no receipts
        return [each.result.id for each in batch.deliveries]


def meaning(receipt: Receipt) -> str:
    match receipt:
        case Delivered() | AlreadyThere():
            assert_type(receipt.remote_id, str | None)
            return "over there"
        case UserUnknown() | ActivityUnknown() | NeedsLaunch() | Rejected() | TryLater():
            return assert_type(receipt.reason, str)
