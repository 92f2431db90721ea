"""What the README shows, run; and every option that there is stands in it as it is."""

import json
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from passback import Delivered, NeedsLaunch, Rejected
from passback_cornerstone import CornerstoneOptions

PATH = Path(__file__).parent.parent / "README.md"
README = PATH.read_text("utf-8")
BLOCKS = dict(re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL))
CONFIGURATION = tomllib.loads(BLOCKS["toml"])["connections"]["acme"]["options"]


def resolved(csod):
    """Return the README's options, with the sandbox's address and credentials in their places."""
    like = csod.sandbox.behaviour
    text = json.dumps(CONFIGURATION)
    for shown, real in {
        '"https://acme.csod.com"': json.dumps(csod.url),
        '"our-provider-key"': json.dumps(like.key),
        '{"env": "CSOD_PROVIDER_SECRET"}': json.dumps(like.secret),
        '"our-client"': json.dumps(like.client_id),
        '{"env": "ACME_CLIENT_SECRET"}': json.dumps(like.client_secret),
    }.items():
        assert shown in text
        text = text.replace(shown, real)
    return json.loads(text)


def test_the_configuration_is_one_and_delivers_by_both_ways(csod, sent):
    options = resolved(csod)
    csod.run(lambda each: each.check(), **options)
    by_callback = csod.submit(sent(), launches=[csod.launch(**options)], **options)
    assert by_callback == [Delivered(1, "ladder-1", 1)]
    assert csod.submit(sent(place=1), **options) == [Delivered(1, "ladder-1")]
    assert (csod.entry(0).way, csod.entry(1).way) == ("callback", "api")


WAITS, UNSENT, REFUSED = NeedsLaunch, Delivered(1, sent=False), Rejected
TABLE = {
    ("completed", "both"): Delivered(1, "ladder-1"),
    ("passed", "both"): Delivered(1, "ladder-1"),
    ("failed", "both"): WAITS,
    ("started", "both"): WAITS,
    ("progressed", "both"): WAITS,
    ("completed", "api"): Delivered(1, "ladder-1"),
    ("passed", "api"): Delivered(1, "ladder-1"),
    ("failed", "api"): REFUSED,
    ("started", "api"): UNSENT,
    ("progressed", "api"): UNSENT,
}


@pytest.mark.parametrize(("kind", "ways"), TABLE)
def test_each_result_goes_the_way_that_the_table_says(csod, sent, kind, ways):
    options = {"callback": None} if ways == "api" else {}
    (receipt,) = csod.submit(sent(kind), **options)
    expected = TABLE[kind, ways]
    assert receipt == expected or type(receipt) is expected


def test_the_example_of_course_ids_runs():
    exec(compile(BLOCKS["python"], "README.md", "exec"), {})  # noqa: S102 - our own README


def options_of(model, prefix=""):
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", field.description, default_of(field)
        for inner in models_in(field.annotation):
            yield from options_of(inner, f"{prefix}{name}.")


def models_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for argument in get_args(annotation) for each in models_in(argument)]


def default_of(field):
    default = field.default
    if field.is_required():
        return "required"
    if default is PydanticUndefined or default in (None, "", ()) or isinstance(default, BaseModel):
        return ""
    return f"`{json.dumps(list(default) if isinstance(default, tuple) else default)}`"


def table():
    lines = ["| option | meaning | default |", "|---|---|---|"]
    lines += [f"| `{name}` | {text} | {default} |" for name, text, default in options_of(CornerstoneOptions)]
    return "\n".join(lines)


def test_every_option_stands_in_the_readme_as_it_is():
    shown = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.DOTALL)[1]
    assert shown == table(), "the table of options isn't what the options are; this is:\n" + table()
