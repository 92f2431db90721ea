"""Ports of loopback."""

import random
import socket
import time

# What systems give to outgoing connections begins above: a port from there may be taken by one of those
# between being found and being listened on.
_OURS = range(15_000, 32_000)


def free_port() -> int:
    """Return a port that nothing listens on, and that no outgoing connection takes."""
    while True:
        port = random.choice(_OURS)
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def is_open(port: int) -> bool:
    """Tell whether something listens on a port."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def await_silence(port: int, seconds: float) -> None:
    """Wait until nothing listens on a port any more.

    Raises:
        TimeoutError: Something still does.
    """
    end = time.monotonic() + seconds
    while is_open(port):
        if time.monotonic() > end:
            raise TimeoutError(f"something still listens on port {port}")
        time.sleep(0.01)
