"""Overriding a hook is implementing it; what can't work is refused before anything is delivered."""

# ruff: noqa: ARG001 - a hook takes what the contract hands it

from collections.abc import AsyncIterator

import pytest
from pydantic import Field, SecretStr, ValidationError

from passback import Connector, ContractError, Extension, Observer, Options, Sending
from passback.contract import implemented


class AcmeOptions(Options):
    url: str
    key: SecretStr = Field(default=SecretStr("k3y"), description="As shown under Settings.")


class Checked(Connector[AcmeOptions]):
    async def check(self): ...


class Full(Checked):
    async def submit_results(self, batch): ...

    def map_identity(self, request): ...

    def read_launch(self, query): ...

    async def lookup_users(self, query):
        yield query


class Narrower(Full):
    """Overrides nothing of its own."""


class Mixin:
    def map_identity(self, request): ...

    async def submit_results(self, batch): ...


class Mixed(Mixin, Checked):
    """Gets its hooks from a class that is no connector."""


@pytest.mark.parametrize(
    ("connector", "capabilities"),
    [
        (Checked, {"check"}),
        (Full, {"check", "submit_results", "map_identity", "read_launch", "lookup_users"}),
        (Narrower, {"check", "submit_results", "map_identity", "read_launch", "lookup_users"}),
        (Mixed, {"check", "submit_results", "map_identity"}),
    ],
)
def test_a_connector_can_do_what_it_or_what_it_inherits_from_overrides(connector, capabilities):
    assert implemented(connector, Connector) == capabilities


def a_coroutine():
    async def hook(self, record): ...

    return hook


def a_function():
    def hook(self, record): ...

    return hook


def an_async_generator():
    async def hook(self, record) -> AsyncIterator[object]:
        yield record

    return hook


@pytest.mark.parametrize(
    ("base", "hook", "member", "must", "is_"),
    [
        (Connector, "map_identity", a_coroutine(), "def", "async def"),
        (Connector, "read_launch", a_coroutine(), "def", "async def"),
        (Connector, "read_launch", an_async_generator(), "def", "an async generator"),
        (Connector, "submit_results", a_function(), "async def", "def"),
        (Connector, "submit_results", an_async_generator(), "async def", "an async generator"),
        (Connector, "check", a_function(), "async def", "def"),
        (Connector, "lookup_users", a_coroutine(), "an async generator or def", "async def"),
        (Connector, "map_identity", 7, "def", "int"),
        (Connector, "map_identity", None, "def", "NoneType"),
        (Connector, "map_identity", property(a_function()), "def", "property"),
        (Connector, "map_identity", staticmethod(a_function()), "def", "staticmethod"),
        (Extension, "map_identity", a_coroutine(), "def", "async def"),
        (Observer, "settled", a_coroutine(), "def", "async def"),
        (Observer, "health_changed", a_coroutine(), "def", "async def"),
    ],
)
def test_a_hook_of_the_wrong_kind_is_refused_when_the_class_is_made(base, hook, member, must, is_):
    with pytest.raises(ContractError) as refused:
        type("Acme", (base,), {hook: member, "__module__": "acme_plugin"})
    assert str(refused.value) == f"acme_plugin.Acme.{hook} must be {must}; it is {is_}"


def test_a_hook_of_the_wrong_kind_is_refused_from_wherever_it_is_inherited():
    with pytest.raises(ContractError, match=r"map_identity must be def; it is async def"):
        type("Acme", (type("Wrong", (), {"map_identity": a_coroutine()}), Checked), {})


@pytest.mark.parametrize("hook", ["map_identity", "read_launch"])
def test_a_hook_that_calls_its_record_otherwise_is_refused_when_the_class_is_made(hook):
    """pluggy passes it by name, so it would only fail once the connection is built."""
    with pytest.raises(ContractError, match=hook):
        type("Acme", (Checked,), {hook: lambda self, other: None})  # noqa: ARG005


def test_a_look_up_may_be_a_function_that_returns_an_async_iterator():
    plain = lambda self, query: None  # noqa: ARG005, E731 - a def would have to say that it's unused too
    assert "lookup_users" in implemented(type("Acme", (Checked,), {"lookup_users": plain}), Connector)


class WiderOptions(AcmeOptions):
    tenant: str = ""


class Retyped(Checked):
    options_type = WiderOptions


class RetypedOnce(Retyped):
    """Keeps what its parent chose."""


@pytest.mark.parametrize("connector", [Checked, Full, Narrower, Mixed])
def test_the_options_come_from_the_type_argument_and_are_inherited(connector):
    assert connector.options_type is AcmeOptions


@pytest.mark.parametrize("connector", [Retyped, RetypedOnce])
def test_a_derived_connector_may_have_options_of_its_own(connector):
    assert connector.options_type is WiderOptions


def test_an_unknown_option_is_refused_without_repeating_any_value():
    with pytest.raises(ValidationError, match="kee") as refused:
        AcmeOptions.model_validate({"url": "https://lms.example", "kee": "s3cret"})
    assert "s3cret" not in str(refused.value)


def test_a_secret_option_is_not_shown():
    options = AcmeOptions(url="https://lms.example", key=SecretStr("s3cret"))
    assert "s3cret" not in f"{options} {options!r} {options.model_dump()}"


def test_options_can_not_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        AcmeOptions(url="https://lms.example").url = "https://elsewhere.example"


def test_a_connector_without_a_check_can_not_be_made():
    unchecked = type("Unchecked", (Connector,), {})
    with pytest.raises(TypeError, match="check"):
        unchecked(None)


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"batch": -1}, {"linger": -0.1}])
def test_a_sending_that_can_not_work_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Sending(**wrong)
