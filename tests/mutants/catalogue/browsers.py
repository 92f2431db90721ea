"""Connectors that believe browsers and strangers."""

from mutants.mutant import change, mutant

BROWSERS = (
    mutant(
        "it looks for a launch under other names",
        "read_launch.genuine",
        change(
            """
            user, token, callback = (query.get(f"acme_{name}") for name in ("user", "token", "callback"))
            """,
            """
            user, token, callback = (query.get(f"Acme_{name}") for name in ("user", "token", "callback"))
            """,
        ),
    ),
    mutant(
        "it takes it that an address can be read",
        "read_launch.hostile",
        change(
            """
            except ValueError:
                return False
            """,
            """
            finally:
                pass
            """,
        ),
    ),
    mutant(
        "any query is a launch",
        "read_launch.nothing",
        change(
            """
            if not user or not token or not callback or not self._is_own(callback):
            """,
            """
            if callback and not self._is_own(callback):
            """,
        ),
        change(
            """
            return Launch(user_id=user, parameters={"token": token, "callback": callback})
            """,
            """
            return Launch(user_id=user, parameters={"token": token or "", "callback": callback or ""})
            """,
        ),
    ),
    mutant(
        "it tries a launch's token at once",
        "read_launch.asks_nobody",
        change(
            """
            if not user or not token or not callback or not self._is_own(callback):
            """,
            """
            with suppress(OSError):
                urlopen(f"{self.options.url}/me").close()
            if not user or not token or not callback or not self._is_own(callback):
            """,
        ),
        change(
            """
            import hmac
            """,
            """
            import hmac
            from contextlib import suppress
            from urllib.request import urlopen
            """,
        ),
    ),
    mutant(
        "it puts the launch's token into the user's id",
        "read_launch.hidden",
        change(
            """
            return Launch(user_id=user, parameters={"token": token, "callback": callback})
            """,
            """
            return Launch(user_id=f"{user}:{token}", parameters={"token": token, "callback": callback})
            """,
        ),
    ),
    mutant(
        "it sends to an address that no launch named",
        "read_launch.delivers",
        change(
            """
            return delivery.launch.parameters["callback"]
            """,
            """
            return delivery.launch.parameters["callback"] + "/progress"
            """,
        ),
    ),
    mutant(
        "a launch may name any host",
        "read_launch.stays_home",
        change(
            """
            if not user or not token or not callback or not self._is_own(callback):
            """,
            """
            if not user or not token or not callback:
            """,
        ),
    ),
    mutant(
        "it reads another header than the system sends",
        "receive_results.genuine",
        change(
            """
            at, _, given = incoming.headers.get("acme-signature", "").partition(",")
            """,
            """
            at, _, given = incoming.headers.get("x-signature", "").partition(",")
            """,
        ),
    ),
    mutant(
        "each event is a new fact",
        "receive_results.again",
        change(
            """
            results=(Result(id=said["id"], kind="completed", at=moment, learner=learner, activity=activity),)
            """,
            """
            results=(
                Result(
                    id=os.urandom(8).hex(), kind="completed", at=moment, learner=learner, activity=activity
                ),
            )
            """,
        ),
        change(
            """
            import json
            """,
            """
            import json
            import os
            """,
        ),
    ),
    mutant(
        "what isn't signed needs no signature",
        "receive_results.proof",
        change(
            """
            if not hmac.compare_digest(given.encode(), right.encode()):
                return Received(status=401)
            if abs(incoming.received.timestamp() - int(at)) > _FRESH.total_seconds():
            """,
            """
            if given and not hmac.compare_digest(given.encode(), right.encode()):
                return Received(status=401)
            if at and abs(incoming.received.timestamp() - int(at)) > _FRESH.total_seconds():
            """,
        ),
    ),
    mutant(
        "it looks whether an event is signed, and not by what",
        "receive_results.tampered",
        change(
            """
            if not hmac.compare_digest(given.encode(), right.encode()):
                return Received(status=401)
            if abs(incoming.received.timestamp() - int(at)) > _FRESH.total_seconds():
            """,
            """
            if not hmac.compare_digest(given[:0].encode(), right[:0].encode()) or not given:
                return Received(status=401)
            if abs(incoming.received.timestamp() - int(at)) > _FRESH.total_seconds():
            """,
        ),
    ),
    mutant(
        "an event is good for ever",
        "receive_results.old",
        change(
            """
            _FRESH = timedelta(minutes=5)
            """,
            """
            _FRESH = timedelta(days=5000)
            """,
        ),
    ),
    mutant(
        "it believes a time that nobody signed",
        "receive_results.old",
        change(
            """
            if abs(incoming.received.timestamp() - int(at)) > _FRESH.total_seconds():
            """,
            """
            sent = incoming.headers.get("acme-sent", at)
            if abs(incoming.received.timestamp() - int(sent)) > _FRESH.total_seconds():
            """,
        ),
    ),
    mutant(
        "it reads an event before it proves it",
        "receive_results.hostile",
        change(
            """
            at, _, given = incoming.headers.get("acme-signature", "").partition(",")
            """,
            """
            _ = json.loads(incoming.body)['user']
            at, _, given = incoming.headers.get("acme-signature", "").partition(",")
            """,
        ),
    ),
    mutant(
        "it asks the system about each event",
        "receive_results.asks_nobody",
        change(
            """
            at, _, given = incoming.headers.get("acme-signature", "").partition(",")
            """,
            """
            with suppress(OSError):
                urlopen(f"{self.options.url}/me").close()
            at, _, given = incoming.headers.get("acme-signature", "").partition(",")
            """,
        ),
        change(
            """
            import hmac
            """,
            """
            import hmac
            from contextlib import suppress
            from urllib.request import urlopen
            """,
        ),
    ),
    mutant(
        "it leaves a course out",
        "list_courses.genuine",
        change(
            """
            return Received(status=200, body=[each.activity.id for each in request.courses])
            """,
            """
            return Received(status=200, body=[each.activity.id for each in request.courses[1:]])
            """,
        ),
    ),
    mutant(
        "anybody gets the list",
        "list_courses.proof",
        change(
            """
            if not hmac.compare_digest(given.encode(), right.encode()):
                return Received(status=401)
            return Received(status=200, body=[each.activity.id for each in request.courses])
            """,
            """
            if right == given == right[::-1]:
                return Received(status=401)
            return Received(status=200, body=[each.activity.id for each in request.courses])
            """,
        ),
    ),
    mutant(
        "it takes it that a pull names a page",
        "list_courses.hostile",
        change(
            """
            right = basic_auth(self.options.client, self.options.secret.get_secret_value())
            """,
            """
            _ = int(dict(request.incoming.query).get("page", "1"))
            right = basic_auth(self.options.client, self.options.secret.get_secret_value())
            """,
        ),
    ),
    mutant(
        "it sends a browser to half an address",
        "sign_in_url.leads_somewhere",
        change(
            """
            return SignIn(url=address)
            """,
            """
            return SignIn(url=urlsplit(address).path)
            """,
        ),
    ),
)
