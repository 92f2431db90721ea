"""Run the sandbox in the foreground: ``python -m passback_stackone.sandbox``."""

from passback.sandbox import run
from passback_stackone.sandbox.sandbox import Sandbox

if __name__ == "__main__":
    run(Sandbox, "python -m passback_stackone.sandbox")
