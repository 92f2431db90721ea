import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from passback.sandbox import Stage
from passback.testing.stand import Stand


class Ledger(Stage):
    """Keeps what is posted to it."""

    title = "a ledger"
    base = "/api"

    def __init__(self):
        self.kept = []
        super().__init__(Starlette(routes=[Route("/api/kept", self._answer, methods=["GET", "POST"])]))

    def guide(self, url):
        return url

    async def _answer(self, request):
        if request.method == "POST":
            self.kept.append((await request.body()).decode())
        return JSONResponse({"kept": len(self.kept)})


@pytest.fixture(scope="session")
def stand():
    stand = Stand()
    yield stand
    stand.close()


@pytest.fixture
def ledger(stand):
    """A sandbox, what the proxy in front of it sees, and a client that is sent to it."""
    sandbox = Ledger()
    record, url = stand.begin(sandbox)
    with httpx2.Client(base_url=url, trust_env=False, timeout=5) as client:
        yield sandbox, record, client
