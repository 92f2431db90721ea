"""Of whatever is installed, what is wanted and can work does; every other plugin is told with its reason."""

import json

import pytest

READY = ("ready", "", {"check", "submit_results"})


def test_a_plugin_that_is_installed_and_wanted_is_ready_with_its_capabilities(site):
    site.install("passback-acme")
    assert site.load("acme") == {("acme", "passback-acme"): READY}
    assert site.imported("passback-acme")


def test_a_plugin_that_nobody_wants_is_shown_but_never_imported(site):
    site.install("passback-acme")
    site.install("passback-broken", "broken", "marker.touch()\nraise SystemExit")
    found = site.load("acme")
    assert found["acme", "passback-acme"] == READY
    assert found["broken", "passback-broken"][0] == "available"
    assert not site.imported("passback-broken")


def test_a_plugin_that_nothing_offers_is_missing(site):
    status, reason, _ = site.load("nowhere")["nowhere", None]
    assert (status, reason) == ("missing", "no installed distribution offers it")


def test_of_two_distributions_that_offer_the_same_name_neither_is_imported_and_both_are_named(site):
    site.install("passback-acme")
    site.install("acme-imposter")
    found = site.load("acme")
    assert {status for status, _, _ in found.values()} == {"duplicate"}
    for _, reason, _ in found.values():
        assert "offered by acme-imposter 1.0 and passback-acme 1.0" in reason
        assert "pin the distribution" in reason
    assert not site.imported("passback-acme")
    assert not site.imported("acme-imposter")


@pytest.mark.parametrize("pin", ["passback-acme", "Passback_Acme"])
def test_a_pin_decides_which_distribution_may_offer_a_name(site, pin):
    site.install("passback-acme")
    site.install("acme-imposter")
    found = site.load("acme", pins={"acme": pin})
    assert found["acme", "passback-acme"] == READY
    assert found["acme", "acme-imposter"][:2] == (
        "pinned elsewhere",
        "the configuration pins it to passback-acme",
    )
    assert not site.imported("acme-imposter")


def test_a_pin_to_what_is_not_installed_leaves_the_name_missing(site):
    site.install("acme-imposter")
    found = site.load("acme", pins={"acme": "passback-acme"})
    assert found["acme", None][:2] == ("missing", "passback-acme is not installed, or offers no 'acme'")
    assert found["acme", "acme-imposter"][0] == "pinned elsewhere"
    assert not site.imported("acme-imposter")


@pytest.mark.parametrize("name", ["acme", "passback-acme", "Passback_Acme", "passback.acme"])
def test_what_is_blocked_by_either_name_is_not_imported_and_says_why(site, name):
    site.install("passback-acme")
    found = site.load("acme", blocked={name: "CVE-2026-1"})
    assert found["acme", "passback-acme"][:2] == ("blocked", "CVE-2026-1")
    assert not site.imported("passback-acme")


def test_what_is_disabled_is_not_imported(site):
    site.install("passback-acme")
    found = site.load("acme", disabled=frozenset({"acme"}))
    assert found["acme", "passback-acme"][:2] == ("disabled", "the configuration disables it")
    assert not site.imported("passback-acme")


@pytest.mark.parametrize(
    ("value", "ready"),
    [("none", set()), ("acme", {"acme"}), (" acme , other ", {"acme", "other"}), ("", {"acme", "other"})],
)
def test_the_environment_narrows_what_may_be_loaded(site, monkeypatch, value, ready):
    monkeypatch.setenv("PASSBACK_PLUGINS", value)
    site.install("passback-acme")
    site.install("passback-other", "other")
    found = site.load("acme", "other")
    assert {name for (name, _), entry in found.items() if entry == READY} == ready
    assert site.imported("passback-acme") == ("acme" in ready)
    for (name, _), (status, reason, _) in found.items():
        assert name in ready or (status, reason) == ("disabled", "PASSBACK_PLUGINS leaves it out")


@pytest.mark.parametrize(
    "requires", ["passback>=99", "passback <0.1", "Passback==99.*", "passback[host]>=99"]
)
def test_a_plugin_for_another_core_is_never_imported(site, requires):
    site.install("passback-acme", metadata=f"Requires-Dist: {requires}\n")
    status, reason, _ = site.load("acme")["acme", "passback-acme"]
    assert status == "incompatible"
    assert f"needs {requires}, this is passback " in reason
    assert not site.imported("passback-acme")


@pytest.mark.parametrize(
    "requires",
    [
        "passback>=0.1",
        "passback",
        "passback >=99 ; python_version < '3'",
        "passback >=99 ; extra == 'next'",
        "passback-extras >=99",
        "not a requirement",
    ],
)
def test_a_requirement_that_does_not_apply_speaks_against_nothing(site, requires):
    site.install("passback-acme", metadata=f"Requires-Dist: {requires}\n")
    assert site.load("acme")["acme", "passback-acme"] == READY


def test_the_command_shows_every_connector_with_its_reason_and_ends_well(site, tmp_path):
    site.install("passback-acme")
    site.install("passback-broken", "broken", "raise SystemExit(3)")
    site.install("passback-future", "future", metadata="Requires-Dist: passback>=99\n")
    site.install("passback-evil", "evil")
    site.install("twin-a", "twin")
    site.install("twin-b", "twin")
    site.install("passback-idle", "idle")
    used = ["acme", "broken", "future", "evil", "twin", "nowhere"]
    tables = [f'[connections.{name}]\nconnector = "{name}"\ncontact = "ada@example.org"\n' for name in used]
    config = tmp_path / "passback.toml"
    config.write_text("[plugins.block]\nevil = 'it steals'\n" + "".join(tables))

    output = site.run("-m", "passback", "connectors", "--json", "-c", str(config))

    rows = [json.loads(line) for line in output.splitlines()]
    shown = {(row["name"], row["distribution"]): row for row in rows}
    expected = {
        ("acme", "passback-acme"): ("ready", ""),
        ("broken", "passback-broken"): ("failed", "SystemExit"),
        ("future", "passback-future"): ("incompatible", "needs passback>=99"),
        ("evil", "passback-evil"): ("blocked", "it steals"),
        ("twin", "twin-a"): ("duplicate", "twin-a 1.0 and twin-b 1.0"),
        ("twin", "twin-b"): ("duplicate", "twin-a 1.0 and twin-b 1.0"),
        ("idle", "passback-idle"): ("available", "doesn't use it"),
        ("nowhere", None): ("missing", "no installed distribution offers it"),
    }
    for key, (status, reason) in expected.items():
        assert shown[key]["status"] == status
        assert reason in shown[key]["reason"]
    assert shown["acme", "passback-acme"]["capabilities"] == ["check", "submit_results"]
    assert not site.imported("passback-idle")


def test_without_a_configuration_the_command_shows_what_is_installed(site):
    site.install("passback-acme")
    rows = map(json.loads, site.run("-m", "passback", "connectors", "--json").splitlines())
    assert ("acme", "available") in {(row["name"], row["status"]) for row in rows}
