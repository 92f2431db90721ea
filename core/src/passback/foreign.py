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
from typing import TypeVar

from passback.errors import ConnectionFailure, ContractError, PassbackError

__all__ = ["contained", "ended"]

log = logging.getLogger("passback.plugins")
T = TypeVar("T")

# How long a task may take to end once it's told to, in seconds.
_LETS_GO = 5.0
_left: set[asyncio.Task[object]] = set()


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


async def ended(task: asyncio.Task[T], *, counts: bool) -> T:
    """Return what `task`, of a plugin, returns; if it goes on although it was cancelled, leave it behind.

    Args:
        task: What is waited for.
        counts: Whether what it returns just when whoever called is cancelled is still returned.

    Raises:
        CancelledError: Whoever called was cancelled, and so was `task`.
    """
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        answered = task.done()
        task.cancel()
        await asyncio.wait([task], timeout=_LETS_GO)
        if not task.done():
            log.error("%s doesn't end when it's told to, and is left behind", task.get_name())  # noqa: TRY400
            _left.add(task)
            task.add_done_callback(_forget)
            raise
        # What a plugin raises instead of ending is its defect, and is told.
        failed = not answered and not task.cancelled() and task.exception() is not None
        if not counts and not failed:
            _forget(task)
            raise
    return task.result()


def _forget(task: asyncio.Task[object]) -> None:
    _left.discard(task)
    if not task.cancelled():
        # Nobody is left who would ask what it raised.
        task.exception()


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
