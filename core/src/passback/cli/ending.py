"""How a command ends that can't write what it prints."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["ending"]

# As a shell calls the end of a program that wrote to nobody.
_NOBODY_READS = 141
_CANNOT_RUN = 2
_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


@contextmanager
def ending() -> Iterator[None]:
    """Run a command; end with a code that says it, and one line, where its output can't be written."""
    if sys.stdout is None:
        sys.stdout = _Closed()
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except SystemExit as ended:
        # What prints ends with a code of its own, which means something else here.
        if isinstance(ended.__context__, BrokenPipeError):
            _leave(_NOBODY_READS)
        raise
    except BrokenPipeError:
        _leave(_NOBODY_READS)
    except OSError as error:
        if error.errno not in _UNWRITABLE or error.filename is not None:
            raise
        if sys.stderr is not None:
            with suppress(OSError):
                sys.stderr.write(f"passback: the output can't be written: {error.strerror}\n")
        _leave(_CANNOT_RUN)


class _Closed(io.TextIOBase):
    """Standard output that was closed before the command began: what prints nothing needs none."""

    def write(self, _: str) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def _leave(code: int) -> None:
    # What is still to be written would fail once more when the interpreter ends.
    if not isinstance(sys.stdout, _Closed):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
