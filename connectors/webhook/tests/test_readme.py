"""What the README shows, run; and every option that there is stands in it as it is."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import get_args

import attrs
import pytest
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from passback import (
    Activity,
    Counters,
    Delivered,
    Delivery,
    Item,
    Learner,
    Passback,
    Result,
    Score,
    SystemClock,
)
from passback_webhook import WebhookOptions
from passback_webhook.expressions.functions import Functions, arities
from passback_webhook.messages import Author
from passback_webhook.outgoing import outgoing
from passback_webhook.sandbox import EVENTS, Behaviour, Sender, six_events

PATH = Path(__file__).parent.parent / "README.md"
README = PATH.read_text("utf-8")
SENDING, RECEIVING = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
(SERVING,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
(MESSAGE,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
CONFIGURATION = tomllib.loads(SENDING)["connections"]["acme"]["options"]
SAID = json.loads(MESSAGE)

SECRET = "a-secret-of-the-platform"
RESULT = Result(
    kind="task_completed",
    learner=Learner(id="7", external_id="E-1001"),
    activity=Activity(id="crane-1"),
    item=Item(id="task-5"),
    at=datetime(2025, 1, 2, 3, 4, 4, tzinfo=UTC),
    started=datetime(2025, 1, 2, 3, 0, 0, tzinfo=UTC),
    score=Score(raw=70),
    progress=0.5,
    counters=Counters(total_awards=4, awards_unlocked=2, total_tasks=10, tasks_completed=5),
)
KINDS = {
    "event": "string",
    "user": "string",
    "course": "string",
    "sent_at": "string",
    "last_activity": "string",
    "course_started_ms": "integer",
    "score": "integer",
    "percent_complete": "number",
    **dict.fromkeys(("awards_total", "awards_unlocked", "tasks_total", "tasks_completed"), "integer"),
}


class Standing(SystemClock):
    def now(self):
        return datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def configured(**more):
    auth = CONFIGURATION["auth"] | {"client_secret": "sandbox-secret"}
    return CONFIGURATION | {"auth": auth} | more


def test_the_configuration_that_is_shown_gives_the_message_that_is_shown():
    """Wire facts §7: TIQ's default body, by configuration alone."""
    author = Author(WebhookOptions.model_validate(configured()), Standing())
    request = outgoing(author.message(Delivery(id=1, result=RESULT)))
    assert json.loads(request.content) == SAID
    assert list(json.loads(request.content)) == list(SAID)


def test_a_strict_api_takes_it(start):
    api = start(Behaviour(fields=KINDS, known_id="sent_at"))
    auth = configured()["auth"] | {"token_url": f"{api.url}/token", "client_id": "sandbox-client"}
    receipt = api.one(RESULT, **configured(url=f"{api.url}/events", auth=auth))
    assert isinstance(receipt, Delivered)
    (message,) = api.sandbox.messages
    assert message == SAID | {"sent_at": message["sent_at"]}


@pytest.fixture
def served(tmp_path):
    """Serve what the README shows, by what it shows; give the connection's address, and the secret."""
    (tmp_path / "passback.toml").write_text(RECEIVING, "utf-8")
    (tmp_path / "hooks.py").write_text(SERVING, "utf-8")
    environment = os.environ | {"TIQ_SECRET": SECRET}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "hooks:app", "--fd", str(listener.fileno())]
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, pass_fds=[listener.fileno()], stderr=subprocess.PIPE
        ) as process:
            yield f"http://127.0.0.1:{port}/passback/hooks/tiq"
            process.terminate()
            assert SECRET.encode() not in process.communicate()[1]


def test_the_walk_through_for_tiq_is_as_it_is_shown(served, tmp_path, monkeypatch):
    start = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
    for _ in range(2):
        for answer in Sender(served, SECRET).send(six_events("E-1001", "crane-1", start)):
            assert f"{answer.status} {answer.body.decode()}" == '200 {"accepted":1,"ignored":0}'
    assert Sender(served, SECRET, way="secret").send([SAID])
    monkeypatch.setenv("TIQ_SECRET", SECRET)

    async def kept():
        async with Passback.from_file(tmp_path / "passback.toml", deliver=False) as pb:
            return [each.result async for each in pb.export()]

    results = asyncio.run(kept())
    assert [each.kind for each in results] == ["started", *EVENTS[1:5], "completed", "task_completed"]
    assert attrs.evolve(results[-1], id=RESULT.id, learner=RESULT.learner, item=RESULT.item) == RESULT


HOW_TO = (PATH.parents[2] / "docs" / "how-to" / "webhook.md").read_text("utf-8")


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", HOW_TO, re.DOTALL))
def test_every_recipe_is_a_configuration(block):
    table = tomllib.loads(block)["connections"]["acme"]
    secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    text = re.sub(r'\{"env": "[A-Z_]+"\}', f'"{secret}"', json.dumps(table.get("options", {})))
    WebhookOptions.model_validate({"url": "https://api.acme.example/x"} | json.loads(text))


def options_of(model, prefix=""):
    """Yield each option: its name, its description, its default."""
    for name, field in model.model_fields.items():
        place = f"{prefix}{name}"
        if place == "auth.kind":
            continue  # told by auth itself
        only = f"`{get_args(model.model_fields['kind'].annotation)[0]}`: " if prefix == "auth." else ""
        yield place, f"{only}{field.description}", default_of(field)
        if place != "messages":  # as message
            for inner in models_in(field.annotation):
                yield from options_of(inner, f"{place}.")


def models_in(annotation):
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [each for argument in get_args(annotation) for each in models_in(argument)]


def default_of(field):
    default = field.default
    if field.is_required():
        return "required"
    if default is PydanticUndefined or default is None or isinstance(default, BaseModel):
        return ""
    if isinstance(default, tuple):
        if len(default) > 5 or not default:
            return ""
        return f"`{list(default)}`"
    if isinstance(default, Enum | SecretStr):
        return f"`{default}`"
    return f"`{json.dumps(default)}`" if default != "" else ""


def table():
    lines = ["| option | meaning | default |", "|---|---|---|"]
    lines += [f"| `{name}` | {text} | {default} |" for name, text, default in options_of(WebhookOptions)]
    return "\n".join(lines)


def test_every_option_stands_in_the_readme_as_it_is():
    shown = re.search(r"<!-- options -->\n(.*?)\n?<!-- /options -->", README, re.DOTALL)[1]
    assert shown == table(), "the table of options isn't what the options are; this is:\n" + table()


@pytest.mark.parametrize("name", sorted(set(arities()) - set(Functions.__mro__[1].FUNCTION_TABLE)))
def test_every_function_of_our_own_stands_in_the_readme(name):
    assert re.search(rf"`{name}[(`]", README)
