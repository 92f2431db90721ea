"""Running the programs that install things, and the servers."""

import os
import subprocess
from pathlib import Path


def run(command: list[str | Path], cwd: Path | None = None) -> None:
    """Run a command to its end, and raise with the last of its output if it failed."""
    done = subprocess.run(
        command, cwd=cwd, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        words = " ".join(map(str, command))
        raise RuntimeError(f"exit {done.returncode} from {words}\n{end_of(done.stdout)}")


def launch(
    command: list[str | Path], cwd: Path, settings: dict[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, with nothing in its environment but PATH and its settings."""
    # The rest of our environment would reach into it: the variables of Python and Node, and proxies.
    environment = {"PATH": os.environ.get("PATH", os.defpath), **settings}
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end_of(text: str) -> str:
    """Return the last lines of what a program said."""
    return "\n".join(text.splitlines()[-30:])
