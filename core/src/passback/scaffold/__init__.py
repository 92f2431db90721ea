"""The scaffold of a connector: a package that installs, and passes its own tests, from the first minute.

What is written is an author's own from then on. Everything it says of a learning system is invented; the
comments that begin with "Depends on" stand where a real one is another.
"""

from passback.scaffold.plan import AUTHENTICATIONS, CAPABILITIES, ExtraOption, Plan
from passback.scaffold.project import files, require_room, write

__all__ = ["AUTHENTICATIONS", "CAPABILITIES", "ExtraOption", "Plan", "files", "require_room", "write"]
