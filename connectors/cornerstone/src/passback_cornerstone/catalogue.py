"""The list of courses that Cornerstone pulls about once a day (wire facts §2.4)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from passback import Course, CourseListRequest, Incoming, JSONValue, Received, basic_auth
from passback_cornerstone.courses import course_id
from passback_cornerstone.options import CallbackOptions, CornerstoneOptions

__all__ = ["listed"]

_LONGEST_DESCRIPTION = 10_000
_SECOND = timedelta(seconds=1)


def listed(request: CourseListRequest, options: CornerstoneOptions, callback: CallbackOptions) -> Received:
    """Return the courses that changed since Cornerstone asked last; 304 where none did."""
    incoming = request.incoming
    if not _is_proven(incoming, callback):
        return Received(status=401, headers={"www-authenticate": 'Basic realm="courses"'})
    if incoming.method != "GET":
        return Received(status=405, headers={"allow": "GET"})
    since = _since(incoming)
    changed = sorted(
        (each for each in request.courses if since is None or _second(each.changed) > since),
        key=lambda each: each.changed,
    )
    if since is not None and not changed:
        return Received(status=304)
    shown = changed[: _count(incoming)]
    return Received(
        status=200,
        body=[_course(each, options) for each in shown],
        headers=_modified(shown, incoming.received),
    )


def _course(course: Course, options: CornerstoneOptions) -> dict[str, JSONValue]:
    return {
        "ID": course_id(course.activity.id, options.courses),
        "Title": course.activity.name or course.activity.id,
        "Description": course.description[:_LONGEST_DESCRIPTION],
        "URL": course.url,
        "Thumbnail": course.image or "",
        "IsActive": course.active,
        "LastModifiedUTC": course.changed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Duration": _clock_time(course.seconds or 0),
        "Partners": [{"Name": options.catalogue.provider}] if options.catalogue.provider else [],
        "Languages": list(course.languages),
        "Subjects": list(course.subjects),
        "IsMobile": options.catalogue.mobile,
    }


def _is_proven(incoming: Incoming, callback: CallbackOptions) -> bool:
    scheme, _, given = incoming.headers.get("authorization", "").partition(" ")
    _, _, expected = basic_auth(callback.key, callback.secret.get_secret_value()).partition(" ")
    same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), expected.encode())
    return same and scheme.lower() == "basic"


def _since(incoming: Incoming) -> datetime | None:
    # RFC 9110 §13.1.3: a date that can't be read is as if there were none.
    try:
        since = parsedate_to_datetime(incoming.headers.get("if-modified-since", ""))
    except (ValueError, OverflowError, TypeError):
        return None
    return since.replace(tzinfo=UTC) if since.tzinfo is None else since


def _count(incoming: Incoming) -> int | None:
    given = dict(incoming.query).get("count", "")
    return int(given) if given.isascii() and given.isdigit() and 0 < len(given) < 7 and int(given) else None  # noqa: PLR2004


def _modified(shown: Sequence[Course], received: datetime) -> Mapping[str, str]:
    if not shown:
        return {}
    # A course may change in this very second, after it was listed: it's listed again then.
    newest = min(_second(shown[-1].changed), _second(received) - _SECOND)
    return {"last-modified": format_datetime(newest.astimezone(UTC), usegmt=True)}


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _clock_time(seconds: int) -> str:
    minutes, rest = divmod(max(seconds, 0), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"
