"""What an administrator may enter, and what they are told where it can't be; and the README says the same."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_core import PydanticUndefined

from passback import Access
from passback_thoughtindustries import ThoughtIndustriesOptions
from passback_thoughtindustries.sandbox import PEOPLE

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
SCHOOL = {"url": "https://acme.thoughtindustries.com", "api_key": "top-secret-0123456789"}


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("url", "acme.thoughtindustries.com", "expected an address"),
        ("url", "https://", "expected an address"),
        ("url", "https://[acme", "expected an address"),
        ("url", "https://us:top-secret@acme.example", "leave user name and password out"),
        ("url", "https://acme.example?key=top-secret", "without"),
        ("api_key", "top-secret", "at least 16 characters"),
        ("course_by", "slug", "'id' or 'sku'"),
        ("paths", {"a": "https://evil.example"}, "expected a path"),
        ("paths", {"a": "//evil.example"}, "expected a path"),
        ("sign_in_seconds", 501, "less than or equal to 500"),
        ("webhook_secrets", ["top-secret"] * 5, "at most 4"),
        ("colour", "red", "Extra inputs"),
    ],
)
def test_what_cant_be_is_refused_with_what_was_expected_and_no_secret(option, value, message):
    with pytest.raises(ValidationError, match=message) as caught:
        ThoughtIndustriesOptions.model_validate(SCHOOL | {option: value})
    assert "top-secret" not in str(caught.value)


def test_an_address_is_taken_as_people_paste_it():
    given = SCHOOL | {"url": f" {SCHOOL['url']}/ "}
    assert ThoughtIndustriesOptions.model_validate(given).url == SCHOOL["url"]


def default_of(field):
    if field.is_required():
        return "required"
    if field.default in (PydanticUndefined, None, (), "") or isinstance(field.default, SecretStr):
        return ""
    return f"`{json.dumps(field.default)}`"


def table():
    lines = ["| option | meaning | default |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {field.description} | {default_of(field)} |"
        for name, field in ThoughtIndustriesOptions.model_fields.items()
    ]
    return "\n".join(lines)


def test_every_option_stands_in_the_readme_as_it_is():
    shown = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.DOTALL)[1]
    assert shown == table(), "the table of options isn't what the options are; this is:\n" + table()


def test_the_configuration_that_is_shown_works():
    shown = tomllib.loads(re.search(r"```toml\n(.*?)```", README, re.DOTALL)[1])
    options = shown["connections"]["academy"]["options"] | {"api_key": SCHOOL["api_key"]}
    assert ThoughtIndustriesOptions.model_validate(options).courses


def test_the_names_that_are_shown_are_those_that_are_sent():
    for name in ("courseSlugs", "studentLicenseSkus", "replaceCourseAccess", "clientSku", "ref10"):
        assert f"`{name}`" in README
        assert name in Access.attribute_names()


def test_the_number_of_users_is_what_is_said():
    assert f"with {len(PEOPLE)} users" in README
