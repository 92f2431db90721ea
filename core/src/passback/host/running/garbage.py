"""What a process that only delivers needs of Python's search for garbage: little."""

from __future__ import annotations

import gc

__all__ = ["seek_less_garbage"]

# So many objects are made, and not freed, before garbage is looked for among them.
_YOUNG = 10_000


def seek_less_garbage() -> None:
    """Have garbage looked for rarely, and not among what is there by now.

    All of that stays. To look through it again and again would hold up everything, for a sixth of a second
    where there are ten thousand connections. And each batch makes a thousand objects that its end frees, of
    which none is garbage.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG)
