from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest

from passback_testbed.stamps import install_once, is_installed


def test_the_same_pins_are_installed_once_and_other_pins_anew(tmp_path):
    folder = tmp_path / "thing"
    assert install_once(folder, ["one"], folder.mkdir)
    (folder / "old").touch()
    assert not install_once(folder, ["one"], folder.mkdir)
    assert install_once(folder, ["two"], folder.mkdir)
    assert not (folder / "old").exists()


def test_an_installation_that_failed_is_begun_again(tmp_path):
    folder = tmp_path / "thing"

    def fail():
        folder.mkdir()
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        install_once(folder, ["one"], fail)
    assert not is_installed(folder)
    assert install_once(folder, ["one"], folder.mkdir)


def test_of_two_at_a_time_one_installs_and_the_other_waits(tmp_path):
    folder = tmp_path / "thing"
    done = []

    def install():
        sleep(0.2)
        folder.mkdir()
        done.append(folder)

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda _: install_once(folder, ["one"], install), range(2)))
    assert sorted(results) == [False, True]
    assert done == [folder]


def test_caches_in_a_pinned_folder_change_nothing(tmp_path):
    folder, pinned = tmp_path / "thing", tmp_path / "pinned"
    pinned.mkdir()
    (pinned / "module.py").write_text("A = 1")
    assert install_once(folder, [pinned], folder.mkdir)
    (pinned / "__pycache__").mkdir()
    (pinned / "__pycache__" / "module.pyc").write_text("compiled")
    assert not install_once(folder, [pinned], folder.mkdir)
    (pinned / "module.py").write_text("A = 2")
    assert install_once(folder, [pinned], folder.mkdir)
