"""Mistakes in the file are told all at once; one connection's own mistake stops no other."""

from pathlib import Path

import pytest

from passback import ConfigError, Observer, read_config

ACME = """
[connections.acme]
connector = "xapi"
contact = "ada@example.org"
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "passback.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def mistakes(path):
    with pytest.raises(ExceptionGroup) as group:
        read_config(path)
    assert all(isinstance(error, ConfigError) for error in group.value.exceptions)
    return [str(error) for error in group.value.exceptions]


def test_a_good_file_is_read_whole(written):
    config = read_config(written(ACME + 'activities = ["a", "b"]\noptions = {url = "u"}\nsending.batch = 5'))
    acme = config.connections["acme"]
    assert (acme.connector, acme.activities, acme.options) == ("xapi", ("a", "b"), {"url": "u"})
    assert (acme.sending.batch, acme.network.allow_http, config.broken) == (5, False, {})


@pytest.mark.parametrize("said", ['"*"', '["*"]'])
def test_a_star_is_every_activity_in_a_list_too(written, said):
    acme = read_config(written(f"{ACME}activities = {said}")).connections["acme"]
    assert (acme.activities, acme.attached) == ("*", "*")


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", "# of Acme\n# connections follow\n"])
def test_a_file_in_which_nothing_stands_is_none_as_it_may_be_just_being_written(written, text):
    (told,) = mistakes(written(text))
    assert "nothing stands in it: it may be just being written" in told
    assert read_config(written('store = "passback.db"')).connections == {}, "which it says to say"


def test_every_mistake_of_the_file_is_told_at_once_with_its_place(written):
    path = written('stoer = "x"\nobservers = 7\n[plugins]\nblok = {}\n')
    told = mistakes(path)
    assert len(told) == 3
    assert all(str(path) in message for message in told)
    assert any("stoer: unknown; did you mean 'store'?" in message for message in told)
    assert any("plugins.blok: unknown; did you mean 'block'?" in message for message in told)
    assert any("observers: " in message for message in told)


def test_an_unknown_key_that_resembles_nothing_is_told_what_there_is(written):
    (told,) = mistakes(written("zzz = 1"))
    have = "alerts, connections, launches, observers, plugins, retention, store, web"
    assert f"zzz: unknown; expected one of {have}" in told


@pytest.mark.parametrize("text", ["broken = {acme = 'x'}", "[broken]\nacme = 'x'"])
def test_what_is_found_broken_can_not_be_written(written, text):
    (told,) = mistakes(written(text))
    assert "broken: unknown" in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = ", "is no TOML"),
        ("a = 1\na = 2", "is no TOML"),
        (b"a = '\xff'", "is no TOML"),
        ("connections = 7", "expected tables such as [connections.acme]"),
        ('connections = ["acme"]', "expected tables such as [connections.acme]"),
    ],
)
def test_a_file_that_can_not_be_used_is_told_with_its_path(written, text, said):
    path = written(text)
    (told,) = mistakes(path)
    assert said in told
    assert str(path) in told


def test_a_file_that_is_not_there_is_told_with_its_path(tmp_path):
    (told,) = mistakes(tmp_path / "nowhere.toml")
    assert told == f"{tmp_path / 'nowhere.toml'}: No such file or directory"


WHOLE = 'connector = "xapi"\ncontact = "a@b.c"\n'


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('connector = "xapi"', "contact: missing (Who is told when it breaks and heals.)"),
        ('contact = "ada@example.org"', "connector: missing"),
        ('connector = "xapi"\ncontact = "ada"', "contact: expected an e-mail address"),
        ('connector = "xapi"\ncontact = "a@b.c\\nBcc: e@f.g"', "contact: expected an e-mail address"),
        ('connector = "xapi"\ncontact = "a@b.c, e@f.g"', "contact: expected an e-mail address"),
        (
            'connector = "xapi"\ncontact = "a@☃.example"',
            "contact: expected an e-mail address whose domain DNS",
        ),
        (
            'connector = "xapi"\ncontact = "a,b@c.d"',
            "contact: expected an e-mail address that can stand in a mail",
        ),
        ('connector = "xapi"\ncontact = "ö..b@c.d"', "contact: expected an e-mail address that can stand in"),
        (WHOLE + 'activites = "*"', "activites: unknown; did you mean 'activities'?"),
        (WHOLE + "sending.bach = 5", "sending.bach: unknown; did you mean 'batch'?"),
        (WHOLE + "sending.batch = 0", "sending.batch: "),
        (WHOLE + "activities = 7", "activities"),
        (WHOLE + 'activities = ["*", "a"]', 'activities: "*" means every activity, so it stands alone'),
        (WHOLE + "network.allow_htp = true", "did you mean 'allow_http'?"),
    ],
)
def test_a_mistake_in_one_connection_is_told_there_and_stops_no_other(written, table, said):
    config = read_config(written(f"{ACME}[connections.bad]\n{table}\n"))
    assert list(config.connections) == ["acme"]
    assert list(config.broken) == ["bad"]
    assert said in config.broken["bad"]


@pytest.mark.parametrize("contact", ["jörg@müller.example", "o'neil+x@faß.example", "a.b@[192.0.2.1]"])
def test_a_contact_that_can_be_mailed_is_taken_as_it_stands(written, contact):
    config = read_config(written(f'[connections.good]\nconnector = "xapi"\ncontact = "{contact}"\n'))
    assert config.connections["good"].contact == contact


def test_all_mistakes_of_a_connection_are_told_at_once(written):
    broken = read_config(written('[connections.bad]\ncontact = "x"\nzzz = 1\n')).broken["bad"]
    assert "connector: missing" in broken
    assert "contact: expected" in broken
    assert "zzz: unknown" in broken


@pytest.mark.parametrize(
    "name", ['"acme corp"', '""', '"-acme"', '"../acme"', '"a\\nb"', '"' + "a" * 64 + '"']
)
def test_a_connections_name_is_plain(written, name):
    config = read_config(written(ACME.replace("acme]", f"{name}]")))
    assert config.connections == {}
    assert "expected a name of at most 63" in next(iter(config.broken.values()))


def test_a_connection_that_is_no_table_is_told(written):
    assert "acme" in read_config(written("[connections]\nacme = 7")).broken


def test_secrets_are_read_from_where_they_are_referred_to(written, monkeypatch, tmp_path):
    monkeypatch.setenv("ACME_KEY", "from-env")
    (tmp_path / "secret.txt").write_text("from-file\n")
    options = '[connections.acme.options]\nkey = {env = "ACME_KEY"}\ntoken = {file = "secret.txt"}\n'
    found = read_config(written(ACME + options)).connections["acme"].options
    assert found == {"key": "from-env", "token": "from-file"}


def test_a_reference_deeper_down_is_resolved_too(written, monkeypatch):
    monkeypatch.setenv("ACME_KEY", "from-env")
    options = (
        '[connections.acme.options]\nheaders = {x-key = {env = "ACME_KEY"}}\nkeys = [{env = "ACME_KEY"}]\n'
    )
    found = read_config(written(ACME + options)).connections["acme"].options
    assert found == {"headers": {"x-key": "from-env"}, "keys": ["from-env"]}


def test_a_table_that_only_resembles_a_reference_is_an_option_like_any_other(written):
    options = '[connections.acme.options]\na = {env = "X", more = 1}\nb = {env = 7}\n'
    found = read_config(written(ACME + options)).connections["acme"].options
    assert found == {"a": {"env": "X", "more": 1}, "b": {"env": 7}}


def test_every_missing_reference_is_named_and_no_value_of_another_is_shown(written, monkeypatch):
    monkeypatch.setenv("ACME_KEY", "s3cret")
    monkeypatch.delenv("ACME_TOKEN", raising=False)
    options = (
        '[connections.acme.options]\nkey = {env = "ACME_KEY"}\n'
        'token = {env = "ACME_TOKEN"}\nother = {file = "nowhere.txt"}\n'
    )
    broken = read_config(written(ACME + options)).broken["acme"]
    assert "options.token: the environment variable ACME_TOKEN isn't set" in broken
    assert "options.other: the file nowhere.txt can't be read: No such file or directory" in broken
    assert "s3cret" not in broken


@pytest.mark.parametrize("content", ["", " \r\n\t"])
def test_a_reference_to_nothing_is_refused_and_names_what_is_empty(written, tmp_path, monkeypatch, content):
    (tmp_path / "acme.secret").write_text(content, "utf-8")
    monkeypatch.setenv("ACME_KEY", content)
    options = '{a = {file = "acme.secret"}, b = {env = "ACME_KEY"}, c = {vault = "kv/acme"}}'
    path = written(f"{ACME}options = {options}")

    class Vault(Observer):
        def resolve_secret(self, reference):  # noqa: ARG002 - the hook's own name
            return content

    broken = read_config(path, observers=[Vault()]).broken["acme"]
    assert "options.a: the file acme.secret is empty" in broken
    assert "options.b: the environment variable ACME_KEY is empty" in broken
    assert "options.c: no observer resolves this vault reference; " in broken
    assert "answered an empty text" in broken


def test_a_secret_file_that_is_no_text_is_told(written, tmp_path):
    (tmp_path / "secret.bin").write_bytes(b"\xff\xfe\xff")
    config = read_config(written(f'{ACME}options = {{key = {{file = "secret.bin"}}}}'))
    assert config.broken["acme"] == ("line 5: options.key: the file secret.bin can't be read: it is no text")


@pytest.mark.parametrize(
    ("line", "store"),
    [
        ("retention = {}", "passback.db"),
        ('store = "data/box.db"', "data/box.db"),
        ('store = "/srv/box.db"', "/srv/box.db"),
    ],
)
def test_the_outbox_lies_beside_the_file_unless_its_path_is_absolute(written, tmp_path, line, store):
    assert read_config(written(line)).store == Path(tmp_path, store)
