"""Installing something once, however often and by however many it is asked for."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def install_once(folder: Path, pins: Iterable[str | Path], install: Callable[[], None]) -> bool:
    """Have `folder` filled by `install`, unless that was done with the same pins before.

    Args:
        folder: What is filled. What stood there under other pins is removed first.
        pins: Texts, files and folders of files that decide what is installed.
        install: Fills the folder; it runs in one process at a time.

    Returns:
        Whether there was anything to do.
    """
    wanted = _fingerprint(pins)
    if _has(folder, wanted):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_name(f"{folder.name}.lock")):
        if _has(folder, wanted):
            return False
        _stamp(folder).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        install()
        _stamp(folder).write_text(wanted)
    return True


def is_installed(folder: Path) -> bool:
    """Tell whether an installation into `folder` came to its end and still stands."""
    python = folder / "bin" / "python"
    # The interpreter that an environment was made from may be gone since.
    broken = python.is_symlink() and not python.exists()
    return _stamp(folder).is_file() and folder.is_dir() and not broken


def _has(folder: Path, wanted: str) -> bool:
    # Another process may be taking the stamp away, to install anew.
    with suppress(FileNotFoundError):
        return is_installed(folder) and _stamp(folder).read_text() == wanted
    return False


def _stamp(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.stamp")


def _fingerprint(pins: Iterable[str | Path]) -> str:
    digest = hashlib.sha256()
    for pin in pins:
        for content in _contents(pin):
            digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def _contents(pin: str | Path) -> Iterator[bytes]:
    if isinstance(pin, str):
        yield pin.encode()
    elif pin.is_dir():
        for file in sorted(pin.rglob("*")):
            # Caches of the tools that read the folder are none of its content.
            if file.is_file() and not any(
                part.startswith((".", "__pycache__")) for part in file.relative_to(pin).parts
            ):
                yield file.read_bytes()
    else:
        yield pin.read_bytes()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
