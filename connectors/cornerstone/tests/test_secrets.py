"""No secret and no token stands in an error, a receipt, a repr, a log or what a check tried."""

import logging
from urllib.parse import quote

import pytest

from passback import HTTP, ConnectionFailure

STATUSES = [200, 302, 400, 401, 403, 404, 409, 500, 503]
COMPLETE = "/services/api/v1/transcripts/complete"
TOKEN = "/services/api/oauth2/token"


@pytest.fixture
def said(csod, sent, batched, caplog):
    """Send by a connection, check it, and return all that people could see of it."""
    caplog.set_level(logging.DEBUG)

    def say(*launches, **options):
        async def told(connection):
            seen = []
            with HTTP.recording() as tried:
                for ask in (
                    connection.submit_results(batched(sent("completed"), launches=launches)),
                    connection.submit_results(batched(sent("started", 2), launches=launches)),
                    connection.check(),
                ):
                    try:
                        seen.append(await ask)
                    except ConnectionFailure as failure:
                        seen += [failure, failure.__cause__, failure.__context__]
            connector = connection.connector
            inside = [vars(each) for each in vars(connector).values() if hasattr(each, "__dict__")]
            return repr([seen, tried, vars(connector), inside, launches])

        return csod.run(told, **options) + caplog.text

    return say


@pytest.mark.parametrize("status", STATUSES)
def test_a_callback_that_quotes_what_it_was_sent_gives_nothing_away(csod, said, status):
    launch = csod.launch()
    token, secret = launch.parameters["token"], csod.sandbox.behaviour.secret
    body = f"no: {token} {quote(token, safe='')} {secret}"
    csod.sandbox.fail(status=status, times=99, body=body, on="POST")
    shown = said(launch, api=None)
    assert "/callback/progress" in shown
    for hidden in (token, quote(token, safe=""), secret):
        assert hidden not in shown


@pytest.mark.parametrize("status", STATUSES)
def test_a_tenant_api_that_quotes_what_it_was_sent_gives_nothing_away(csod, said, status):
    csod.sandbox.fail(status=200, times=99, body='{"access_token": "acc3ss-t0ken"}', on=f"POST {TOKEN}")
    csod.sandbox.fail(status=status, times=99, body="no: acc3ss-t0ken", on="PATCH")
    csod.sandbox.fail(status=status, times=99, body="no: acc3ss-t0ken", on="GET")
    shown = said(callback=None)
    assert "complete" in shown
    assert "acc3ss-t0ken" not in shown


@pytest.mark.parametrize("status", [200, 400, 403, 500])
@pytest.mark.parametrize("form", ["json", "form"])
def test_a_token_endpoint_that_quotes_what_it_was_sent_gives_nothing_away(csod, said, status, form):
    secret = csod.sandbox.behaviour.client_secret
    csod.sandbox.fail(status=status, times=99, body=f"no: {secret}", on=f"POST {TOKEN}")
    shown = said(callback=None, api={"credentials_as": form})
    assert "/oauth2/token" in shown
    assert secret not in shown


def test_the_token_goes_over_as_it_came(csod, sent):
    """Its characters need escaping in a query, and arrive whole."""
    launch = csod.launch()
    csod.submit(sent(), launches=[launch])
    (post,) = csod.posts()
    assert post.status == 200
    assert "%2B" in post.query
