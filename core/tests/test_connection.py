"""Whatever a connector or an extension does wrong becomes an error that says which, and how."""

# ruff: noqa: ARG001, ARG002 - a hook takes what the contract hands it

import asyncio
import contextvars
from contextlib import suppress

import pytest
from pydantic import SecretStr

from passback import (
    HTTP,
    AlreadyThere,
    Batch,
    CannotConnect,
    Connection,
    Connector,
    ContractError,
    Delivered,
    Delivery,
    Extension,
    IdentityProposal,
    IdentityRequest,
    Launch,
    LaunchQuery,
    Learner,
    Options,
    Rejected,
    SystemClock,
    Unsupported,
    User,
    UserQuery,
    parse_result,
)

RESULT = parse_result(
    b'{"kind":"passed","at":"2026-11-21T12:00:00Z","learner":{"id":"a"},"activity":{"id":"c"}}'
)
BATCH = Batch(deliveries=tuple(Delivery(id=number, result=RESULT) for number in (7, 8, 9)))
ADA = IdentityRequest(learner=Learner(id="ada"))
PROPOSAL = IdentityProposal(user_id="u-1", matched_by="connector")


def hook(outcome):
    """Make the sync hooks, which return `outcome`, or raise it."""

    def answer():
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def map_identity(self, request):
        return answer()

    def read_launch(self, query):
        return answer()

    return {"map_identity": map_identity, "read_launch": read_launch}


def connection(extensions=(), **hooks):
    async def check(self): ...

    members = {"check": check} | hooks
    connector = type("Acme", (Connector,), members)
    return Connection("lms-1", connector, Options(), HTTP(), SystemClock(), extensions)


def extension(name, outcome):
    return type(name, (Extension,), {**hook(outcome), "__module__": "tenant_plugin"})


def submitted(outcome):
    async def submit_results(self, batch):
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return asyncio.run(connection(submit_results=submit_results).submit_results(BATCH))


def test_receipts_come_back_in_the_order_of_their_deliveries():
    receipts = [Rejected(9, "no"), Delivered(7, "remote"), AlreadyThere(8)]
    assert submitted(receipts) == [receipts[1], receipts[2], receipts[0]]
    assert submitted(tuple(receipts)) == [receipts[1], receipts[2], receipts[0]]


@pytest.mark.parametrize(
    "receipts",
    [
        [],
        [Delivered(7), Delivered(8)],
        [Delivered(7), Delivered(8), Delivered(9), Delivered(10)],
        [Delivered(7), Delivered(8), Delivered(10)],
        [Delivered(7), Delivered(8), Delivered(8)],
        [Delivered(7), Delivered(8), Delivered(9), Delivered(9)],
        [Delivered(7), Delivered(8), "delivered"],
        [Delivered(7), Delivered(8), Delivered(9), None],
        [Delivered(7), Delivered(8), Delivered],
        "789",
        None,
        7,
        {7: Delivered(7), 8: Delivered(8), 9: Delivered(9)},
        {Delivered(7), Delivered(8), Delivered(9)},
        (Delivered(number) for number in (7, 8, 9)),
    ],
)
def test_receipts_that_do_not_fit_the_batch_are_refused_naming_connection_and_connector(receipts):
    with pytest.raises(ContractError, match=r"connection 'lms-1': Acme\.submit_results .* 3 deliveries"):
        submitted(receipts)


class Unhashable(int):
    __hash__ = None


def test_receipts_that_can_not_be_looked_at_are_a_defect_of_the_connector():
    with pytest.raises(ContractError, match="failed unexpectedly"):
        submitted([Delivered(Unhashable(7)), Delivered(8), Delivered(9)])


def test_a_receipt_is_for_a_number_and_for_nothing_else_that_python_counts_with():
    for wrong in (True, "7", 7.0, None):
        with pytest.raises(TypeError, match="delivery must be a number"):
            Delivered(wrong)


FAILURES = [ValueError("token=s3cret"), KeyError("s3cret"), RuntimeError(), TimeoutError("s3cret")]


@pytest.mark.parametrize("error", FAILURES)
def test_an_unexpected_exception_is_a_defect_of_the_connector_told_without_its_message(error):
    with pytest.raises(ContractError) as told:
        submitted(error)
    assert str(told.value).startswith("connection 'lms-1': Acme.submit_results failed unexpectedly (")
    assert type(error).__name__ in str(told.value)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("error", [CannotConnect("gone"), Unsupported("no"), ContractError("own")])
def test_an_error_of_passback_passes_through_as_it_is(error):
    with pytest.raises(type(error)) as told:
        submitted(error)
    assert told.value is error


class Secretive(Options):
    token: SecretStr = SecretStr("tok/SECRET-1")


def secretive(**hooks):
    async def check(self): ...

    connector = type("Acme", (Connector,), {"check": check} | hooks)
    return Connection("lms-1", connector, Secretive(), HTTP(), SystemClock())


def test_no_receipt_shows_a_secret_of_the_options_and_none_is_endless():
    async def submit_results(self, batch):
        first, second, third = batch.deliveries
        return [
            Rejected(first.id, "it said tok/SECRET-1, or tok%2FSECRET-1"),
            Delivered(second.id, "there/tok/SECRET-1"),
            Rejected(third.id, "x" * 10**6),
        ]

    first, second, third = asyncio.run(secretive(submit_results=submit_results).submit_results(BATCH))
    assert (first.delivery, first.reason) == (7, "it said •••, or •••")
    assert (second.delivery, second.remote_id) == (8, "there/•••")
    assert len(third.reason) == 2000


def test_no_failure_of_a_connector_shows_a_secret_of_the_options():
    async def submit_results(self, batch):
        raise CannotConnect("to https://x/?token=tok%2FSECRET-1")

    with pytest.raises(CannotConnect) as raised:
        asyncio.run(secretive(submit_results=submit_results).submit_results(BATCH))
    assert str(raised.value) == "to https://x/?token=•••"


async def cancels_itself():
    asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)
    await asyncio.sleep(3600)


async def leaves_a_generator():
    raise GeneratorExit


@pytest.mark.parametrize("outcome", [cancels_itself, leaves_a_generator])
def test_a_connector_that_cancels_its_own_task_is_blamed_and_cancels_nobody_else(outcome):
    async def submit_results(self, batch):
        await outcome()

    async def check():
        with pytest.raises(ContractError, match=r"'lms-1': Acme.submit_results failed unexpectedly"):
            await connection(submit_results=submit_results).submit_results(BATCH)
        assert not asyncio.current_task().cancelling()

    asyncio.run(check())


def test_who_waits_for_a_connector_can_be_cancelled():
    left = []

    async def submit_results(self, batch):
        try:
            await asyncio.sleep(3600)
        finally:
            left.append(batch)

    async def check():
        waiting = asyncio.create_task(connection(submit_results=submit_results).submit_results(BATCH))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert left == [BATCH]

    asyncio.run(check())


def test_who_is_cancelled_just_when_a_connector_answers_asks_no_more():
    asked = []

    async def lookup_users(self, query):
        while True:
            asked.append(query)
            if len(asked) > 1:
                looking.cancel()
            yield User(id="1")
            await asyncio.sleep(0)

    async def check():
        nonlocal looking
        looking = asyncio.create_task(every_user(connection(lookup_users=lookup_users)))
        await asyncio.wait([looking], timeout=1)
        assert looking.cancelled()
        assert len(asked) == 2

    looking = None
    asyncio.run(check())


def test_a_check_that_fails_unexpectedly_is_told_the_same_way():
    async def check(self):
        raise ValueError("s3cret")

    with pytest.raises(ContractError, match=r"Acme.check failed unexpectedly \(ValueError\)"):
        asyncio.run(connection(check=check).check())


async def every_user(of):
    return [user async for user in of.lookup_users(UserQuery())]


def test_users_are_yielded_until_the_look_up_fails_and_the_failure_is_told():
    async def lookup_users(self, query):
        yield User(id="1")
        raise ValueError("s3cret")

    async def look_up():
        users = connection(lookup_users=lookup_users).lookup_users(UserQuery())
        first = await anext(users)
        with pytest.raises(ContractError, match=r"lookup_users failed unexpectedly \(ValueError\)"):
            await anext(users)
        return first

    assert asyncio.run(look_up()) == User(id="1")


@pytest.mark.parametrize("answer", [None, [], [User(id="1")], 7])
def test_a_look_up_that_answers_no_async_iterator_is_told(answer):
    def lookup_users(self, query):
        return answer

    with pytest.raises(ContractError, match="lookup_users"):
        asyncio.run(every_user(connection(lookup_users=lookup_users)))


def test_a_look_up_that_yields_something_else_than_users_is_told():
    async def lookup_users(self, query):
        yield {"id": "1"}

    with pytest.raises(ContractError, match=r"lookup_users.*dict"):
        asyncio.run(every_user(connection(lookup_users=lookup_users)))


def test_a_look_up_that_hangs_is_ended_and_told_though_it_yielded_somebody(monkeypatch):
    monkeypatch.setattr("passback.connection.asking._ANSWER_SECONDS", 0.05)

    async def lookup_users(self, query):
        yield User(id="1")
        await asyncio.sleep(3600)

    async def look_up():
        users = connection(lookup_users=lookup_users).lookup_users(UserQuery())
        assert await anext(users) == User(id="1")
        await anext(users)

    with pytest.raises(ContractError, match=r"'lms-1': Acme.lookup_users took longer than 0.05 s"):
        asyncio.run(look_up())


def test_what_a_look_up_sets_in_its_context_is_there_when_the_next_user_is_asked_for():
    said = contextvars.ContextVar("said", default="nothing")

    async def lookup_users(self, query):
        token = said.set("set")
        yield User(id=said.get())
        yield User(id=said.get())
        said.reset(token)

    async def look_up():
        assert await every_user(connection(lookup_users=lookup_users)) == [User(id="set"), User(id="set")]
        assert said.get() == "nothing"

    asyncio.run(look_up())


async def wait_for(over):
    while not over.is_set():
        with suppress(asyncio.CancelledError):
            await over.wait()


@pytest.mark.parametrize("name", ["check", "lookup_users", "aclose"])
def test_a_hook_that_goes_on_when_it_is_told_to_end_is_left_behind_and_named(name, monkeypatch, caplog):
    monkeypatch.setattr("passback.connection.connection._CHECK_SECONDS", 0.05)
    monkeypatch.setattr("passback.connection.asking._ANSWER_SECONDS", 0.05)
    monkeypatch.setattr("passback.connection.connection._CLOSE_SECONDS", 0.05)
    monkeypatch.setattr("passback.foreign._LETS_GO", 0.05)

    async def ask():
        over = asyncio.Event()

        async def goes_on(self):
            await wait_for(over)

        async def lookup_users(self, query):
            await wait_for(over)
            yield User(id="1")

        hooks = {"check": goes_on, "aclose": goes_on, "lookup_users": lookup_users}
        asked = connection(**{name: hooks[name]})
        asyncio.get_running_loop().call_later(5, over.set)
        if name == "aclose":
            await asked.aclose()
        else:
            with pytest.raises(ContractError, match=f"Acme.{name} took longer than 0.05 s"):
                await (every_user(asked) if name == "lookup_users" else asked.check())
        assert not over.is_set()
        over.set()

    asyncio.run(ask())
    assert f"connection 'lms-1': Acme.{name} doesn't end when it's told to" in caplog.text


def test_a_connectors_own_timeout_is_its_defect_and_no_hang():
    async def check(self):
        raise TimeoutError

    with pytest.raises(ContractError, match=r"check failed unexpectedly \(TimeoutError\)"):
        asyncio.run(connection(check=check).check())


def test_what_a_connector_can_not_do_is_unsupported():
    bare = connection()
    assert bare.capabilities == {"check"}
    with pytest.raises(Unsupported, match="connection 'lms-1': Acme has no submit_results"):
        asyncio.run(bare.submit_results(BATCH))
    with pytest.raises(Unsupported, match="connection 'lms-1': Acme has no lookup_users"):
        asyncio.run(every_user(bare))
    assert bare.map_identity(ADA) is None
    assert bare.read_launch(LaunchQuery(pairs=())) is None


@pytest.mark.parametrize(
    ("answers", "user_id"),
    [
        ([], "u-1"),
        ([None], "u-1"),
        (["u-2"], "u-2"),
        (["u-2", "u-3"], "u-3"),
        (["u-2", None], "u-2"),
        ([None, None], "u-1"),
    ],
)
def test_extensions_answer_before_the_connector_the_last_given_first_and_the_first_answer_counts(
    answers, user_id
):
    proposals = [answer and IdentityProposal(user_id=answer, matched_by="extension") for answer in answers]
    extensions = [extension(f"Ext{place}", proposal) for place, proposal in enumerate(proposals)]
    found = connection(extensions, **hook(PROPOSAL)).map_identity(ADA)
    assert found.user_id == user_id


def test_a_hook_that_a_connector_inherits_from_elsewhere_is_asked_too():
    class Mixin:
        def map_identity(self, request):
            return PROPOSAL

    class Mixed(Mixin, Connector[Options]):
        async def check(self): ...

    mixed = Connection("lms-1", Mixed, Options(), HTTP(), SystemClock())
    assert mixed.map_identity(ADA) == PROPOSAL


@pytest.mark.parametrize("answer", ["u-1", True, Launch(user_id="u-1"), 0, {}])
def test_an_answer_of_the_wrong_type_names_who_gave_it_and_its_type(answer):
    tenants = extension("Tenant", answer)
    with pytest.raises(ContractError) as told:
        connection([tenants], **hook(PROPOSAL)).map_identity(ADA)
    assert str(told.value) == (
        f"connection 'lms-1': tenant_plugin.Tenant: map_identity answered {type(answer).__name__}, "
        "expected IdentityProposal or None"
    )


def test_an_extension_that_raises_is_named_without_its_message():
    tenants = extension("Tenant", ValueError("s3cret"))
    with pytest.raises(ContractError, match=r"Tenant.read_launch failed unexpectedly \(ValueError\)") as told:
        connection([tenants]).read_launch(LaunchQuery(pairs=()))
    assert "s3cret" not in str(told.value)


def test_a_connector_that_can_not_be_made_is_told_naming_connection_and_connector():
    def __init__(self, context):  # noqa: N807 - becomes one
        raise KeyError("s3cret")

    with pytest.raises(ContractError, match=r"'lms-1'.*Acme.*KeyError") as told:
        connection(__init__=__init__)
    assert "s3cret" not in str(told.value)


def test_an_extension_that_is_named_twice_answers_all_the_same():
    tenants = extension("Tenant", PROPOSAL)
    assert connection([tenants, tenants]).map_identity(ADA) == PROPOSAL


def test_closing_a_connection_closes_its_http_session_though_the_connector_fails():
    async def aclose(self):
        raise ValueError

    class Watched(HTTP):
        closed = False

        async def aclose(self):
            self.closed = True

    async def check(self): ...

    connector = type("Acme", (Connector,), {"check": check, "aclose": aclose})
    http = Watched()
    asyncio.run(Connection("lms-1", connector, Options(), http, SystemClock()).aclose())
    assert http.closed
