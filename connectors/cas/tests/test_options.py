"""What an administrator may enter, and what they are told where it can't be; and the README says the same."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from passback_cas import CasOptions

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
URL = "https://cas.example.edu/cas"


@pytest.mark.parametrize("given", [URL, f"{URL}/", f" {URL} "])
def test_an_address_is_taken_as_people_paste_it(given):
    assert CasOptions.model_validate({"url": given}).url == URL


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("url", "cas.example.edu", "expected an address"),
        ("url", "https://", "expected an address"),
        ("url", "https://[cas", "expected an address"),
        ("url", "https://a:99999/", "expected an address"),
        ("url", "https://us:top-secret@cas.example.edu", "leave user name and password out"),
        ("url", f"{URL}?x=top-secret", "without"),
        ("protocol", 1, "2 or 3"),
        ("subject", "mail", "pattern"),
        ("subject", "attribute:", "pattern"),
        ("subject", "attribute:a b", "pattern"),
        ("gateway", True, "Extra inputs"),
    ],
)
def test_what_cant_be_is_refused_with_what_was_expected(option, value, message):
    with pytest.raises(ValidationError, match=message) as caught:
        CasOptions.model_validate({"url": URL} | {option: value})
    assert "top-secret" not in str(caught.value)


def table():
    lines = ["| option | meaning | default |", "|---|---|---|"]
    for name, field in CasOptions.model_fields.items():
        default = "required" if field.is_required() else f"`{json.dumps(field.default)}`"
        lines.append(f"| `{name}` | {field.description} | {default} |")
    return "\n".join(lines)


def test_every_option_stands_in_the_readme_as_it_is():
    shown = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.DOTALL)[1]
    assert shown == table(), "the table of options isn't what the options are; this is:\n" + table()


def test_the_configuration_that_is_shown_works():
    shown = tomllib.loads(re.search(r"```toml\n(.*?)```", README, re.DOTALL)[1])
    connection = shown["connections"]["campus"]
    assert connection["connector"] == "cas"
    assert CasOptions.model_validate(connection["options"]).url == URL
