"""With actor = sso, a learner is whoever signed in: the account of issuer and subject, byte for byte."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback import (
    Account,
    Assertion,
    Batch,
    Delivered,
    Delivery,
    IdentityRequest,
    Learner,
    UserUnknown,
)
from passback_xapi.identity import account, proposal

ISSUER = "https://idp.example.com/realms/acme"
ANA = Assertion(issuer=ISSUER, subject="00u1 Ana/ü")


def known(user_id):
    return Account(user_id=user_id, matched_by="identity", checked=datetime(2026, 11, 2, tzinfo=UTC))


@given(st.text(min_size=1))
def test_what_is_proposed_comes_back_as_the_same_account(subject):
    proposed = proposal(Assertion(issuer=ISSUER, subject=subject))
    assert account(known(proposed.user_id)) == (ISSUER, subject)


def test_an_issuer_that_is_no_iri_gives_no_account():
    assert proposal(Assertion(issuer="our idp", subject="1")) is None
    assert proposal(None) is None
    assert account(known("some-id")) is None


def test_a_result_waits_for_the_sign_in_and_then_names_the_account(start, made):
    lrs = start()
    request = IdentityRequest(learner=Learner(id="ana"), assertion=ANA)

    async def asked(connection):
        (waits,) = await connection.submit_results(Batch(deliveries=(Delivery(id=1, result=made()),)))
        proposed = connection.map_identity(request)
        signed_in = Delivery(id=1, result=made(), attempt=2, account=known(proposed.user_id))
        (sent,) = await connection.submit_results(Batch(deliveries=(signed_in,)))
        return waits, sent

    waits, sent = lrs.ask(asked, actor="sso")
    assert isinstance(waits, UserUnknown)
    assert "hasn't signed in yet" in waits.reason
    assert isinstance(sent, Delivered)
    (statement,) = lrs.sandbox.statements
    assert statement["actor"]["account"] == {"homePage": ISSUER, "name": ANA.subject}


@pytest.mark.parametrize("actor", ["mbox", "openid"])
def test_under_another_policy_nobody_is_mapped(start, actor):
    request = IdentityRequest(learner=Learner(id="ana"), assertion=ANA)

    async def asked(connection):
        return connection.map_identity(request)

    assert start().ask(asked, actor=actor) is None
