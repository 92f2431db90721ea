"""Bring servers and clients here: `python -m passback_testbed.install NAME [--into DIR]`."""

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from passback_testbed import environments, node
from passback_testbed.places import HOME, PINS, RALPH_STORE
from passback_testbed.running import run
from passback_testbed.stamps import install_once

_CAS = ("django-cas-server==3.1.0", "waitress==3.0.2")
_RALPH = (
    "ralph-malph[lrs,cli,backend-lrs]==5.1.0",
    "requests",  # Ralph's server imports it without asking for it
)


def install_ralph(home: Path = HOME) -> bool:
    """Install Ralph and its journal back end into `home`, and tell whether that was still to do."""
    folder = home.absolute() / "ralph"
    pins = PINS / "constraints-ralph.txt"

    def fill() -> None:
        environments.make(folder, *_RALPH, RALPH_STORE, constraints=pins)

    return install_once(folder, [*_RALPH, pins, RALPH_STORE], fill)


def install_learning_locker(home: Path = HOME) -> bool:
    """Install Learning Locker and the validator into `home`, and tell whether that was still to do."""
    return _install_packages("learning-locker", home)


def install_stackone(home: Path = HOME) -> bool:
    """Install StackOne's SDK into `home`, and tell whether that was still to do."""
    return _install_packages("stackone", home)


def install_oidc_provider(home: Path = HOME) -> bool:
    """Install oidc-provider into `home`, and tell whether that was still to do."""
    return _install_packages("oidc-provider", home)


def install_django_cas_server(home: Path = HOME) -> bool:
    """Install django-cas-server into `home`, and tell whether that was still to do."""
    folder = home.absolute() / "django-cas-server"
    pins = PINS / "constraints-django-cas-server.txt"

    def fill() -> None:
        environments.make(folder, *_CAS, constraints=pins)

    return install_once(folder, [*_CAS, pins], fill)


def install_samlp(home: Path = HOME) -> bool:
    """Install samlp into `home`, and tell whether that was still to do."""
    return _install_packages("samlp", home)


def _install_packages(name: str, home: Path) -> bool:
    folder = home.absolute() / name
    pins = PINS / name
    node.install(home.absolute())

    def fill() -> None:
        shutil.copytree(pins, folder)
        _, npm = node.programs(home.absolute())
        run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)

    return install_once(folder, [pins], fill)


SERVERS: dict[str, Callable[[Path], bool]] = {
    "ralph": install_ralph,
    "learning-locker": install_learning_locker,
    "stackone": install_stackone,
    "oidc-provider": install_oidc_provider,
    "samlp": install_samlp,
    "django-cas-server": install_django_cas_server,
}


def main() -> None:
    """Install what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m passback_testbed.install", description=__doc__)
    parser.add_argument("server", choices=[*SERVERS, "all"])
    parser.add_argument(
        "--into", type=Path, default=HOME, metavar="DIR", help="where to (default: %(default)s)"
    )
    chosen = parser.parse_args()
    for name, install in SERVERS.items():
        if chosen.server in {name, "all"}:
            begun = time.monotonic()
            new = install(chosen.into)
            state = f"installed in {time.monotonic() - begun:.1f} s" if new else "is here already"
            sys.stdout.write(f"{name} {state}\n")


if __name__ == "__main__":
    main()
