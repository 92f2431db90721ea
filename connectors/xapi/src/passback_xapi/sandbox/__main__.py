"""Run the sandbox in the foreground: ``python -m passback_xapi.sandbox``."""

from passback.sandbox import run
from passback_xapi.sandbox.sandbox import Sandbox

if __name__ == "__main__":
    run(Sandbox, "python -m passback_xapi.sandbox")
