import json

import pytest

from passback_testbed import LearningLocker, post, walk
from passback_testbed.calls import call

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)


# The clock of a version 1 UUID: it counts tenths of microseconds since 1582, and its text begins with the
# lowest 32 bits. A minute before these start again, and a minute after once the file is there.
TURNING = """
const fs = require("fs"), Clock = Date, turn = 2 ** 32 / 1e4;
const since = Clock.now() + 12219292800000;
const before = turn - (since % turn) - 60000;
const now = () => Clock.now() + before + (fs.existsSync(process.env.TURNED) ? 120000 : 0);
global.Date = class extends Clock {
  constructor(...given) { super(...(given.length ? given : [now()])); }
  static now() { return now(); }
};
"""


@pytest.fixture
def learning_locker(learning_locker_home, tmp_path):
    with LearningLocker(tmp_path / "learning-locker", home=learning_locker_home) as server:
        yield server


def listed(server, page=100):
    return [each["id"] for each in walk(server.url, server.key, server.secret, page)]


@pytest.mark.parametrize(("key", "secret"), [("lrs", "wrong"), ("other", "secret"), ("", "")])
def test_wrong_credentials_are_refused(learning_locker, statement, key, secret):
    assert call("GET", f"{learning_locker.url}/statements", key, secret)[0] == 401
    assert post(learning_locker.url, key, secret, [statement()])[0] == 401


def test_an_invalid_statement_is_refused_with_its_whole_batch(learning_locker, statement):
    bad = statement(result={"score": {"scaled": 2}})
    status, _ = post(learning_locker.url, learning_locker.key, learning_locker.secret, [statement(), bad])
    assert status == 400
    assert listed(learning_locker) == []


def test_a_walk_sees_every_statement_once(learning_locker, statement):
    sent = [statement() for _ in range(250)]
    for start in range(0, 250, 50):
        batch = sent[start : start + 50]
        status, body = post(learning_locker.url, learning_locker.key, learning_locker.secret, batch)
        assert (status, json.loads(body)) == (200, [each["id"] for each in batch])
    assert sorted(listed(learning_locker, 50)) == sorted(each["id"] for each in sent)


def test_a_walk_sees_every_statement_once_across_the_turn_of_a_uuids_clock(
    learning_locker_home, statement, tmp_path, monkeypatch
):
    turned = tmp_path / "turned"
    (tmp_path / "turning.js").write_text(TURNING, "utf-8")
    more = {"NODE_OPTIONS": f"--require {tmp_path / 'turning.js'}", "TURNED": str(turned)}
    environment = LearningLocker._environment
    monkeypatch.setattr(LearningLocker, "_environment", lambda server: environment(server) | more)
    sent = [statement() for _ in range(30)]
    with LearningLocker(tmp_path / "learning-locker", home=learning_locker_home) as server:
        post(server.url, server.key, server.secret, sent[:15])
        turned.touch()
        post(server.url, server.key, server.secret, sent[15:])
        assert sorted(listed(server, 10)) == sorted(each["id"] for each in sent)


def test_the_same_batch_again_is_no_error_and_stores_nothing(learning_locker, statement):
    batch = [statement(), statement()]
    for _ in range(2):
        assert post(learning_locker.url, learning_locker.key, learning_locker.secret, batch)[0] == 200
    assert len(listed(learning_locker)) == 2


def test_a_kill_loses_what_it_held_and_keeps_its_address(learning_locker, statement):
    post(learning_locker.url, learning_locker.key, learning_locker.secret, [statement()])
    url = learning_locker.url
    learning_locker.kill()
    with pytest.raises(ConnectionError):
        listed(learning_locker)
    learning_locker.start()
    assert learning_locker.url == url
    assert listed(learning_locker) == []
