"""What the README shows, run; and every option that there is stands in it as it is."""

import json
import re
import tomllib
from pathlib import Path

from passback_saml import SamlOptions

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
SHOWN = [
    tomllib.loads(each)["connections"]["acme-login"]["options"]
    for each in re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
]


def test_the_configurations_that_are_shown_work(idp):
    files = {"acme-idp.xml": idp.metadata("rsa"), "acme-idp.pem": idp.keys().pem}
    assert len(SHOWN) == 3
    for options in SHOWN:
        given = json.loads(json.dumps(options), object_hook=lambda each: files.get(each.get("file"), each))
        SamlOptions.model_validate(given)


def default_of(field):
    if field.default in (None, ()):
        return ""
    return f"`{json.dumps(field.default)}`"


def table():
    lines = ["| option | meaning | default |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {field.description} | {default_of(field)} |"
        for name, field in SamlOptions.model_fields.items()
    ]
    return "\n".join(lines)


def test_every_option_stands_in_the_readme_as_it_is():
    shown = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.DOTALL)[1]
    assert shown == table(), "the table of options isn't what the options are; this is:\n" + table()
