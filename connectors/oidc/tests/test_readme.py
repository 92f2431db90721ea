"""What the README shows, run; and every option that there is stands in it as it is."""

import json
import re
import tomllib
from pathlib import Path

from pydantic_core import PydanticUndefined

from passback_oidc import OidcOptions

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
CONFIGURATION = tomllib.loads(re.search(r"```toml\n(.*?)```", README, re.DOTALL)[1])


def test_the_configuration_that_is_shown_works(fake, provider):
    options = dict(CONFIGURATION["connections"]["acme"]["options"])
    assert options.pop("client_secret") == {"env": "ACME_CLIENT_SECRET"}
    assert options.pop("issuer") == "https://login.acme.example"
    provider.claims = {"aud": options["client_id"]}
    assert fake(**options).sign_in().subject == "u-1"


def default_of(field):
    if field.is_required():
        return "required"
    if field.default in (PydanticUndefined, None, ()):
        return ""
    return f"`{json.dumps(field.default)}`"


def table():
    lines = ["| option | meaning | default |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {field.description} | {default_of(field)} |"
        for name, field in OidcOptions.model_fields.items()
    ]
    return "\n".join(lines)


def test_every_option_stands_in_the_readme_as_it_is():
    shown = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.DOTALL)[1]
    assert shown == table(), "the table of options isn't what the options are; this is:\n" + table()
