import json

import pytest

from passback_testbed import Ralph, post, walk
from passback_testbed.calls import call

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def ralph(ralph_home, tmp_path):
    with Ralph(tmp_path / "ralph", home=ralph_home) as server:
        yield server


def listed(server, page=100):
    return [each["id"] for each in walk(server.url, server.key, server.secret, page)]


def test_a_wrong_secret_is_refused(ralph):
    status, _ = call("GET", f"{ralph.url}/statements", ralph.key, "wrong")
    assert status == 401


def test_what_was_acknowledged_survives_a_kill(ralph, statement):
    sent = [statement() for _ in range(3)]
    for each in sent:
        status, body = post(ralph.url, ralph.key, ralph.secret, [each])
        assert (status, json.loads(body)) == (200, [each["id"]])
    url = ralph.url
    ralph.kill()
    with pytest.raises(ConnectionError):
        listed(ralph)
    ralph.start()
    assert ralph.url == url
    assert sorted(listed(ralph)) == sorted(each["id"] for each in sent)


def test_half_a_statement_left_by_a_kill_is_dropped(ralph, statement):
    first, second = statement(), statement()
    post(ralph.url, ralph.key, ralph.secret, [first])
    ralph.kill()
    with (ralph.log.parent / "statements.jsonl").open("a") as file:
        file.write(json.dumps(second)[:40])
    ralph.start()
    assert listed(ralph) == [first["id"]]
    assert post(ralph.url, ralph.key, ralph.secret, [second])[0] == 200
    ralph.kill()
    ralph.start()
    assert listed(ralph) == [second["id"], first["id"]]


def test_a_walk_sees_every_statement_once_and_the_newest_first_however_long_its_pages(ralph, statement):
    sent = [statement() for _ in range(1000)]
    for start in range(0, 1000, 250):
        post(ralph.url, ralph.key, ralph.secret, sent[start : start + 250])
    for page in (100, 30):
        assert listed(ralph, page) == [each["id"] for each in reversed(sent)]


def test_a_listing_can_be_had_oldest_first(ralph, statement):
    sent = [statement() for _ in range(5)]
    post(ralph.url, ralph.key, ralph.secret, sent)
    found = []
    link = "/xAPI/statements?ascending=true&limit=2"
    while link:
        content = json.loads(call("GET", ralph.url.removesuffix("/xAPI") + link, ralph.key, ralph.secret)[1])
        found += [each["id"] for each in content["statements"]]
        link = content.get("more")
    assert found == [each["id"] for each in sent]


def test_one_statement_can_be_asked_for(ralph, statement):
    sent = [statement() for _ in range(3)]
    post(ralph.url, ralph.key, ralph.secret, sent)
    content = json.loads(
        call("GET", f"{ralph.url}/statements?statementId={sent[1]['id']}", ralph.key, ralph.secret)[1]
    )
    assert [each["id"] for each in content["statements"]] == [sent[1]["id"]]


def test_the_same_batch_again_is_no_error_and_stores_nothing(ralph, statement):
    batch = [statement(), statement()]
    assert post(ralph.url, ralph.key, ralph.secret, batch)[0] == 200
    assert post(ralph.url, ralph.key, ralph.secret, batch) == (204, "")
    assert len(listed(ralph)) == 2


def test_another_statement_under_a_known_id_is_a_conflict(ralph, statement):
    first = statement()
    post(ralph.url, ralph.key, ralph.secret, [first])
    other = {**first, "result": {"success": False}}
    assert post(ralph.url, ralph.key, ralph.secret, [other, statement()])[0] == 409
    assert listed(ralph) == [first["id"]]


def test_a_server_that_does_not_come_up_shows_its_log(ralph_home, tmp_path):
    class Broken(Ralph):
        def _command(self):
            return [self._python, "-c", "raise SystemExit('no heap left')"]

    with pytest.raises(RuntimeError, match="no heap left"):
        Broken(tmp_path, home=ralph_home).start()


def test_a_port_that_is_taken_is_no_place_to_start(ralph, ralph_home, tmp_path):
    second = Ralph(tmp_path / "second", port=ralph.port, home=ralph_home)
    with pytest.raises(RuntimeError, match="something else listens"):
        second.start()


def test_a_server_that_is_not_installed_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"passback_testbed\.install ralph"):
        Ralph(tmp_path, home=tmp_path / "nowhere").start()
