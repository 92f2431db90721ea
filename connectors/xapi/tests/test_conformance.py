"""The connector keeps what Passback asks of every connector."""

from collections.abc import Iterable, Mapping

from passback import Delivery
from passback.testing import Conformance
from passback_xapi import XapiConnector
from passback_xapi.sandbox import Sandbox


class TestXapi(Conformance[Sandbox]):
    connector = XapiConnector

    def sandbox(self) -> Sandbox:
        return Sandbox()

    def options(self, sandbox: Sandbox, url: str) -> Mapping[str, object]:
        return {"url": url, "key": sandbox.behaviour.key, "secret": sandbox.behaviour.secret}

    def arrived(self, sandbox: Sandbox) -> Iterable[str]:
        # The statements' ids are derived from our results' by the connector itself.
        return [f"{each['actor']['mbox']} {each['timestamp'][:19]}" for each in sandbox.statements]

    def mark(self, delivery: Delivery) -> str:
        result = delivery.result
        return f"mailto:{result.learner.email} {result.at:%Y-%m-%dT%H:%M:%S}"
