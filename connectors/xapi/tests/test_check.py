"""The test button, and the version that is spoken."""

import asyncio

import pytest

from passback import AlreadyThere, CannotConnect, Delivered, ServerError
from passback_testbed.ports import free_port
from passback_xapi.sandbox import ADL, LEARNING_LOCKER, POSTGRES_LRS, RALPH, Behaviour

ONE = ("1.0.3", "1.0.2", "1.0.1", "1.0.0")
TWO = ("2.0.0",)
PRESETS = {"ralph": RALPH, "learning-locker": LEARNING_LOCKER, "postgres-lrs": POSTGRES_LRS, "adl": ADL}


@pytest.fixture
def lrs(start):
    return start(Behaviour())


def versions(lrs):
    """Return the version that each statement was sent as, by what the LRS made of it."""
    return {statement["version"] for statement in lrs.sandbox.statements}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("ending", ["", "statements", "about"])
def test_a_check_passes_on_every_lrs_and_changes_nothing(start, preset, ending):
    lrs = start(PRESETS[preset])
    lrs.check(url=lrs.url + ending)
    assert lrs.sandbox.statements == []
    assert {seen.method for seen in lrs.sandbox.requests} == {"GET"}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("wrong", [{"secret": "not-it"}, {"key": "nobody"}, {"key": "", "secret": ""}])
def test_wrong_credentials_are_a_server_error_that_says_so(start, preset, wrong):
    with pytest.raises(ServerError, match="credentials") as failure:
        start(PRESETS[preset]).check(**wrong)
    assert failure.value.status == 401
    assert "not-it" not in str(failure.value)


@pytest.mark.parametrize("path", ["", "other/", "xapi/other/", "XAPI/"])
def test_a_wrong_path_is_a_server_error_that_names_it(lrs, path):
    root = lrs.url.removesuffix("xapi/")
    with pytest.raises(ServerError, match=f"GET /{path}statements answered 404.*check the URL"):
        lrs.check(url=root + path)


def test_a_web_server_that_has_a_page_for_everything_is_no_lrs(lrs):
    lrs.sandbox.html(times=9)
    with pytest.raises(ServerError, match=r"GET /xapi/statements answered 200 .*is this the right address"):
        lrs.check()


@pytest.mark.parametrize("body", ["{}", "[]", '{"statements": {}}', '{"version": ["1.0.3"]}', "null", "1"])
def test_json_that_lists_no_statements_is_no_lrs(lrs, body):
    lrs.sandbox.fail(status=200, times=9, body=body)
    with pytest.raises(ServerError, match="is this the xAPI endpoint of an LRS"):
        lrs.check()


def test_a_port_where_nobody_listens_cannot_be_connected_to(lrs):
    with pytest.raises(CannotConnect, match="refused"):
        lrs.check(url=f"http://127.0.0.1:{free_port()}/xapi/")


def test_a_name_that_does_not_exist_cannot_be_connected_to(lrs):
    with pytest.raises(CannotConnect, match=r"lrs\.invalid"):
        lrs.check(url="http://lrs.invalid/xapi/")


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_an_lrs_without_about_is_asked_in_1_0_3(lrs, made, status):
    lrs.sandbox.fail(status=status, on="GET")
    lrs.check()
    lrs.sandbox.fail(status=status, on="GET")
    assert lrs.submit([made()]) == [Delivered(1, made().id)]
    assert versions(lrs) == {"1.0.0"}


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"version": "1.0.3"}', '{"version": [1, null]}'])
def test_an_about_that_makes_no_sense_means_1_0_3(lrs, made, body):
    lrs.sandbox.fail(status=200, on="GET", body=body)
    assert lrs.submit([made()]) == [Delivered(1, made().id)]
    assert versions(lrs) == {"1.0.0"}


@pytest.mark.parametrize(
    ("offered", "stored"), [(ONE, "1.0.0"), (("1.0.3",), "1.0.0"), (TWO, "2.0.0"), ((*TWO, *ONE), "2.0.0")]
)
def test_2_0_is_spoken_where_it_is_offered_and_else_1_0_3(start, made, offered, stored):
    lrs = start(Behaviour(), versions=offered)
    lrs.check()
    assert lrs.submit([made()]) == [Delivered(1, made().id)]
    assert versions(lrs) == {stored}


def test_a_2_0_lrs_that_refuses_even_about_in_1_0_3_is_understood(start, made):
    """It may answer 400 that carries its own version; wire facts §1.8."""
    lrs = start(Behaviour(), versions=TWO)
    lrs.sandbox.fail(status=400, on="GET", headers={"X-Experience-API-Version": "2.0.0"})
    assert lrs.submit([made()]) == [Delivered(1, made().id)]
    assert versions(lrs) == {"2.0.0"}


@pytest.mark.parametrize(("version", "stored"), [("1.0.3", "1.0.0"), ("2.0.0", "2.0.0")])
def test_a_version_that_is_chosen_is_spoken_without_asking(start, made, version, stored):
    lrs = start(Behaviour(), versions=(*TWO, *ONE))
    lrs.submit([made()], version=version)
    assert versions(lrs) == {stored}
    assert lrs.count("about") == 0


def test_the_version_is_asked_for_once(lrs, made, batched):
    async def thrice(connection):
        for n in range(3):
            await connection.submit_results(batched([made(n)]))

    lrs.ask(thrice)
    assert lrs.count("about") == 1


@pytest.mark.parametrize(("before", "after"), [(ONE, TWO), (TWO, ONE), ((*TWO, *ONE), ONE)])
def test_an_lrs_that_changes_its_version_is_asked_again_and_rejects_nothing(
    start, made, batched, before, after
):
    lrs = start(Behaviour(), versions=before)

    async def on_both_sides(connection):
        first = await connection.submit_results(batched([made(0), made(1)]))
        object.__setattr__(lrs.sandbox.behaviour, "versions", after)
        second = await connection.submit_results(batched([made(2), made(3)]))
        third = await connection.submit_results(batched([made(0), made(3)]))
        await connection.check()
        return first, second, third

    first, second, third = lrs.ask(on_both_sides)
    assert all(isinstance(each, Delivered) for each in (*first, *second))
    assert all(isinstance(each, Delivered | AlreadyThere) for each in third)
    assert len(lrs.sandbox.statements) == 4


def test_two_batches_at_a_time_are_two_batches(lrs, made, batched):
    async def both(connection):
        parts = [batched([made(n), made(n + 1)]) for n in (0, 2)]
        return await asyncio.gather(*(connection.submit_results(part) for part in parts))

    assert all(isinstance(each, Delivered) for part in lrs.ask(both) for each in part)
    assert len(lrs.sandbox.statements) == 4
