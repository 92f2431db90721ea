"""The proxy: what passes it arrives as it was sent, and each fault is what it's called."""

import httpx2
import pytest

from passback.testing import proxy


def post(client, text="x"):
    return client.post("/kept", content=text)


def test_what_passes_is_seen_and_is_as_it_was_sent(ledger):
    sandbox, record, client = ledger
    answers = [client.post("/kept?page=2", content=text) for text in ("one", "two")]
    assert [answer.json() for answer in answers] == [{"kept": 1}, {"kept": 2}]
    assert sandbox.kept == ["one", "two"]
    asked = record.asked[1]
    assert (asked.method, asked.target, asked.path, asked.body) == (
        "POST",
        "/api/kept?page=2",
        "/api/kept",
        b"two",
    )
    assert (asked.status, asked.answer) == (200, b'{"kept":2}')
    assert record.connections == 1
    # Absolute addresses that a sandbox makes of the host lead through the proxy again.
    assert sandbox.requests[0].headers["host"] == client.base_url.netloc.decode()


@pytest.mark.parametrize(
    ("fault", "kept"),
    [(proxy.cut_before, 0), (proxy.cut_after, 1), (proxy.truncated, 1)],
    ids=["before", "after", "truncated"],
)
def test_a_cut_comes_before_or_after_the_system_has_the_request(ledger, fault, kept):
    sandbox, record, client = ledger
    record.play(fault)
    with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
        post(client)
    assert len(sandbox.kept) == kept


def test_a_fault_befalls_the_requests_that_it_is_meant_for(ledger):
    sandbox, record, client = ledger
    record.play(proxy.answered(503, (("retry-after", "7"),)), 1, 2)
    answers = [post(client) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["retry-after"] == "7"
    assert (record.touched, len(sandbox.kept)) == (2, 2)
    record.play(proxy.answered(500))
    record.rest()
    assert post(client).status_code == 200


def test_a_silent_system_has_the_request(ledger):
    sandbox, record, client = ledger
    record.play(proxy.silent)
    with pytest.raises(httpx2.ReadTimeout):
        client.post("/kept", content="x", timeout=0.2)
    assert sandbox.kept == ["x"]


def test_keys_come_twice_and_the_last_one_counts(ledger):
    _, record, client = ledger
    record.play(proxy.doubled_keys)
    answer = post(client)
    assert answer.text == '{"kept": null, "kept": 1}'


def test_what_proved_a_request_proves_nothing_once_it_is_revoked(ledger):
    _, record, client = ledger
    record.play(proxy.revoked())
    statuses = [client.get("/kept", headers={"authorization": text}).status_code for text in ("a", "b", "a")]
    assert statuses == [401, 200, 401]


def test_a_redirect_and_a_link_lead_to_a_host_that_notes_who_comes(ledger, stand):
    _, record, client = ledger
    record.play(proxy.redirected(307, stand.elsewhere))
    client.post("/kept", content="x", follow_redirects=True)
    assert [(asked.method, asked.path, asked.body) for asked in record.elsewhere] == [
        ("POST", "/api/kept", b"x")
    ]


def test_an_answer_of_any_size_is_written_as_far_as_it_is_read(ledger):
    _, record, client = ledger
    record.play(proxy.huge)
    with client.stream("GET", "/kept") as answer:
        read = next(answer.iter_raw(1024))
    assert len(read) == 1024
    assert record.asked[0].written < 16 * 2**20


def test_the_next_occasion_sees_nothing_of_the_one_before(ledger, stand):
    sandbox, record, client = ledger
    post(client)
    other, _ = stand.begin(sandbox)
    client.get("/kept")
    assert (len(record.asked), len(other.asked)) == (1, 1)
