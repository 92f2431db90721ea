"""``passback init`` asks what a connection needs, tries it, and writes it without touching the rest."""

import json
import stat
import tomllib

import jsonschema
import pytest
from terminal import play

from passback.sandbox import serve
from passback_xapi.sandbox import Behaviour, Sandbox

WHO = ["--name", "acme", "--contact", "a@b.c", "--connector", "xapi"]
HERE = ["--allow-http", "--allow", "127.0.0.0/8"]
KEY = ["--option", "key=us"]

pytestmark = pytest.mark.usefixtures("lrs")


@pytest.fixture
def lrs():
    with serve(Sandbox(Behaviour(key="us", secret="s3cret"))) as url:
        yield url


def document(host):
    return tomllib.loads((host.folder / "passback.toml").read_text("utf-8"))


def test_without_a_terminal_every_missing_answer_is_named_with_its_option(host):
    said = " ".join(host.run("init", *WHO[2:], stdin="", expect=2).stderr.split())
    assert "--name: expected a name" in said
    assert "give --option url=…" in said
    assert "give --secret-env secret=NAME or --secret-file secret=PATH" in said
    assert list(host.folder.iterdir()) == []


def test_a_connection_that_works_is_written_beside_its_schema(host, lrs, monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "s3cret")
    said = host.run(
        "init", *WHO, *HERE, *KEY, "--option", f"url={lrs}", "--secret-env", "secret=ACME_SECRET", stdin=""
    )
    assert "about → 200" in said.stdout
    text = (host.folder / "passback.toml").read_text("utf-8")
    assert text.startswith("#:schema ./passback.schema.json\n")
    assert 'secret = { env = "ACME_SECRET" }' in text
    assert "s3cret" not in text
    schema = json.loads((host.folder / "passback.schema.json").read_text("utf-8"))
    jsonschema.Draft7Validator(schema).validate(document(host))
    host.run("check")


def test_a_connection_that_fails_its_check_is_not_written_unless_asked(host, lrs, monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "wrong")
    given = [*WHO, *HERE, *KEY, "--option", f"url={lrs}", "--secret-env", "secret=ACME_SECRET"]
    said = host.run("init", *given, stdin="", expect=1).stdout
    assert "check key, secret or token" in " ".join(said.split())
    assert list(host.folder.iterdir()) == []
    host.run("init", *given, "--no-check", stdin="")
    assert "acme" in document(host)["connections"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_stood_in_the_file_stays_with_its_comments(host, newline):
    before = '# ours\nstore = "x.db"\n\n[connections.old] # first\nconnector = "xapi"\ncontact = "a@b.c"'
    path = host.folder / "passback.toml"
    path.write_bytes(before.replace("\n", newline).encode())
    url = ["--option", "url=https://a.b/", "--option", "send_names=false"]
    host.run("init", *WHO, *KEY, *url, "--secret-env", "secret=S", "--no-check", stdin="")
    assert path.read_bytes().startswith(before.replace("\n", newline).encode() + newline.encode())
    assert document(host)["connections"]["acme"]["options"] == {
        "url": "https://a.b/", "key": "us", "send_names": False, "secret": {"env": "S"},
    }  # fmt: skip
    assert document(host)["connections"]["old"] == {"connector": "xapi", "contact": "a@b.c"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[connections.acme]", "has a connection 'acme' already"),
        ("connections = {}", "a table can't be added to it by appending"),
        ("connections = 7", "expected tables"),
        ("a = ", "this is no TOML"),
    ],
)
def test_a_file_that_can_not_be_added_to_stays_as_it_is(host, text, said):
    path = host.folder / "passback.toml"
    path.write_text(text, "utf-8")
    url = ["--option", "url=https://a.b/", "--secret-env", "secret=S", "--no-check"]
    assert said in " ".join(host.run("init", *WHO, *KEY, *url, stdin="", expect=2).stderr.split())
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize(
    ("text", "config", "said"),
    [
        ("connections = {}", "passback.toml", "a table can't be added to it by appending"),
        ("", "nowhere/passback.toml", "it can't be written: No such file or directory"),
    ],
)
def test_nothing_is_tried_where_nothing_could_be_written(host, lrs, monkeypatch, text, config, said):
    monkeypatch.setenv("ACME_SECRET", "s3cret")
    (host.folder / "passback.toml").write_text(text, "utf-8")
    given = [*WHO, *HERE, *KEY, "--option", f"url={lrs}", "--secret-env", "secret=ACME_SECRET", "-c", config]
    done = host.run("init", *given, stdin="", expect=2)
    assert said in " ".join(done.stderr.split())
    assert "about" not in done.stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--option", "secret=hush"], "a secret doesn't stand in the configuration"),
        (["--option", "kye=x"], "--option kye: unknown; did you mean 'key'?"),
        (["--option", "actor=mobx"], "--option actor: expected 'mbox'"),
        (["--option", "nothing"], "--option: expected key=value"),
        (["--allow", "10.0.0.1/8"], "--allow: expected a network"),
        (["--allow", "10.0.0.1/8", "--allow", "nonsense"], "10.0.0.1/8 has host bits set"),
        (["--allow", "10.0.0.1/8", "--allow", "nonsense"], "'nonsense' does not appear"),
        (["--secret-file", "secret=nowhere"], "the secret can't be read: No such file"),
        (["--secret-file", "secret=/dev/null"], "the file is empty"),
        (["--secret-file", "secret=nowhere", "--option", "kye=x"], "--option kye: unknown"),
        (["--secret-file", "secret=nowhere", "--option", "kye=x"], "--secret-file secret: "),
        (["--option", "nothing", "--secret-file", "nothing"], "--secret-file: expected key=value"),
        (["--secret-env", "secret=A-B"], "--secret-env secret: expected a name of letters"),
        (["--secret-env", "secret=NOT_SET"], "the environment variable NOT_SET isn't set here"),
    ],
)
def test_a_wrong_answer_is_told_with_its_option(host, more, said):
    done = host.run("init", *WHO, *KEY, "--option", "url=https://a.b/", *more, stdin="", expect=2)
    assert said in " ".join(done.stderr.split())
    assert "hush" not in done.stderr


def test_a_person_is_asked_told_at_once_what_is_wrong_and_can_change_it(host, lrs):

    code, shown = play(
        host.command("init"),
        host.folder,
        ("Name", "two words"),
        ("expected a name", "acme"),
        ("Contact", "a@b.c"),
        ("Kind", "xapi"),
        ("url:", "ftp://x"),
        ("expected an address", lrs),
        ("key:", "us"),
        ("secret:", "wrong"),
        ("Keep it in", "file"),
        ("File", ""),
        ("optional", "y"),
        ("actor", "mobx"),
        ("expected 'mbox'", "account"),
        ("home_page", "https://example.com/"),
        ("account_name", ""),
        ("send_names", "false"),
        ("activity_base", ""),
        ("language", ""),
        ("version", ""),
        ("What now", "network"),
        ("http://", "y"),
        ("Networks", "127.0.0.0/8"),
        ("What now", "change"),
        ("Change which", "secret"),
        ("secret:", "s3cret"),
        ("Keep it in", "file"),
        ("File", ""),
        ("optional", "n"),
    )
    assert code == 0, shown
    assert "s3cret" not in shown
    options = document(host)["connections"]["acme"]["options"]
    assert options == {
        "url": lrs, "key": "us", "secret": {"file": "acme.secret"},
        "actor": "account", "home_page": "https://example.com/", "send_names": False,
    }  # fmt: skip
    secret = host.folder / "acme.secret"
    assert secret.read_text("utf-8") == "s3cret\n"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    host.run("check")


def test_whoever_gives_up_leaves_nothing_behind(host):

    turns = [
        ("url:", "http://127.0.0.1:9/"),
        ("key:", "us"),
        ("secret:", "hush"),
        ("Keep", "file"),
        ("File", ""),
    ]
    code, _ = play(host.command("init", *WHO), host.folder, *turns, ("optional", "n"), ("What now", "quit"))
    assert code == 1
    assert list(host.folder.iterdir()) == []
