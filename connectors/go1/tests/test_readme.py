"""What the README shows, run; and every option that there is stands in it as it is."""

import json
import re
import tomllib
from pathlib import Path

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from passback import Activity, Delivered
from passback_go1 import Go1Options
from passback_go1.sandbox import PEOPLE

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
CONFIGURATION = tomllib.loads(re.search(r"```toml\n(.*?)```", README, re.DOTALL)[1])


def test_the_configuration_that_is_shown_works(start, made):
    options = dict(CONFIGURATION["connections"]["acme"]["options"])
    assert options.pop("client_secret") == {"env": "GO1_SECRET"}
    assert options.pop("webhook_secrets") == [{"env": "GO1_WEBHOOK_SECRET"}]
    assert options.pop("client_id") == "our-client"
    portal = start()
    activity = Activity(id="https://example.com/crane")
    assert isinstance(portal.one(made(activity=activity), **options), Delivered)
    assert portal.sandbox.enrollments[0]["lo_id"] == "778"


def default_of(field):
    if field.is_required():
        return "required"
    if field.default in (PydanticUndefined, None, ()) or isinstance(field.default, SecretStr):
        return ""
    return f"`{json.dumps(field.default)}`"


def table():
    lines = ["| option | meaning | default |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {field.description} | {default_of(field)} |"
        for name, field in Go1Options.model_fields.items()
    ]
    return "\n".join(lines)


def test_every_option_stands_in_the_readme_as_it_is():
    shown = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.DOTALL)[1]
    assert shown == table(), "the table of options isn't what the options are; this is:\n" + table()


def test_the_number_of_users_is_what_is_said():
    assert f"with {len(PEOPLE)} users" in README
