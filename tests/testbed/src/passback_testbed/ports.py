"""Ports of loopback."""

import socket
import time


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
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
