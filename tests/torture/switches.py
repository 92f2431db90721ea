"""What the torturer tells running producers, in memory that they share."""

from __future__ import annotations

import mmap


class Switches:
    """Two switches."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 2)

    @property
    def paused(self) -> bool:
        """Whether nothing new is to be submitted for now."""
        return bool(self._shared[0])

    @paused.setter
    def paused(self, on: bool) -> None:
        self._shared[0] = on

    @property
    def finishing(self) -> bool:
        """Whether producers are to end once what they began is accepted."""
        return bool(self._shared[1])

    @finishing.setter
    def finishing(self, on: bool) -> None:
        self._shared[1] = on
