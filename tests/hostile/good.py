"""A connector that does as it should."""

from passback import Connector, Options

marker.touch()  # noqa: F821 - the test writes a line before this that defines it


class Acme(Connector[Options]):
    async def check(self): ...

    async def submit_results(self, batch): ...


class Unchecked(Connector[Options]):
    """Lacks what every connector must have."""


class NoConnector:
    """Is something else."""
