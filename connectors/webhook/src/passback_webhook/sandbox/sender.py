"""A strict fake of a platform that reports to us as TIQ does: six events, a token or a key, nothing else."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlencode

from passback.sandbox import Answer, BadAnswer, post

Way = Literal["token", "secret"]

EVENTS = (
    "course_started",
    "scene_entered",
    "task_started",
    "task_completed",
    "badge_awarded",
    "course_completed",
)
# RFC 6750 §2.1: what may stand behind Bearer.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)


class Sender:
    """A platform that reports to one address."""

    def __init__(self, url: str, secret: str, *, way: Way = "token", client: str = "") -> None:
        """Prepare it.

        Args:
            url: The address of our connection, as ``https://host.example/passback/hooks/tiq``.
            secret: The secret key.
            way: Whether it gets a token for the key, from ``/token`` below the address, or sends the key.
            client: The name under which it asks for tokens; it sends none by default.
        """
        self._url = url.rstrip("/")
        self._secret = secret
        self._way = way
        self._client = client

    def send(self, events: list[dict[str, object]]) -> list[Answer]:
        """Send `events`, one after the other, and return what was answered.

        Raises:
            BadAnswer: One of them isn't taken, or the token isn't as RFC 6749 has it.
            OSError: Nobody answers.
        """
        bearer = self.token() if self._way == "token" else self._secret
        return [self._sent(event, bearer) for event in events]

    def token(self) -> str:
        """Get a token.

        Raises:
            BadAnswer: The answer isn't as RFC 6749 §5.1 has it.
            OSError: Nobody answers.
        """
        fields = {"grant_type": "client_credentials", "client_secret": self._secret}
        if self._client:
            fields["client_id"] = self._client
        form = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        answer = post(f"{self._url}/token", urlencode(fields).encode(), form)
        return _token(answer)

    def _sent(self, event: dict[str, object], bearer: str) -> Answer:
        headers = {"content-type": "application/json", "authorization": f"Bearer {bearer}"}
        answer = post(self._url, json.dumps(event).encode(), headers)
        if not 200 <= answer.status < 300:  # noqa: PLR2004
            raise BadAnswer(
                f"{event['event']}: expected an answer of 2xx, got {answer.status}: {answer.text}"
            )
        return answer


def six_events(user: str, course: str, start: datetime) -> list[dict[str, object]]:
    """Return what is reported of `user`, who takes `course` from beginning to end, a minute for each step."""
    began = start.astimezone(UTC).replace(microsecond=0)
    events: list[dict[str, object]] = []
    for step, name in enumerate(EVENTS):
        at = began + timedelta(minutes=step)
        done, ended = name in EVENTS[3:], name == EVENTS[-1]
        events.append(
            {
                "event": name,
                "user": user,
                "course": course,
                "sent_at": _text(at + timedelta(seconds=1)),
                "last_activity": _text(at),
                "course_started_ms": int(began.timestamp() * 1000),
                # Templates write what is a number as a text, now and then.
                "score": "70" if done else 0,
                "percent_complete": 1.0 if ended else step / 10,
                "awards_total": 1,
                "awards_unlocked": int(name in EVENTS[4:]),
                "tasks_total": "1",
                "tasks_completed": int(done),
            }
        )
    return events


def _token(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status != 200 or kind != "application/json":  # noqa: PLR2004
        raise BadAnswer(f"token: expected 200 with application/json, got {answer.status}: {answer.text}")
    if "no-store" not in answer.headers.get("cache-control", "").lower():
        raise BadAnswer("token: expected Cache-Control: no-store")
    try:
        said = json.loads(answer.body)
    except ValueError:
        raise BadAnswer("token: the answer is no JSON") from None
    if not isinstance(said, dict):
        raise BadAnswer("token: the answer is no object")
    token, lasts = said.get("access_token"), said.get("expires_in")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise BadAnswer("token: access_token is none that could stand in a header")
    if str(said.get("token_type")).lower() != "bearer":
        raise BadAnswer("token: expected token_type Bearer")
    if not isinstance(lasts, int) or isinstance(lasts, bool) or lasts < 1:
        raise BadAnswer("token: expires_in is no number of seconds")
    return token


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
