"""What a host app sees: checked by mypy, never run."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_type

from passback import (
    Acceptance,
    Activity,
    Attached,
    BlockingPassback,
    CheckOutcome,
    Config,
    Connection,
    ConnectionConfig,
    ContentConflict,
    DeliveryState,
    Exported,
    InvalidResult,
    JSONValue,
    Learner,
    LoadReport,
    Passback,
    Result,
    ResultKind,
    Selection,
    Standing,
    State,
    Totals,
    User,
    parse_result,
    read_config,
    result_schema,
)

result = Result(
    kind=ResultKind.PASSED, learner=Learner(id="ana"), activity=Activity(id="ladder"), at=datetime.now(UTC)
)
assert_type(result.at, datetime)
assert_type(result.score.raw if result.score else None, float | None)
assert_type(parse_result(b"{}"), Result)
assert_type(result_schema(), dict[str, JSONValue])

acme = ConnectionConfig(
    connector="xapi", contact="admin@acme.example", options={"url": "https://lrs.example"}
)
assert_type(read_config(Path("passback.toml"), connections={"acme": acme}), Config)
Passback("passback.toml")  # type: ignore[arg-type]  # a path is read by from_file
Result(kind="passed", learner="ana", activity=Activity(id="a"), at=datetime.now(UTC))  # type: ignore[arg-type]


async def with_async() -> None:
    async with Passback.from_file("passback.toml", deliver=False) as pb:
        assert_type(pb, Passback)
        assert_type(await pb.submit(result), Acceptance)
        assert_type(await pb.submit_many([result]), list[Acceptance | ContentConflict | InvalidResult])
        assert_type(await pb.drain(3), bool)
        assert_type(await pb.totals(), Totals)
        assert_type((await pb.totals()).count(State.DELIVERED), int)
        assert_type(await pb.deliveries(Selection(connection="acme")), list[DeliveryState])
        assert_type(await pb.results("ana"), list[Standing])
        assert_type(pb.export(), AsyncIterator[Exported])
        assert_type(pb.users("acme", email="ana@example.com"), AsyncIterator[User])
        assert_type(await pb.attachments(), list[Attached])
        assert_type(await pb.detach("ladder", "acme"), bool)
        assert_type(await pb.replay(Selection(state=State.REJECTED)), int)
        assert_type(await pb.check("acme"), CheckOutcome)
        assert_type(pb.connection("acme"), Connection)
        assert_type(pb.connection_names, list[str])
        assert_type(pb.connectors, LoadReport)


def without() -> None:
    with BlockingPassback.from_file("passback.toml") as pb:
        assert_type(pb, BlockingPassback)
        assert_type(pb.submit(result), Acceptance)
        assert_type(pb.submit_many([result]), list[Acceptance | ContentConflict | InvalidResult])
        assert_type(pb.drain(), bool)
        assert_type(pb.results(Learner(id="ana"), organisation="acme"), list[Standing])
        assert_type(pb.export(Selection(learner="ana")), Iterator[Exported])
        assert_type(pb.users("acme"), Iterator[User])
        assert_type(pb.deliveries(limit=3), list[DeliveryState])
        (standing,) = pb.results("ana")
        assert_type(standing.score.scaled if standing.score else None, float | None)
        assert_type([each.delivered for each in standing.reached], list[int])


def refused(answers: Sequence[Acceptance | ContentConflict | InvalidResult]) -> None:
    for answer in answers:
        if isinstance(answer, Acceptance):
            assert_type(answer.connections, tuple[str, ...])
        elif isinstance(answer, ContentConflict):
            assert_type(answer.result_id, str)
        else:
            assert_type(answer, InvalidResult)
            assert_type(answer.field, str)
