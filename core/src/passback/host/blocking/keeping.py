"""One open host for a whole process, whichever thread asks for it, and however often the process forks."""

from __future__ import annotations

import atexit

# Executors hold a lock while a process forks, which a host needs that closes or opens: what is registered
# first holds it the shorter, so this comes before ours.
import concurrent.futures.thread  # noqa: F401
import logging
import os
import threading
from weakref import WeakSet

from passback.errors import OutboxError, PassbackError
from passback.host.app import Passback
from passback.host.blocking.portal import Portal
from passback.host.config import Config, read_again

__all__ = ["Keeper"]

log = logging.getLogger("passback.host")

# A process that forks or ends can't wait for ever; what is left then is sent again.
_PATIENCE = 10.0


class Keeper:
    """Opens a host when it's first needed, closes it when the process ends, and again after a fork."""

    def __init__(self, config: Config, *, strict: bool, deliver: bool) -> None:
        self._config = config
        self._strict = strict
        self._deliver = deliver
        self._portal: Portal | None = None
        self._closed = False
        self._reopen = False
        self._opening = threading.RLock()
        _keepers.add(self)

    def close(self, patience: float | None = None) -> None:
        """Close it for good; calls that run may end for `patience` seconds, or as long as they take."""
        with self._opening:
            self._closed = True
            portal, self._portal = self._portal, None
        if portal is not None:
            portal.close(patience)

    def opened(self) -> Portal:
        """Return the way into the open host.

        Raises:
            OutboxError: It was closed.
            Whatever opening it raises.
        """
        with self._opening:
            if self._closed:
                raise OutboxError("this host is closed; make another one")
            if self._portal is None or not self._portal.is_open:
                self._portal = Portal(self._made)
                # Opened once, it opens again whatever became of the configuration, as it would be reloaded.
                self._strict = False
            return self._portal

    def _made(self) -> Passback:
        # As it is now: it may be long ago that this was made, in another process.
        if self._config.source is not None:
            try:
                self._config = read_again(self._config)
            except* PassbackError as group:
                for error in group.exceptions:
                    log.error("the configuration can't be used, the last good one goes on: %s", error)  # noqa: TRY400
        return Passback(self._config, strict=self._strict, deliver=self._deliver)

    def before_fork(self) -> None:
        """Close it, and let nobody open it until the fork is over."""
        # Neither a thread nor an open database survives a fork, so there mustn't be any.
        self._opening.acquire()
        if self._portal is not None and not self._portal.is_inside:
            self._portal.close(_PATIENCE)
            self._portal = None
            self._reopen = self._deliver

    def in_parent(self) -> None:
        """Deliver again, if it did."""
        try:
            if self._reopen:
                self._reopen = False
                self.opened()
        except (PassbackError, ExceptionGroup):
            log.exception("delivery didn't start again after a fork; it does when the host is used next")
        finally:
            self._opening.release()

    def in_child(self) -> None:
        """Only accept from now on: the parent delivers."""
        self._portal = None
        self._deliver = self._reopen = False
        self._opening.release()


_keepers: WeakSet[Keeper] = WeakSet()
_paused: list[Keeper] = []


def _before_fork() -> None:
    _paused.extend(_keepers)
    for keeper in _paused:
        keeper.before_fork()


def _in_parent() -> None:
    while _paused:
        _paused.pop().in_parent()


def _in_child() -> None:
    while _paused:
        _paused.pop().in_child()


def _at_exit() -> None:
    for keeper in list(_keepers):
        keeper.close(_PATIENCE)


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
atexit.register(_at_exit)
