"""What the README shows, used; and every option that there is stands in it as it is."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_core import PydanticUndefined

from passback import Delivered
from passback_stackone import StackOneOptions
from passback_stackone.sandbox import CORNERSTONE, Behaviour

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
TENANT, DISTRIBUTION = (
    next(iter(tomllib.loads(block)["connections"].values()))["options"]
    for block in re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
)
NEEDED = {"api_key": "k", "account_id": "1"}


def configured(system, shown):
    given = shown | {"api_key": system.sandbox.behaviour.api_key, "url": system.url}
    return given | {"account_id": system.sandbox.behaviour.account_id}


def test_the_configuration_that_is_shown_works(start, made):
    assert TENANT["api_key"] == {"env": "STACKONE_KEY"}
    system = start(Behaviour(account_id=TENANT["account_id"]))
    shown = configured(system, TENANT)
    assert shown["account_id"] == TENANT["account_id"]
    system.check(**shown)
    assert isinstance(system.one(made(), **shown), Delivered)


def test_the_one_for_cornerstone_works(start, made):
    system = start(CORNERSTONE)
    shown = configured(system, DISTRIBUTION)
    launch = (("userGuid", "g"), ("sessionToken", "t"), ("callbackUrl", "/c"))
    system.check(**shown)
    assert isinstance(system.one(made(user="anon", launch=launch), **shown), Delivered)


def test_the_sandbox_shows_a_configuration_that_works(start):
    for kind in ("tenant", "go1", "distribution", "cornerstone"):
        sandbox = type(start().sandbox).presets[kind]()
        guide = sandbox.guide("http://127.0.0.1:1").split("\n\n")[0]
        table = tomllib.loads(guide)["connections"]["stackone"]
        StackOneOptions.model_validate(table["options"])
        assert table["network"]["allow_http"]


def default_of(field):
    default = field.default
    if field.is_required():
        return "required"
    if default is PydanticUndefined or default in (None, ()):
        return ""
    shown = list(default) if isinstance(default, tuple) else default
    return f"`{json.dumps(shown)}`"


def table():
    lines = ["| option | meaning | default |", "|---|---|---|"]
    for name, field in StackOneOptions.model_fields.items():
        lines.append(f"| `{name}` | {field.description} | {default_of(field)} |")
    return "\n".join(lines)


def test_every_option_stands_in_the_readme_as_it_is():
    shown = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.DOTALL)[1]
    assert shown == table(), "the table of options isn't what the options are; this is:\n" + table()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "api.stackone.com"},
        {"url": "ftp://api.stackone.com"},
        {"url": "https://key:hush-hush@api.stackone.com"},
        {"url": "https://api.stackone.com?x=hush-hush"},
        {"url": "https://api.stackone.com:99999"},
        {"api_key": ""},
        {"api_key": "hush-hush:"},
        {"account_id": ""},
        {"account_id": "1\n2"},
        {"account_id": " 1"},
        {"account_id": "ü"},
        {"filters": ["username"]},
        {"page_size": 0},
        {"webhook_secrets": [""]},
        {"webhook_secrets": ["a", "b", "c", "d", "e"]},
        {"unknown": 1},
    ],
)
def test_an_option_that_cant_be_is_refused(wrong):
    with pytest.raises(ValidationError) as refused:
        StackOneOptions.model_validate(NEEDED | wrong)
    assert "hush-hush" not in str(refused.value)


def test_options_show_no_secret():
    options = StackOneOptions.model_validate(NEEDED | {"api_key": "hush", "webhook_secrets": ["quiet"]})
    assert "hush" not in repr(options)
    assert "quiet" not in repr(options)
    assert isinstance(options.api_key, SecretStr)


def test_an_address_may_end_in_a_slash(start):
    system = start()
    system.check(url=f"{system.url}/")
