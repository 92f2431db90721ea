"""Environments of their own, with wheels in them: what somebody has who never saw this checkout."""

import os
import subprocess
import sys

from passback_testbed.places import workspace

ROOT = workspace()


def install_plugin(folder, distribution, source, entry_points, metadata=""):
    """Lay `distribution` of one module into `folder`, as an installation leaves it there; return its info."""
    module = distribution.lower().replace("-", "_")
    (folder / f"{module}.py").write_text(source, "utf-8")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n{metadata}"
    (info / "METADATA").write_text(head, "utf-8")
    (info / "entry_points.txt").write_text(entry_points, "utf-8")
    return info


def uv(*arguments):
    local = ROOT / ".uv"
    command = [str(local / "bin" / "uv")] if local.exists() else ["uv"]
    environment = os.environ | ({"PYTHONPATH": str(local)} if local.exists() else {})
    done = subprocess.run(
        [*command, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def wheel(project, folder):
    """Build the wheel of a project of ours into `folder`."""
    uv("build", "--quiet", "--wheel", "--out-dir", folder, ROOT / project)
    (built,) = folder.glob("*.whl")
    return built


def environment(folder, *requirements):
    """Make an environment with the core's wheel, what authors have, and `requirements`; return its Python."""
    core = wheel("core", folder / "wheels")
    uv("venv", "--quiet", "--python", sys.executable, folder / "venv")
    python = folder / "venv" / "bin" / "python"
    needed = [
        f"passback[host,testing] @ {core.as_uri()}",
        "build",
        "editables",
        "hatchling>=1.27",
        "httpx2",
        "mypy",
        "ruff",
    ]
    pins = ["--constraint", ROOT / "constraints.txt"]
    uv("pip", "install", "--quiet", "--python", python, *pins, *needed, *requirements)
    return python


def clean(python):
    """Return the surroundings of somebody whose environment is active, and who has no package index."""
    # Nor does anybody else's make or pip have a say; and pytest says more where it's told that this is CI.
    others = ("BUILD_NUMBER", "CI", "MAKE", "MFLAGS", "PIP_", "PYTHON")
    bare = {key: value for key, value in os.environ.items() if not key.startswith(others)}
    return bare | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(python.parent.parent),
        "COLUMNS": "120",
        # What mypy learned of what all of them install; it looks whether that has changed.
        "MYPY_CACHE_DIR": str(ROOT / ".cache" / "mypy"),
        # What is needed is there already: an index is asked for nothing.
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }
