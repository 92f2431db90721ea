"""Where things stand: the installed servers, and what ships with this package."""

from pathlib import Path

PINS = Path(__file__).parent / "pins"
PROGRAMS = Path(__file__).parent / "programs"
# Beside the package, not in it: the testbed is only ever installed from its checkout.
RALPH_STORE = Path(__file__).parents[2] / "ralph_store"

HOME = Path(".testbed")
"""Where the servers are installed unless told otherwise: in the current directory."""


def workspace() -> Path:
    """Return the root of the checkout this package was installed from."""
    for folder in Path(__file__).parents:
        project = folder / "pyproject.toml"
        if project.is_file() and "[tool.uv.workspace]" in project.read_text():
            return folder
    raise FileNotFoundError("the testbed is not installed from a checkout of its workspace")
