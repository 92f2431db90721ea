"""Older connectors run on a newer core, and nothing public is lost without a word."""

import inspect
import typing

import attrs
import pytest
from api import api, breaks

import passback
from passback import Connector, ContractError
from passback.contract.hooks import hooks_of
from passback_testbed.places import workspace

RELEASED = workspace() / "core" / "api.txt"


def records():
    """Every record that a hook takes."""
    for name, hook in hooks_of(Connector).items():
        for parameter, kind in typing.get_type_hints(hook, vars(passback.contract.connector)).items():
            if parameter != "return" and attrs.has(kind):
                yield pytest.param(kind, id=f"{name}-{kind.__name__}")


def test_nothing_public_is_lost_or_changed_since_the_last_release():
    """What is added may be used; what was there must stay, or the contract's version goes up."""
    lost = breaks(RELEASED.read_text("utf-8").splitlines(), api())
    assert lost == [], (
        "this breaks those who use it. Before 1.0 it may be meant: then say so in a changelog fragment "
        "(+word.changed.md), and write core/api.txt anew: python tests/support/api.py > core/api.txt"
    )


def without_a_field(lines):
    return [line for line in lines if "Score(raw" not in line]


def with_a_field_required(lines):
    return [line.replace("optional", "required") if "Score(raw" in line else line for line in lines]


def with_one_more(lines):
    return [*lines, "passback.Added: class()"]


@pytest.mark.parametrize(
    ("change", "broken"), [(without_a_field, True), (with_a_field_required, True), (with_one_more, False)]
)
def test_a_loss_is_noticed_and_an_addition_is_none(change, broken):
    now = api()
    assert bool(breaks(now, change(now))) is broken


@pytest.mark.parametrize("record", list(records()))
def test_a_record_grows_only_by_what_older_cores_and_tests_neednt_say(record):
    """Its fields are named, so that one more at any place changes nobody's call."""
    assert all(field.kw_only for field in attrs.fields(record))


def test_a_connector_that_reads_the_fields_it_knows_runs_on_a_core_with_more():
    """The record of a newer core, and a connector that was written before."""

    @attrs.frozen(kw_only=True)
    class NewerQuery(passback.LaunchQuery):
        locale: str = "en"

    class Older(Connector):
        async def check(self): ...

        def read_launch(self, query):
            return passback.Launch(user_id=query.get("user"))

    connection = passback.Connection(
        "acme", Older, passback.Options(), passback.HTTP(passback.AddressPolicy()), passback.SystemClock()
    )
    assert connection.read_launch(NewerQuery(pairs=(("user", "ana"),))).user_id == "ana"


def test_a_hook_that_takes_anything_but_its_one_record_is_refused_when_it_is_written():
    with pytest.raises(ContractError, match="must take"):

        class Wrong(Connector):
            async def check(self): ...

            def read_launch(self, query, locale):
                raise NotImplementedError


def test_every_hook_takes_one_record():
    for name, hook in hooks_of(Connector).items():
        assert len(inspect.signature(hook).parameters) <= 2, name
