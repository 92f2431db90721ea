"""Every message says what was expected, in words that need no Python."""

import pytest
from pydantic import ValidationError

from passback import Config, ConnectionConfig, NetworkConfig, read_config
from passback.host.config import Examination

HEAD = '[connections.acme]\nconnector = "xapi"\ncontact = "a@b.c"\n'
WRONG = 'contact = "a@b.c"\noptions = { url = "https://a.b/", kye = "k", secret = "s" }\n'
MISSPELT = "options.kye: unknown; did you mean 'key'?"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "passback.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def of_file(path):
    with pytest.raises(ExceptionGroup) as group:
        read_config(path)
    return [str(each).removeprefix(f"{path}:") for each in group.value.exceptions]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("store = 7", "1: store: expected the path of a file, or the URL of a PostgreSQL server"),
        ("observers = [7]", "1: observers.0: expected a text"),
        ("observers = 7", "1: observers: expected a list"),
        ("plugins = 7", "1: plugins: expected a table"),
        ('retention.settled = "90"', "1: retention.settled: expected a number"),
        ("retention.settled = true", "1: retention.settled: expected a number"),
        (
            'alerts.smtp = {host = "", sender = "a@b.c"}',
            "1: alerts.smtp.host: expected a text that isn't empty",
        ),
        (
            'alerts.smtp = {host = "a b", sender = "a@b.c"}',
            "1: alerts.smtp.host: expected a text that matches",
        ),
        (
            'alerts.smtp = {host = "a", sender = "a@b.c", port = "25"}',
            "1: alerts.smtp.port: expected a whole number",
        ),
    ],
)
def test_a_wrong_value_of_the_file_is_told_what_was_expected(written, text, said):
    (told,) = of_file(written(text))
    assert told.startswith(said)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('network.allow_http = "yes"', "network.allow_http: expected true or false"),
        ("network.allow_http = 1", "network.allow_http: expected true or false"),
        ('sending.batch = "7"', "sending.batch: expected a whole number"),
        ("sending.batch = true", "sending.batch: expected a whole number"),
        ("sending.linger = true", "sending.linger: expected a number"),
        ('organisation = ""', "organisation: expected a text that isn't empty"),
        (f'organisation = "{"x" * 1025}"', "organisation: expected at most 1024 characters"),
        ("distribution = 7", "distribution: expected a text"),
    ],
)
def test_a_wrong_value_of_a_connection_is_told_what_was_expected(written, more, said):
    assert said in read_config(written(HEAD + more)).broken["acme"]


def test_a_whole_number_of_seconds_is_a_number_too(written):
    assert read_config(written(HEAD + "sending.linger = 1")).connections["acme"].sending.linger == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + 'contact = "b@b.c"', "4: this is no TOML: connections.acme.contact stands in line 3 already"),
        (HEAD + "[connections.acme]", "4: this is no TOML: connections.acme stands in line 1 already"),
        ("a = 1\nb = 1\n[a.c]", "3: this is no TOML: a stands in line 1 already"),
        ("connections = {}\n[connections.acme]", "2: this is no TOML: connections stands in line 1 already"),
        (
            "[[x]]\r\na = 1\r\n\r\n[[x]]\r\na = 1\r\na = 2\r\nb =",
            "6: this is no TOML: x.1.a stands in line 5 already",
        ),
        ("a = [\n1,\n]\na = [\n2,\n]", "6: this is no TOML: a stands in line 1 already"),
        ("a = {b = 1, b = 2}", "1: this is no TOML: "),
        ('x = "\n"\na = 1\na = 2', "1: this is no TOML: "),
    ],
)
def test_what_is_said_twice_is_named_with_the_line_where_it_stands_already(written, text, said):
    (told,) = of_file(written(text))
    assert told.startswith(said)


def test_a_name_that_begins_otherwise_is_told_how_names_begin(written):
    broken = read_config(written(HEAD.replace("acme", '"-acme"'))).broken
    assert "a letter or digit first" in broken["-acme"]


@pytest.mark.parametrize("line", ['conector = "xapi"', 'conector = "xap"', 'connector = "xap"', 'kind = "x"'])
def test_options_are_checked_against_the_connector_that_was_probably_meant(written, line):
    config = read_config(written(f"[connections.acme]\n{line}\n{WRONG}"))
    reason = Examination(config).reasons()["acme"]
    assert (MISSPELT in reason) is ("kind" not in line)
    assert "connector: " in reason


def test_a_name_that_resembles_no_connector_guesses_nothing(written):
    config = read_config(written(f'[connections.acme]\nconnector = "zzzzzz"\n{WRONG}'))
    assert "options" not in Examination(config).reasons()["acme"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ConnectionConfig(conector="xapi", contact="a@b.c"), "did you mean 'connector'?"),
        (lambda: NetworkConfig(allow_htp=True), "did you mean 'allow_http'?"),
        (lambda: Config(stroe="x"), "did you mean 'store'?"),
        (lambda: Config(connection={}), "did you mean 'connections'?"),
        (lambda: Config(connections={"a": {"conector": "xapi"}}), "did you mean 'connector'?"),
    ],
)
def test_from_python_too_a_misspelt_name_is_told_what_was_probably_meant(make, said):
    with pytest.raises(ValidationError) as error:
        make()
    assert said in str(error.value)
    assert "Extra inputs" not in str(error.value)
    assert "xapi" not in str(error.value)
