"""The provider's course list, pulled as Cornerstone pulls it about daily (wire facts §2.4)."""

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPResponse
from typing import cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from passback_cornerstone.sandbox.state import State

_FIELDS: dict[str, type] = {
    "ID": str,
    "Title": str,
    "Description": str,
    "URL": str,
    "Thumbnail": str,
    "IsActive": bool,
    "LastModifiedUTC": str,
    "Duration": str,
    "Partners": list,
    "Languages": list,
    "Subjects": list,
    "IsMobile": bool,
}
_ID = re.compile(r"[^|<>.&%\s\\/\"“]{1,50}")
_DURATION = re.compile(r"\d{2,}:[0-5]\d:[0-5]\d", re.ASCII)
_LONGEST = 10_000


@dataclass(kw_only=True)
class Pull:
    """What came of asking for the course list.

    Attributes:
        status: The status of the answer.
        taken: The ids of courses that are new or changed.
        ignored: The ids of courses that are no newer than what the catalogue has.
        refused: What broke a rule, and which.
        modified: The answer's Last-Modified.
    """

    status: int
    taken: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    modified: str | None = None


def pull(state: State, url: str, since: str | None) -> Pull:
    """Ask for the list at `url`, and take what is new into the catalogue."""
    if not url.startswith(("http://", "https://")):
        return Pull(status=0, refused=["the address must begin with http:// or https://"])
    pair = b64encode(f"{state.behaviour.key}:{state.behaviour.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Accept": "application/json"}
    headers |= {"If-Modified-Since": since} if since else {}
    try:
        with urlopen(Request(url, headers=headers), timeout=30) as opened:  # noqa: S310 - looked at above
            answer = cast("HTTPResponse", opened)
            done = Pull(status=answer.status, modified=answer.headers.get("Last-Modified"))
            courses = json.loads(answer.read())
    except HTTPError as error:
        return Pull(status=error.code, modified=since)
    except (OSError, ValueError) as error:
        return Pull(status=0, refused=[str(error)])
    if not isinstance(courses, list):
        done.refused.append("expected an array of courses")
        return done
    for course in courses:
        _take(state, course, done)
    return done


def _take(state: State, course: object, done: Pull) -> None:
    problem = _problem(course)
    if problem is not None or not isinstance(course, dict):
        done.refused.append(problem or "expected an object")
        return
    name, known = course["ID"], state.courses.get(course["ID"], {})
    # §2.4: what isn't newer than what was seen before is ignored.
    if str(known.get("LastModifiedUTC", "")) >= course["LastModifiedUTC"]:
        done.ignored.append(name)
        return
    state.courses[name] = course
    done.taken.append(name)


def _problem(course: object) -> str | None:
    if not isinstance(course, dict):
        return "expected an object"
    for name, kind in _FIELDS.items():
        if not isinstance(course.get(name), kind):
            return f"{name}: expected {kind.__name__}"
    partners = course["Partners"]
    rules = {
        "ID: at most 50 characters, and none of | < > . & % \\ / or a space": _ID.fullmatch(course["ID"]),
        "Description: at most 10,000 characters": len(course["Description"]) <= _LONGEST,
        "Duration: hh:mm:ss": _DURATION.fullmatch(course["Duration"]),
        "LastModifiedUTC: a time": _is_time(course["LastModifiedUTC"]),
        "Partners: objects with a Name": all(isinstance(each, dict) and "Name" in each for each in partners),
    }
    return next((rule for rule, holds in rules.items() if not holds), None)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
