"""Real learning record stores on loopback, to run Passback against.

`python -m passback_testbed.install all` brings them here once; `Ralph` and `LearningLocker` start them, kill
them and start them again; `walk` and `post` talk to them without Passback; `validate_statements` asks a
validator that is not ours, and `StackOneSDK` talks to a StackOne as its customers do.
"""

from passback_testbed.learning_locker import LearningLocker
from passback_testbed.listing import post, walk
from passback_testbed.ralph import Ralph
from passback_testbed.server import Server
from passback_testbed.stackone import StackOneSDK
from passback_testbed.validation import validate_statements

__all__ = ["LearningLocker", "Ralph", "Server", "StackOneSDK", "post", "validate_statements", "walk"]
