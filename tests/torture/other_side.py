"""The other side: strict LRSs that fail, are slow, cut answers, and count what reaches them.

They run in a process of their own, which no kill and no power cut concerns, and tell the torturer of every
request while it goes on.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from passback.sandbox import serve
from passback_testbed.ports import free_port, is_open
from passback_xapi.sandbox import ADL, Behaviour, Sandbox
from torture.children import Child
from torture.facts import FACT, REFUSED

SYSTEMS: Mapping[str, Behaviour] = {"strict": Behaviour(), "conflicting": ADL}
"""Connection → how its LRS is: one takes a statement twice, one answers 409 to that."""

_SLOWEST = 0.02


class System(Sandbox):
    """An LRS that tells how far each request got.

    Attributes:
        sent: How often each statement was sent, by its id.
        told: Where requests are told of.
    """

    def __init__(self, name: str, behaviour: Behaviour, seed: int, told: int) -> None:
        super().__init__(behaviour)
        self.sent: Counter[str] = Counter()
        self._name = name
        self._told = told
        self._rng = random.Random(seed)
        self._taken = 0

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, not too fast, so that a kill can hit it anywhere."""
        content = await _content(receive)
        statements = _statements(content) if scope["method"] == "POST" else []
        ids = [each["id"] for each in statements]
        self.sent.update(ids)
        self._tell("arrived", ids)
        await asyncio.sleep(self._rng.uniform(0, _SLOWEST))

        async def slowly(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._tell("taken" if message["status"] < 300 else "refused", ids)
                await asyncio.sleep(self._rng.uniform(0, _SLOWEST))
            if not message.get("more_body", False) and message["type"] == "http.response.body":
                self._tell("answered", ids)
            await send(message)

        if any(_extensions(each).get(REFUSED) for each in statements):
            await Response("the LRS takes no such statement", 400)(scope, receive, slowly)
        else:
            await super().app(scope, _again(content, receive), slowly)

    def report(self) -> dict[str, Any]:
        """Return what it holds, as pairs of id and fact, and how often each id was sent."""
        held = [(each["id"], _extensions(each).get(FACT)) for each in self.statements]
        return {"held": held, "sent": self.sent}

    def _tell(self, how: str, ids: list[str]) -> None:
        if ids:
            count = len(self._store.all())
            told = {"at": time.monotonic(), "by": self._name, "how": how, "ids": ids, "holds": count}
            os.write(self._told, json.dumps(told).encode() + b"\n")


class OtherSide:
    """The torturer's hand on the process in which the systems run.

    Attributes:
        urls: Connection → the address of its system.
        told: What the systems told, oldest first.
        holds: Connection → how many statements its system held when it told last.
    """

    def __init__(self, seed: int, log: Path) -> None:
        ports = {name: free_port() for name in SYSTEMS}
        self.urls = {name: f"http://127.0.0.1:{port}/xapi/" for name, port in ports.items()}
        self.told: list[dict[str, Any]] = []
        self.holds = dict.fromkeys(SYSTEMS, 0)
        self._told, told = os.pipe()
        orders, self._orders = os.pipe()
        os.set_blocking(self._told, False)
        self._rest = b""
        self._child = Child(lambda: _serve(ports, seed, orders, told), log)
        while not all(is_open(port) for port in ports.values()):
            if self._child.code is not None:
                raise RuntimeError(f"the other side ended: {log.read_text()}")
            time.sleep(0.01)

    def order(self, name: str, what: str, **how: object) -> None:
        """Have the system called `name` do something: a method of the sandbox, ``shut`` or ``report``."""
        os.write(self._orders, json.dumps({"name": name, "what": what, "how": how}).encode() + b"\n")

    def listen(self, seconds: float) -> list[dict[str, Any]]:
        """Return what is told within `seconds`, as soon as there is something."""
        if not select.select([self._told], [], [], seconds)[0]:
            return []
        *lines, self._rest = (self._rest + os.read(self._told, 1 << 20)).split(b"\n")
        fresh = [json.loads(line) for line in lines]
        for each in fresh:
            self.holds[each["by"]] = each["holds"]
        self.told += fresh
        return fresh

    def report(self, name: str, file: Path) -> dict[str, Any]:
        """Return what the system called `name` holds, and how often it saw what."""
        self.order(name, "report", file=str(file))
        while not file.exists():
            self.listen(0.05)
        found: dict[str, Any] = json.loads(file.read_text())
        return found

    def end(self) -> None:
        """End it."""
        self._child.kill()


def _serve(ports: Mapping[str, int], seed: int, orders: int, told: int) -> None:
    systems = {
        name: System(name, behaviour, seed + place, told)
        for place, (name, behaviour) in enumerate(SYSTEMS.items())
    }
    shut: dict[str, SimpleQueue[float]] = {name: SimpleQueue() for name in systems}
    for name, system in systems.items():
        threading.Thread(target=_keep_open, args=(system, ports[name], shut[name]), daemon=True).start()
    with os.fdopen(orders) as lines:
        for line in lines:
            order = json.loads(line)
            name, what, how = order["name"], order["what"], order["how"]
            if what == "shut":
                shut[name].put(how["seconds"])
            elif what == "report":
                _write_whole(Path(how["file"]), json.dumps(systems[name].report()))
            else:
                getattr(systems[name], what)(**how)


def _keep_open(system: System, port: int, shut: SimpleQueue[float]) -> None:
    while True:
        with serve(system, port):
            seconds = shut.get()
        time.sleep(seconds)


def _write_whole(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.write_text(text)
    part.rename(file)


async def _content(receive: Receive) -> bytes:
    content = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body", False):
            return content


def _again(content: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _statements(content: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(content)
    except ValueError:
        print(f"no JSON: {content[:200]!r}", file=sys.stderr)
        return []
    return found if isinstance(found, list) else [found]


def _extensions(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = statement.get("result", {}).get("extensions", {})
    return found
