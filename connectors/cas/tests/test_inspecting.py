"""What an administrator is told: the test button, what is seen at the server, and a copied answer."""

from datetime import UTC, datetime, timedelta

import pytest

from passback import Response, ServerError, SystemClock, Unsupported
from passback_cas.inspecting import clock


def observed(desk, said, **options):
    seen = desk.ask(lambda it: it.inspect_provider(said.place), **options)
    return {each.what: (each.verdict, each.said) for each in seen}


@pytest.mark.parametrize("code", ["INVALID_TICKET", "INVALID_SERVICE", "UNAUTHORIZED_SERVICE"])
def test_a_server_that_refuses_a_made_up_ticket_is_one(desk, said, code):
    desk.validator.body = said.failure(code)
    desk.ask(lambda it: it.check())
    (seen,) = desk.validator.requests
    assert seen.query == "service=https%3A%2F%2Fpassback.invalid%2Fcheck&ticket=ST-passback-check"


def test_a_server_that_accepts_anything_fails_the_check(desk):
    with pytest.raises(ServerError, match="made up"):
        desk.ask(lambda it: it.check())


@pytest.mark.parametrize("body", ["<html/>", "", "no"])
def test_what_is_no_cas_server_fails_the_check(desk, body):
    desk.validator.body = body
    with pytest.raises(ServerError, match="address of a CAS server"):
        desk.ask(lambda it: it.check())


def test_an_answer_without_a_verdict_fails_the_check(desk, said):
    desk.validator.body = said.answer("")
    with pytest.raises(ServerError, match="verdict"):
        desk.ask(lambda it: it.check())


def test_what_is_seen_at_a_server(desk, said):
    desk.validator.body = said.failure()
    seen = observed(desk, said)
    assert seen["sign-in page"] == ("ok", f"{desk.url}/login")
    assert seen["service to register"] == ("ok", f"{said.place.callback}?state=…")
    assert seen["ticket validation"][0] == "ok"
    assert seen["clock"][0] == "ok"
    # Nothing of CAS is signed.
    assert seen["encryption"][0] == "warning"


@pytest.mark.parametrize(
    ("code", "verdict"),
    [("INVALID_SERVICE", "problem"), ("UNAUTHORIZED_SERVICE", "problem"), ("INTERNAL_ERROR", "warning")],
)
def test_a_callback_that_isnt_registered_is_a_problem(desk, said, code, verdict):
    desk.validator.body = said.failure(code)
    assert observed(desk, said)["ticket validation"][0] == verdict


@pytest.mark.parametrize(("off", "verdict"), [(0, "ok"), (45, "warning"), (-3600, "warning")])
def test_a_clock_that_is_off_is_told(desk, said, off, verdict):
    class Ours(SystemClock):
        def now(self):
            return super().now() + timedelta(seconds=off)

    desk.validator.body = said.failure()
    assert observed(desk, said, clock=Ours())["clock"][0] == verdict


@pytest.mark.parametrize("date", ["", "today", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_server_without_a_date_is_no_trouble(date):
    answer = Response(status=200, headers={"date": date}, body=b"", asked="GET /", received=datetime.now(UTC))
    assert clock(answer).verdict == "ok"


def test_a_copied_answer_is_read(sample, said):
    reading = sample(
        said.success(
            "<cas:user>ana</cas:user><cas:attributes><cas:firstName>A</cas:firstName></cas:attributes>"
        ).encode()
    )
    assert reading.assertion.subject == "ana"
    assert reading.assertion.attributes == {"firstName": ("A",)}
    assert [each.verdict for each in reading.observations] == ["ok"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html/>", "no CAS service response"),
        (b"ST-1-secret", "no XML"),
        (b"<!DOCTYPE a><a/>", "document type"),
    ],
)
def test_what_would_be_refused_of_a_copied_answer_is_told_without_its_values(sample, body, said):
    reading = sample(body)
    assert reading.assertion is None
    (seen,) = reading.observations
    assert seen.verdict == "problem"
    assert said in seen.said
    assert "secret" not in seen.said


def test_cas_has_no_metadata(desk, said):
    with pytest.raises(Unsupported):
        desk.connection().publish_metadata(said.place)
