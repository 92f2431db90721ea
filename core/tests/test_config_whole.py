"""Everything that is wrong is told at once, wherever the configuration comes from."""

import tomllib

import jsonschema
import pytest
from pydantic import SecretStr, ValidationError

from passback import (
    Config,
    ConfigError,
    ConnectionConfig,
    ConnectionNotReady,
    NetworkConfig,
    Observer,
    Passback,
    SystemClock,
    read_config,
)
from passback.host.config import Examination, config_schema, read_again
from passback.host.roster import ConfiguredRoster
from passback_xapi.options import XapiOptions

FIVE = """\
stroe = "x.db"

[connections.acme]
connector = "xapi"
contact = "nobody"
options.url = "https://lrs.example.com/"
options.key = { env = "NOT_SET_ANYWHERE" }
options.scret = "hush-hush"

[connections."b.c"]
connector = "xap"
contact = "a@b.c"
sending = { batch = 0 }
"""
MISSING = "no installed distribution offers it; did you mean 'xapi'?"
GOOD = {"url": "https://lrs.example.com/", "key": "us", "secret": "hush-hush"}


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "passback.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def connection(**fields):
    return ConnectionConfig(**{"connector": "xapi", "contact": "a@b.c", "options": GOOD, **fields})


def test_mistakes_of_the_file_its_connections_and_their_options_are_told_together_with_their_lines(written):
    path = written(FIVE)
    with pytest.raises(ExceptionGroup) as group:
        read_config(path)
    assert [str(each).removeprefix(f"{path}:") for each in group.value.exceptions] == [
        "1: stroe: unknown; did you mean 'store'?",
        "5: connections.acme.contact: expected an e-mail address",
        "6: connections.acme.options.secret: missing (Its secret (password).)",
        "7: connections.acme.options.key: the environment variable NOT_SET_ANYWHERE isn't set",
        "8: connections.acme.options.scret: unknown; did you mean 'secret'?",
        (
            '10: connections."b.c".options.url: missing'
            " (The LRS's xAPI endpoint, with or without /statements at its end.)"
        ),
        (
            '10: connections."b.c".options.key: missing'
            " (The key (user name) of an LRS client that may write and read statements.)"
        ),
        '10: connections."b.c".options.secret: missing (Its secret (password).)',
        "11: connections.\"b.c\".connector: 'xap' is missing: " + MISSING,
        '13: connections."b.c".sending.batch: expected a number greater than or equal to 1',
    ]
    first = group.value.exceptions[0]
    assert (first.file, first.line, first.place) == (path, 1, "stroe")


def test_without_a_mistake_of_the_file_each_connection_is_broken_by_its_own(written):
    config = read_config(written(FIVE.removeprefix('stroe = "x.db"')))
    reasons = Examination(config).reasons()
    assert set(reasons) == {"acme", "b.c"}
    assert "line 8: options.scret: unknown; did you mean 'secret'?" in reasons["acme"]
    assert "hush" not in repr(config) + "".join(reasons.values())


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = ", 2), ("a = 1\na = 2\n", 2), ("a = 1\nb = [1,\n2", 3)]
)
def test_what_is_no_toml_is_told_with_its_line(written, text, line):
    with pytest.raises(ExceptionGroup) as group:
        read_config(written(text))
    assert group.value.exceptions[0].line == line


def ready(config):
    return ConfiguredRoster(config, SystemClock()).mistakes()


@pytest.mark.parametrize(
    "options",
    [
        GOOD,
        {**GOOD, "secret": SecretStr("hush-hush")},
        {**GOOD, "secret": {"env": "ACME_SECRET"}},
        XapiOptions(**GOOD),
    ],
)
def test_options_from_python_are_a_dict_or_the_connectors_own(options, monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "hush-hush")
    config = Config(connections={"acme": connection(options=options)})
    assert ready(config) == []
    examined = Examination(config).of("acme").options
    assert examined.secret.get_secret_value() == "hush-hush"
    assert Passback(config, deliver=False).connection_names == ["acme"]


def test_another_connectors_options_give_their_fields():
    class Other(XapiOptions):
        pass

    other = type("Other", (XapiOptions.__base__,), {"__annotations__": {"url": str}, "url": "https://a.b/"})
    assert ready(Config(connections={"acme": connection(options=Other(**GOOD))})) == []
    told = ready(Config(connections={"acme": connection(options=other(url="https://a.b/"))}))
    assert [each.place for each in told] == [
        "connections.acme.options.key",
        "connections.acme.options.secret",
    ]


def test_a_changed_secret_changes_the_fingerprint():
    def of(secret):
        options = {**GOOD, "secret": SecretStr(secret)}
        return ConfiguredRoster(
            Config(connections={"a": connection(options=options)}), SystemClock()
        ).fingerprints()

    assert of("one") == of("one")
    assert of("one") != of("two")


def test_connections_from_python_stand_beside_those_of_the_file_and_stay_when_it_is_read_again(written):
    path = written('[connections.acme]\nconnector = "xapi"\ncontact = "a@b.c"')
    config = read_config(path, connections={"more": connection()}, observers=[Observer()])
    assert list(config.connections) == ["acme", "more"]
    written("retention = {}")
    again = read_again(config)
    assert list(again.connections) == ["more"]
    assert again.watching == config.watching


def test_a_name_in_the_file_and_in_python_is_an_error_that_says_so(written):
    path = written('[connections.acme]\nconnector = "xapi"\ncontact = "a@b.c"')
    with pytest.raises(ExceptionGroup) as group:
        read_config(path, connections={"acme": connection()})
    assert "connections.acme: a connection of this name comes from Python too" in str(
        group.value.exceptions[0]
    )


def test_what_python_says_wrong_is_told_with_its_place_alone():
    config = Config(connections={"a b": connection(options={"secrt": "hush-hush"}, extensions=("zz",))})
    told = [str(each) for each in ready(config)]
    assert 'connections."a b": expected a name of at most 63' in told[0]
    assert "connections.\"a b\".options.secrt: unknown; did you mean 'secret'?" in told
    assert all(isinstance(each, ConnectionNotReady) and each.line is None for each in ready(config))


def test_networks_and_organisations_are_judged_where_they_stand():
    with pytest.raises(ValidationError, match="has host bits set"):
        NetworkConfig(allow=("10.0.0.1/8",))
    for organisation in ("", "  ", "x" * 1025):
        with pytest.raises(ValidationError):
            connection(organisation=organisation)


def test_a_broken_connection_still_routes_and_belongs_to_its_customer(written):
    text = '[connections.acme]\norganisation = "acme-corp"\nactivities = ["a"]\nconnector = 7'
    config = read_config(written(text))
    attached = config.attachments["acme"]
    assert (attached.organisation, attached.activities) == ("acme-corp", ("a",))
    assert "acme" not in read_config(written(text.replace('["a"]', "7"))).attachments


class Vault(Observer):
    def resolve_secret(self, reference):
        return {"kv/acme": "hush-hush", "kv/odd": 7}.get(reference)


class Sealed(Observer):
    def resolve_secret(self, reference):
        raise ValueError(f"the token hush-hush can't open {reference}")


def vaulted(reference, *observers):
    options = {**GOOD, "secret": {"vault": reference}}
    return Config(observers=observers, connections={"acme": connection(options=options), "b": connection()})


def test_the_first_observer_that_knows_a_vault_reference_answers():
    config = vaulted("kv/acme", Sealed(), Observer(), Vault())
    assert config.connections["acme"].options["secret"] == "hush-hush"


@pytest.mark.parametrize(
    ("reference", "observers", "said"),
    [
        ("kv/acme", [], "no observer resolves this vault reference"),
        ("kv/none", [Vault()], "no observer resolves this vault reference"),
        ("kv/acme", [Sealed()], "Sealed failed at it"),
        ("kv/odd", [Vault()], "Vault answered int, expected str or None"),
    ],
)
def test_a_vault_that_does_not_answer_breaks_that_connection_alone(reference, observers, said):
    config = vaulted(reference, *observers)
    assert list(config.connections) == ["b"]
    assert said in config.broken["acme"]
    assert "hush" not in config.broken["acme"]


def test_nothing_is_expanded_inside_strings(monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "hush-hush")
    options = {**GOOD, "secret": "${ACME_SECRET}"}
    config = Config(connections={"acme": connection(options=options)})
    assert config.connections["acme"].options["secret"] == "${ACME_SECRET}"


def valid(text):
    return not list(jsonschema.Draft7Validator(config_schema()).iter_errors(tomllib.loads(text)))


HEAD = '[connections.acme]\nconnector = "xapi"\ncontact = "a@b.c"\n'
OPTIONS = 'options = { url = "https://a.b/", key = "k", secret = "s" }\n'


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (HEAD + OPTIONS, True),
        (HEAD + OPTIONS.replace('"s"', '{ env = "S" }'), True),
        (HEAD + OPTIONS.replace('"s"', '{ file = "S" }'), True),
        (HEAD + OPTIONS.replace('"https://a.b/"', '{ vault = "S" }'), True),
        (HEAD + OPTIONS.replace("}", ', send_names = { env = "SN" } }'), True),
        (HEAD + OPTIONS.replace("}", ', actor = { file = "A" }, version = { env = "V" } }'), True),
        (HEAD + OPTIONS.replace("}", ", send_names = 7 }"), False),
        (HEAD + OPTIONS + 'network.allow_http = "yes"', False),
        (HEAD + OPTIONS + 'sending.batch = "7"', False),
        (HEAD + OPTIONS.replace('"s"', '{ evn = "S" }'), False),
        (HEAD + OPTIONS.replace('"s"', "7"), False),
        (HEAD + OPTIONS.replace('key = "k", ', ""), False),
        (HEAD + OPTIONS.replace("key", "kye"), False),
        (HEAD + OPTIONS.replace("}", ', actor = "mobx" }'), False),
        (HEAD, False),
        (HEAD.replace("xapi", "xap") + OPTIONS, False),
        (HEAD.replace("acme", '"a b"') + OPTIONS, False),
        ('stroe = "x"', False),
        ('store = "x"\nobservers = ["vault"]\nplugins.disable = ["go1"]', True),
    ],
)
def test_the_schema_takes_what_is_right_and_nothing_else(text, fits):
    assert valid(text) is fits


def test_the_schema_describes_every_property():
    schema = config_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    tables = [
        schema,
        schema["properties"]["connections"]["additionalProperties"],
        schema["definitions"]["options-of-xapi"],
    ]
    for table in tables:
        assert all(each.get("description") for each in table["properties"].values())


def test_an_error_of_the_configuration_is_one_tree():
    assert issubclass(ConnectionNotReady, ConfigError)
    assert str(ConnectionNotReady("acme", "no such option")) == "connection 'acme': no such option"
