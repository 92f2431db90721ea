"""A person at a terminal, who waits for each question."""

import os
import pty
import select
import subprocess
import time

# A question for a secret throws away what was typed before it was asked.
_THINKS = 0.2


def play(command, folder, *turns):
    """Run `command` in a terminal; type each turn's answer when its question is there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "200"}
    run = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, seen = "", 0
    turns = list(turns)
    deadline = time.monotonic() + 60
    try:
        while more := _read(ours, deadline):
            shown += more
            if turns and turns[0][0] in shown[seen:]:
                seen = len(shown)
                time.sleep(_THINKS)
                os.write(ours, f"{turns.pop(0)[1]}\n".encode())
        assert not turns, f"it never asked {turns[0]}: {shown}"
        return run.wait(10), shown
    finally:
        run.kill()
        run.wait()
        os.close(ours)


def _read(terminal, deadline):
    if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
        return ""
    try:
        return os.read(terminal, 4096).decode("utf-8", "replace")
    except OSError:  # what ran in it has ended
        return ""
