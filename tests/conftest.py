import pytest
from hosting import Host


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)
