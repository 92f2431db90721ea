"""What every connector's sandbox needs: requests remembered, faults played, and a socket to be reached at.

A sandbox is a strict fake of a vendor's system. Its rules are its own, and it shares no code with the
connector that it keeps honest; this is the stage that it stands on. It knows nothing of the rest of Passback.
"""

from passback.sandbox.command import play, run
from passback.sandbox.sending import Answer, BadAnswer, Sends, post
from passback.sandbox.serving import serve
from passback.sandbox.stage import Seen, Stage

__all__ = ["Answer", "BadAnswer", "Seen", "Sends", "Stage", "play", "post", "run", "serve"]
