"""``python -m passback`` is ``passback``."""

from passback.cli import main

main()
