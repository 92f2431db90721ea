"""What a validator that is not ours says of statements."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from passback_testbed import node
from passback_testbed.places import HOME, PROGRAMS
from passback_testbed.stamps import is_installed


def validate_statements(statements: Sequence[dict[str, Any]], home: Path = HOME) -> list[list[str]]:
    """Return the problems of each statement, as Learning Locker's validator sees them.

    It takes a single object among `contextActivities` for an error, though xAPI allows it: send arrays.

    Raises:
        FileNotFoundError: Learning Locker is not installed in `home`.
    """
    folder = home.absolute() / "learning-locker"
    if not is_installed(folder):
        raise FileNotFoundError(f"run: python -m passback_testbed.install learning-locker --into {home}")
    program, _ = node.programs(home.absolute())
    validator = folder / "node_modules/@learninglocker/xapi-validation"
    done = subprocess.run(
        [program, PROGRAMS / "validate.js", validator],
        input=json.dumps(list(statements)),
        capture_output=True,
        text=True,
        check=True,
    )
    problems: list[list[str]] = json.loads(done.stdout)
    return problems
