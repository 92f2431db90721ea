"""What each way an LRS can fail means for the connection; nothing is ever taken for delivered by mistake."""

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from passback import (
    AlreadyThere,
    BatchRefused,
    BatchTooLarge,
    CannotConnect,
    ConnectionFailure,
    Delivered,
    RateLimited,
    ServerError,
    Unsupported,
)
from passback_xapi.sandbox import LEARNING_LOCKER, RALPH, Behaviour

SECRET = "s3cr3t-pass"
LIKE = Behaviour(secret=SECRET)
# What Basic credentials look like on the wire is as good as the secret itself.
SECRETS = (SECRET, base64.b64encode(f"sandbox-key:{SECRET}".encode()).decode())


@pytest.fixture
def lrs(start):
    return start(LIKE)


@pytest.fixture
def submit(lrs, made):
    """Send two results, the LRS's version known before."""

    def submitted(*, fails=None, **options):
        results = [made(1), made(2)]
        if fails is None:
            return lrs.submit(results, **options)
        with pytest.raises(fails) as failure:
            lrs.submit(results, **options)
        assert type(failure.value) is fails
        assert not any(secret in f"{failure.value} {failure.value!r}" for secret in SECRETS)
        return failure.value

    return submitted


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (301, "enter the address it points to"),
        (302, "enter the address it points to"),
        (307, "enter the address it points to"),
        (308, "enter the address it points to"),
        (401, "check key, secret or token"),
        (403, "check their permissions"),
        (404, "check the URL"),
        (405, "check the URL"),
        (410, "check the URL"),
        (500, "the sandbox was told to fail"),
        (502, "the sandbox was told to fail"),
        (503, "the sandbox was told to fail"),
        (201, "answered 201"),
        (202, "answered 202"),
    ],
)
def test_a_refusal_of_the_way_is_a_server_error_that_says_what_to_do(lrs, submit, status, words):
    lrs.sandbox.fail(status=status, on="POST", headers={"Location": "https://elsewhere.example.com/"})
    failure = submit(fails=ServerError)
    assert failure.status == status
    assert words in str(failure)
    assert "POST /xapi/statements" in str(failure)
    assert lrs.sandbox.statements == []


@pytest.mark.parametrize("status", [400, 422])
def test_a_refusal_of_the_content_is_one_of_the_batch_and_says_why(lrs, submit, status):
    lrs.sandbox.fail(status=status, on="POST", body='{"message": "result.score: <b>too</b> high"}')
    failure = submit(fails=BatchRefused)
    assert "result.score" in str(failure)
    assert str(status) in str(failure)


@pytest.mark.parametrize("status", [400, 422])
def test_a_page_refuses_no_content_as_a_proxy_says_it(lrs, submit, status):
    page = "<html><body>Request <b>blocked</b></body></html>"
    lrs.sandbox.fail(status=status, on="POST", body=page, headers={"Content-Type": "text/html"})
    failure = submit(fails=ServerError)
    assert failure.status == status
    assert "a proxy before the LRS" in str(failure)
    assert "blocked" in str(failure)


def test_plain_text_that_is_called_html_is_the_lrss_own_word(lrs, submit):
    text, kind = "score.scaled is not a valid value", "text/html; charset=utf-8"
    lrs.sandbox.fail(status=400, on="POST", body=text, headers={"Content-Type": kind})
    assert text in str(submit(fails=BatchRefused))


def test_a_refusal_without_a_word_says_so(lrs, submit):
    lrs.sandbox.fail(status=400, on="POST", body="")
    assert "without a word why" in str(submit(fails=BatchRefused))


@pytest.mark.parametrize("status", [429, 503])
def test_a_rate_limit_in_seconds_is_kept_to(lrs, submit, status):
    lrs.sandbox.fail(status=status, on="POST", headers={"Retry-After": "120"})
    before = datetime.now(UTC)
    failure = submit(fails=RateLimited)
    after = datetime.now(UTC)
    assert before <= failure.until - timedelta(seconds=120) <= after


@pytest.mark.parametrize("status", [429, 503])
def test_a_rate_limit_by_date_is_kept_to(lrs, submit, status):
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    lrs.sandbox.fail(status=status, on="POST", headers={"Retry-After": format_datetime(until, usegmt=True)})
    assert submit(fails=RateLimited).until == until


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {"Retry-After": "-5"}])
def test_a_rate_limit_that_names_no_time_is_one(lrs, submit, headers):
    lrs.sandbox.fail(status=429, on="POST", headers=headers)
    assert submit(fails=RateLimited).until is None


def test_501_is_a_missing_capability(lrs, submit):
    lrs.sandbox.fail(status=501, on="POST")
    submit(fails=Unsupported)


def test_413_is_a_batch_too_large(lrs, submit):
    lrs.sandbox.fail(status=413, on="POST")
    submit(fails=BatchTooLarge)


def test_a_batch_larger_than_the_lrs_takes_is_too_large_and_half_of_it_is_not(start, made):
    lrs = start(LIKE, max_batch=5)
    with pytest.raises(BatchTooLarge):
        lrs.submit([made(n) for n in range(6)])
    assert all(isinstance(each, Delivered) for each in lrs.submit([made(n) for n in range(5)]))


CUTS = ["cut_before", "cut_after", "truncate"]


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_on_a_connection_from_the_pool_is_made_up_for_at_once(lrs, submit, cut):
    getattr(lrs.sandbox, cut)(on="POST")
    # The question for the version opened the connection that is cut then.
    assert all(isinstance(each, Delivered | AlreadyThere) for each in submit())
    assert len(lrs.sandbox.statements) == 2


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_on_a_new_connection_is_an_outage(lrs, submit, cut):
    getattr(lrs.sandbox, cut)(on="POST")
    assert "it cut the connection" in str(submit(fails=CannotConnect, version="1.0.3"))
    assert len(lrs.sandbox.requests) == 1


@pytest.mark.parametrize("cut", CUTS)
def test_what_is_cut_twice_is_an_outage(lrs, submit, cut):
    getattr(lrs.sandbox, cut)(times=2, on="POST")
    submit(fails=CannotConnect)


def test_no_answer_in_time_is_an_outage(lrs, submit):
    lrs.sandbox.slow(0.6, on="POST")
    assert "no answer in time" in str(submit(fails=CannotConnect, read=0.2))


def test_a_page_to_sign_in_at_is_a_server_error_and_delivers_nothing(lrs, submit):
    lrs.sandbox.html(on="POST")
    assert "is this the right address?" in str(submit(fails=ServerError))
    assert all(isinstance(each, Delivered) for each in submit())


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"ok": true}',
        '"stored"',
        "null",
        "[1, 2]",
        "[null]",
        '[{"id": "5b0c3d1a-7f0e-4f0b-9a65-0d6f6f1f9a11"}]',
        '["5b0c3d1a-7f0e-4f0b-9a65-0d6f6f1f9a11"]',
        '["stored"]',
        "",
        '["5b0c3d1a',
        "\xff",
    ],
)
def test_200_with_anything_but_ids_that_were_sent_is_a_server_error(lrs, submit, body):
    lrs.sandbox.fail(status=200, on="POST", body=body)
    assert "is this the" in str(submit(fails=ServerError))


def test_ids_in_capitals_are_those_that_were_sent(lrs, submit, made):
    body = f'["{made(1).id.upper()}", "{made(2).id.upper()}"]'
    lrs.sandbox.fail(status=200, on="POST", body=body)
    assert submit() == [Delivered(1, made(1).id), Delivered(2, made(2).id)]


def test_what_ralph_held_already_is_there_already(start, made):
    lrs = start(RALPH)
    assert lrs.submit([made(1)]) == [Delivered(1, made(1).id)]
    assert lrs.submit([made(1), made(2)]) == [AlreadyThere(1, made(1).id), Delivered(2, made(2).id)]
    assert lrs.submit([made(1), made(2)]) == [AlreadyThere(1, made(1).id), AlreadyThere(2, made(2).id)]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 501])
def test_a_failure_while_a_conflict_is_resolved_is_one_of_the_connection(start, made, status):
    lrs = start(LEARNING_LOCKER, resend="conflict")
    lrs.submit([made(1), made(2)])
    lrs.sandbox.fail(status=409, on="POST")
    lrs.sandbox.fail(status=status, on="GET", times=9)
    with pytest.raises(ConnectionFailure):
        lrs.submit([made(1), made(2)], version="1.0.3")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500, 502])
def test_a_secret_that_the_other_side_echoes_is_in_no_error(lrs, submit, status):
    """Debug pages and careless gateways quote the request's headers."""
    echo = f"Authorization: Basic {SECRETS[1]} (sandbox-key / {SECRET})"
    lrs.sandbox.fail(status=status, on="POST", body=echo)
    submit(fails=BatchRefused if status in (400, 422) else ServerError)
