"""Calling code that isn't ours: whatever a plugin does, it ends in an error that names it.

A plugin runs with the host's rights, and mustn't take the host along: ``sys.exit()`` in a hook, a leaked
cancellation, an exception that can't be printed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from passback.errors import ConnectionFailure, ContractError, PassbackError

__all__ = ["contained"]

log = logging.getLogger("passback.plugins")


@contextmanager
def contained(what: str, *expected: type[PassbackError]) -> Iterator[None]:
    """Run a plugin's code; let through what the contract allows, and turn all else into `ContractError`.

    Args:
        what: The connection, the plugin and the hook, for the message.
        expected: What else this call may raise.

    Raises:
        ConnectionFailure: As the plugin raised it, also out of a task group.
        ContractError: Whatever else it raised. Only the type is named: a library's message may hold a token.
    """
    passed: tuple[type[BaseException], ...]
    passed = (ConnectionFailure, ContractError, *expected, GeneratorExit)
    try:
        yield
    except passed:
        raise
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) and _is_ours():
            raise
        if isinstance(error, KeyboardInterrupt) and _may_be_a_persons():
            raise
        if known := _only_failures(error):
            raise known from None
        # The frames, so that its author can find the place; the message may hold a secret.
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s raised %s\n%s", what, type(error).__name__, frames)  # noqa: TRY400
        raise ContractError(
            f"{what} failed unexpectedly ({type(error).__name__}); this is a defect of the plugin"
        ) from None


def _is_ours() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _may_be_a_persons() -> bool:
    # An event loop's own handler, or ours, ends what runs instead of raising in whatever code is on.
    on_main = threading.current_thread() is threading.main_thread()
    return on_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _only_failures(error: BaseException) -> ConnectionFailure | None:
    # A plugin's task group wraps what its tasks raise; several of the same are still an outage.
    if isinstance(error, ConnectionFailure):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [_only_failures(each) for each in error.exceptions]
        return found[0] if all(found) else None
    return None
