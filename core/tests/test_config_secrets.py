"""A secret is asked for where it's needed, and nowhere else."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from passback import Activity, Learner, Observer, Passback, Result, read_config
from passback.host.config import Examination, Mark, read_again
from passback.host.roster import ConfiguredRoster

VAULTED = """
[connections.{name}]
connector = "xapi"
contact = "a@b.c"
options = {{ url = "https://a.b/", key = "k", secret = {{ vault = "kv/{name}" }} }}
"""


class Vault(Observer):
    def __init__(self):
        self.asked = []

    def resolve_secret(self, reference):
        self.asked.append(reference)
        return "hush-hush"


@pytest.fixture
def vault():
    return Vault()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "passback.toml"
    path.write_text(VAULTED.format(name="acme") + VAULTED.format(name="globex"), "utf-8")
    return path


def test_a_host_that_only_accepts_starts_submits_and_reloads_without_asking_the_vault(path, vault):
    result = Result(
        id="r-1",
        kind="completed",
        learner=Learner(id="ada@example.org"),
        activity=Activity(id="https://content.example.com/1"),
        at=datetime(2026, 11, 2, tzinfo=UTC),
    )

    async def accept():
        async with Passback.from_file(path, deliver=False, observers=[vault]) as pb:
            await pb.submit(result)
            await pb.reload()
            return await pb.submit(result)

    assert asyncio.run(accept()).connections == ("acme", "globex")
    assert vault.asked == []


def test_only_the_secrets_of_the_connection_that_is_examined_are_asked_for(path, vault):
    config = read_config(path, observers=[vault])
    assert Examination(config).of("acme").options.secret.get_secret_value() == "hush-hush"
    assert vault.asked == ["kv/acme"]


def test_a_secret_is_asked_for_once(path, vault):
    config = read_config(path, observers=[vault])
    config.resolve()
    assert (sorted(config.connections), config.broken, ConfiguredRoster(config, None).mistakes()) == (
        ["acme", "globex"],
        {},
        [],
    )
    assert vault.asked == ["kv/acme", "kv/globex"]


@pytest.mark.parametrize("added", ["", 'stroe = "x"\n'])
def test_reading_again_asks_for_nothing_even_where_the_file_can_not_be_used(path, vault, added):
    config = read_config(path, observers=[vault])
    path.write_text(added + path.read_text("utf-8"), "utf-8")
    if added:
        with pytest.raises(ExceptionGroup) as group:
            read_again(config)
        assert "stroe: unknown" in str(group.value.exceptions[0])
    else:
        read_again(config)
    assert vault.asked == []


def test_the_outbox_of_a_host_that_is_open_is_not_asked_for_again(path, vault):
    path.write_text('store = { url = { vault = "kv/store" } }', "utf-8")
    with pytest.raises(ExceptionGroup, match="can't be used"):
        read_config(path, observers=[vault])
    again = read_again(read_config(written(path, 'store = "x.db"'), observers=[vault]))
    vault.asked.clear()
    written(path, 'store = { url = { vault = "kv/store" } }')
    read_again(again)
    assert vault.asked == []


def written(path, text):
    path.write_text(text, "utf-8")
    return path


def test_many_broken_connections_are_found_in_no_time(tmp_path):
    text = "".join(f"[connections.c{at}]\nconnector = 7\ncontact = 8\n" for at in range(1000))
    config = read_config(written(tmp_path / "passback.toml", text))
    started = time.perf_counter()
    assert all(config.broken[f"c{at}"] and f"c{at}" not in config.connections for at in range(1000))
    assert time.perf_counter() - started < 2


def test_a_configuration_knows_its_file_as_it_was_before_it_was_read(path):
    before = Mark.unread(path)
    config = read_config(path)
    path.write_text("[retention]\n", "utf-8")
    assert config.source_mark.status == before.status != config.source_mark.again().status
    assert config.source_mark != config.source_mark.again()
