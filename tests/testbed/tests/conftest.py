from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from passback_testbed.install import (
    install_django_cas_server,
    install_learning_locker,
    install_oidc_provider,
    install_ralph,
    install_samlp,
)
from passback_testbed.places import workspace


@pytest.fixture(scope="session")
def ralph_home() -> Path:
    home = workspace() / ".testbed"
    install_ralph(home)
    return home


@pytest.fixture(scope="session")
def learning_locker_home() -> Path:
    home = workspace() / ".testbed"
    install_learning_locker(home)
    return home


@pytest.fixture(scope="session")
def oidc_provider_home() -> Path:
    home = workspace() / ".testbed"
    install_oidc_provider(home)
    return home


@pytest.fixture(scope="session")
def cas_server_home() -> Path:
    home = workspace() / ".testbed"
    install_django_cas_server(home)
    return home


@pytest.fixture(scope="session")
def samlp_home() -> Path:
    home = workspace() / ".testbed"
    install_samlp(home)
    return home


@pytest.fixture
def statement():
    def make(**more: Any) -> dict[str, Any]:
        return {
            "id": str(uuid4()),
            "actor": {"objectType": "Agent", "mbox": "mailto:ada@example.org"},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en": "completed"}},
            "object": {"objectType": "Activity", "id": "https://example.org/courses/fire-safety"},
            "result": {"score": {"scaled": 0.5}, "success": True},
            "timestamp": "2025-01-02T03:04:05.678Z",
            **more,
        }

    return make
