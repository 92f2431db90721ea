"""A page of the documentation, followed to the letter: what it shows is run, and what it tells is seen.

Of its blocks, ``console`` is typed, ``diff`` is applied, and a file whose name stands in its first line is
written. In what is shown, ``…`` stands for anything; alone in its line, for any number of lines. What ends in
failure says so: ``failed`` stands in what is shown.
"""

import os
import re
import signal
import subprocess

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_STEP = re.compile(r"^\$ (?P<command>.*)\n(?P<shown>(?:(?!\$ ).*\n)*)", re.MULTILINE)
_END = "·· end ··"


def blocks(text):
    """Return the blocks of a page, each with its kind."""
    return _BLOCK.findall(text)


class Reader:
    """Somebody with a shell, who does what a page says."""

    def __init__(self, folder, environment):
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder, env=environment, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # With what was started in the background, which is all of the shell's own session.
        os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.communicate()

    def follow(self, text):
        """Do what each block of `text` says."""
        does = {"console": self._console, "diff": self._diff, "toml": self._file}
        for kind, code in blocks(text):
            does[kind](code)

    def type(self, command):
        """Type a command; return how it ended and what was seen."""
        self._shell.stdin.write(f"{command}\necho '{_END}' $?\n")
        self._shell.stdin.flush()
        said = ""
        for line in self._shell.stdout:
            before, end, code = line.partition(_END)
            said += before
            if end:
                return int(code), said
        raise AssertionError(f"the shell ended at {command}: {said}")

    def _console(self, code):
        steps = list(_STEP.finditer(code))
        assert "".join(step[0] for step in steps) == code, f"a block begins with a command:\n{code}"
        for step in steps:
            ended, said = self.type(step["command"])
            assert (ended != 0) == ("failed" in step["shown"]), (
                f"{step['command']} ended with {ended}:\n{said}"
            )
            seen = re.fullmatch(_pattern(step["shown"]), said)
            assert seen or not step["shown"], f"{step['command']}\n{said}\ninstead of\n{step['shown']}"

    def _diff(self, code):
        ended, said = self.type(f"patch --strip 1 --fuzz 0 <<'EOF'\n{code}EOF")
        assert ended == 0, said

    def _file(self, code):
        name = code.partition("\n")[0].removeprefix("# ")
        assert self.type(f"cat > '{name}' <<'EOF'\n{code}EOF") == (0, ""), name


def _pattern(shown):
    lines = (
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r" *\n"
        for line in shown.splitlines()
    )
    return "".join(lines)
