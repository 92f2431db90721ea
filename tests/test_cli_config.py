"""``passback config``: what is in force, everything that is wrong, and what editors complete from."""

import json
import tomllib

import jsonschema
from hosting import lrs_table

SECRET = "hush-not-this-one"


def test_what_is_in_force_is_shown_with_defaults_and_without_secrets(host, monkeypatch):
    monkeypatch.setenv("ACME_URL", "https://lrs.example.com/xapi/")
    monkeypatch.setenv("ACME_KEY", "lrs")
    table = lrs_table("URL", secret=SECRET).replace('"URL"', '{ env = "ACME_URL" }')
    table = table.replace('key = "lrs"', 'key = { env = "ACME_KEY" }')
    host.configure(table)
    done = host.run("config", "check")
    shown = tomllib.loads(done.stdout.partition("✓")[0])["connections"]["lrs"]
    assert (shown["organisation"], shown["activities"]) == ("default", "*")
    assert (shown["sending"]["batch"], shown["sending"]["linger"]) == (50, 0.2)
    assert shown["options"]["actor"] == "mbox"
    assert {shown["options"][each] for each in ("url", "key", "secret")} == {"********"}
    assert SECRET not in done.stdout
    assert "lrs.example.com" not in done.stdout


def test_everything_in_force_is_shown_also_what_nobody_wrote(host):
    host.configure("[retention]\nsettled = 7", lrs_table("https://lrs.example.com/", sending="per_day = 500"))
    shown = tomllib.loads(host.run("config", "check").stdout.partition("✓")[0])
    assert shown["retention"] == {"undelivered": 30.0, "settled": 7.0}
    assert shown["connections"]["lrs"]["sending"] == {
        "batch": 50, "linger": 0.2, "first_probe": 1.0, "longest_probe": 900.0, "concurrency": 1,
        "per_day": 500,
    }  # fmt: skip


def test_what_is_shown_can_stand_in_a_file_itself(host):
    alerts = '[alerts.smtp]\nhost = "localhost"\nsecurity = "none"\nsender = "a@b.example"\n'
    host.configure(alerts, lrs_table("https://lrs.example.com/", secret=SECRET))
    shown = host.run("config", "check").stdout.partition("✓")[0]
    (host.folder / "passback.toml").write_text(shown, "utf-8")
    again = host.run("config", "check").stdout.partition("✓")[0]
    assert tomllib.loads(again) == tomllib.loads(shown)


def test_a_connection_that_can_not_serve_is_exit_1_and_shows_no_option(host):
    host.configure(lrs_table("https://lrs.example.com/", secret=SECRET).replace("secret =", "scret ="))
    done = host.run("config", "check", expect=1)
    assert "passback.toml:10: connections.lrs.options.scret: unknown; did you mean 'secret'?" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_a_file_that_can_not_be_used_is_exit_2_and_everything_is_told(host):

    host.configure('stroe = "x"\nobservers = ["gone"]', lrs_table("ftp://lrs.example.com/"))
    (report,) = host.json("config", "check", expect=2)
    places = [(each["line"], each["place"], each["connection"]) for each in report["mistakes"]]
    assert places == [
        (2, "stroe", None),
        (3, "observers.0", None),
        (10, "connections.lrs.options.url", "lrs"),
    ]
    assert "No such file" in host.run("config", "check", "-c", "nowhere.toml", expect=2).stdout


def test_what_stands_in_the_file_steers_no_terminal(host):
    table = lrs_table("https://lrs.example.com/")
    host.configure(table.replace("contact =", 'activities = ["\\u001b[2J"]\ncontact ='))
    assert "[2J" in host.run("config", "check").stdout
    assert "\x1b[2J" not in host.run("config", "check").stdout
    host.configure(table.replace('"admin@example.com"', '"\\u001b[2J@a.b"'))
    assert "\x1b[2J" not in host.run("config", "check", expect=1).stderr


def test_the_schema_takes_the_configuration_that_is_used(host):
    schema = json.loads(host.run("config", "schema").stdout)
    document = tomllib.loads(lrs_table("https://lrs.example.com/"))
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator(schema).validate(document)
    document["connections"]["lrs"]["options"]["scret"] = "x"
    assert not jsonschema.Draft7Validator(schema).is_valid(document)
