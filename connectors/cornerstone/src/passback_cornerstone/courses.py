"""Course ids: Cornerstone takes at most 50 characters, and few of them (wire facts §2.4).

An id of plain characters is itself. Another is spelled out, so that it can be read back. One too long for
that becomes a digest: the same for ever, and the course list shows it beside its address.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping

__all__ = ["COURSE", "activity_id", "course_id"]

LONGEST = 50
COURSE = r"^[A-Za-z0-9_-]{1,50}$"
_SPELLED, _DIGEST = "x_", "h_"
_PLAIN = re.compile(rf"(?!{_SPELLED}|{_DIGEST})[A-Za-z0-9_-]{{1,{LONGEST}}}")
_OTHER = re.compile(rb"[^A-Za-z0-9-]")
_READ = re.compile(rf"{_SPELLED}((?:[A-Za-z0-9-]|_[0-9a-f]{{2}})+)")
_DIGEST_BYTES = 20


def course_id(activity: str, courses: Mapping[str, str] | None = None) -> str:
    """Return the id by which Cornerstone knows an activity: always the same for the same activity.

    Args:
        activity: The host's id.
        courses: What is configured: activity id → course id.
    """
    configured = courses or {}
    if activity in configured:
        return configured[activity]
    # What is configured for another activity is taken, even if it's this one's own id.
    taken = frozenset(configured.values())
    if _PLAIN.fullmatch(activity) and activity not in taken:
        return activity
    content = activity.encode()
    spelled = _SPELLED + _OTHER.sub(lambda found: b"_%02x" % found[0][0], content).decode()
    if len(spelled) <= LONGEST and spelled not in taken:
        return spelled
    digest = hashlib.sha256(content).digest()[:_DIGEST_BYTES]
    return _DIGEST + base64.b32encode(digest).decode().lower()


def activity_id(course: str, courses: Mapping[str, str] | None = None) -> str | None:
    """Return the activity whose course id is `course`; None where the id is a digest, or none of ours.

    Args:
        course: The id as Cornerstone has it.
        courses: What is configured: activity id → course id.
    """
    for activity, given in (courses or {}).items():
        if given == course:
            return activity
    if _PLAIN.fullmatch(course):
        return course
    spelled = _READ.fullmatch(course)
    if spelled is None:
        return None
    try:
        activity = re.sub(
            rb"_(..)", lambda found: bytes.fromhex(found[1].decode()), spelled[1].encode()
        ).decode()
    except UnicodeDecodeError:
        return None
    return activity if course_id(activity, courses) == course else None
