import gc

import pytest
from hosting import Host

# What ten thousand tests are made of stays: to look for garbage among it took two fifths of collecting them.
gc.disable()


def pytest_collection_finish():
    # Nor is it looked through again at each collection of what one of them left.
    gc.freeze()
    gc.enable()


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)
