import gc

import pytest
from hosting import Host


def pytest_collection_finish():
    # Thousands of tests are looked through again at each collection of what one of them left.
    gc.freeze()


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)
