"""One wrong connector, as what it changes of a correct one."""

import difflib
import textwrap
from dataclasses import dataclass
from pathlib import Path

TWINS = Path(__file__).parent / "twins"
MOST_LINES = 10
_DEEPEST = 24


@dataclass(frozen=True)
class Mutant:
    """A wrong connector.

    Attributes:
        name: What it does wrong.
        rules: The rules that are meant to catch it, each by itself.
        changes: What it changes: old lines and new ones.
        file: The file of the twins that it changes.
        suite: The suite that it's tried with.
    """

    name: str
    rules: tuple[str, ...]
    changes: tuple[tuple[str, str], ...]
    file: str = "acme_lms.py"
    suite: str = "TestAcme"

    def source(self):
        """Return the changed file."""
        text = (TWINS / self.file).read_text("utf-8")
        for old, new in self.changes:
            found = [pair for pair in _indented(old, new) if f"\n{text}".count(f"\n{pair[0]}") == 1]
            assert len(found) == 1, f"{self.name}: {old!r} doesn't stand once in {self.file}"
            text = f"\n{text}".replace(f"\n{found[0][0]}", f"\n{found[0][1]}").removeprefix("\n")
        return text

    def lines(self):
        """Return how many lines differ from the twin's."""
        before = (TWINS / self.file).read_text("utf-8").splitlines()
        changed = list(difflib.ndiff(before, self.source().splitlines()))
        return max(sum(line.startswith(sign) for line in changed) for sign in "+-")


def mutant(name, rules, *changes, **where):
    """Return a mutant; `rules` are names in one text."""
    return Mutant(name, tuple(rules.split()), changes, **where)


def change(old, new):
    """Return a change of whole lines, which may stand as deep here as they like."""
    return textwrap.dedent(old).strip("\n"), textwrap.dedent(new).strip("\n")


def each(operations, troubles):
    """Return the names of the rules of each operation for each trouble, as one text."""
    return " ".join(
        f"{operation}.{trouble}" for operation in operations.split() for trouble in troubles.split()
    )


def _indented(old, new):
    for width in range(0, _DEEPEST, 4):
        before = textwrap.indent(old, " " * width) + "\n"
        after = textwrap.indent(new, " " * width)
        yield before, f"{after}\n" if after else ""
