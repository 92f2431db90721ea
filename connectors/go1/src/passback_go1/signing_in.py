"""One-time logins: where a browser is sent so that it's signed in to GO1 (wire facts §3.5)."""

from __future__ import annotations

from passback import (
    ConnectionFailure,
    JSONValue,
    Response,
    ServerError,
    SignIn,
    SignInRequest,
    is_web_address,
)
from passback_go1.addresses import play_address, play_path
from passback_go1.ids import identifier
from passback_go1.objects import LearningObjects
from passback_go1.options import Go1Options
from passback_go1.portal import Portal, document

__all__ = ["Entrance"]

_NOT_FOUND = 404


class Entrance:
    """Signs learners in to one portal."""

    def __init__(self, portal: Portal, options: Go1Options, objects: LearningObjects) -> None:
        self._portal = portal
        self._options = options
        self._objects = objects
        # http is good enough for what is itself asked by it.
        self._allow_http = options.api_url.startswith("http:")

    async def sign_in(self, request: SignInRequest) -> SignIn:
        """Return the address that signs in whom `request` is about, once.

        Raises:
            ConnectionFailure: GO1 doesn't give one; says why.
        """
        account = request.account
        if account is None or account.anonymous:
            raise ConnectionFailure("no account of GO1 is known for this learner; look the learner up first")
        if identifier(account.user_id) is None:
            raise ConnectionFailure("the learner's account has no id of GO1's; look the learner up again")
        path = self._path(request)
        answer = await self._portal.login(account.user_id, {"redirect_url": path} if path else {})
        if answer.status == _NOT_FOUND:
            raise ServerError(
                f"{answer.asked} answered 404: GO1 has no such user; look the learner up again",
                status=_NOT_FOUND,
            )
        # Whatever says that it worked may hold the token, so none of those is quoted.
        answer.require(*range(200, 300))
        return SignIn(url=self._address(answer, path))

    def _path(self, request: SignInRequest) -> str:
        if request.activity is None:
            return ""
        learning_object = self._objects.of(request.activity.id)
        if learning_object is None:
            raise ConnectionFailure(self._objects.unknown(request.activity.id))
        return play_path(learning_object)

    def _address(self, answer: Response, path: str) -> str:
        given = document(answer).get(self._options.login_answer)
        if not _is_text(given):
            raise ServerError(
                f"{answer.asked} answered {answer.status} without {self._options.login_answer!r} "
                "(login_answer)",
                status=answer.status,
            )
        portal = self._options.portal
        if self._options.login_answer == "one_time_token" and portal is not None:
            return play_address(portal, path or "/", str(given))
        if not is_web_address(str(given), allow_http=self._allow_http):
            raise ServerError(
                f"{answer.asked} answered {answer.status} with an address that no browser is sent to",
                status=answer.status,
            )
        return str(given)


def _is_text(value: JSONValue) -> bool:
    return isinstance(value, str) and value != ""
