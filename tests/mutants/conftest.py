import pytest

from passback.testing.stand import Stand


@pytest.fixture(scope="session")
def stand():
    stand = Stand()
    yield stand
    stand.close()
