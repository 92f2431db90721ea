"""A CAS server, as a WSGI application that finds all of its settings in the file `TESTBED_SETTINGS`.

Runs in an environment of its own, which has Django and django-cas-server.
"""

import hmac
import json
import os
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

SETTINGS = json.loads(Path(os.environ["TESTBED_SETTINGS"]).read_text())


class User:
    """Somebody who signs in; what the server asks of such a class is written in its `cas_server.auth`."""

    def __init__(self, username: str) -> None:
        self.username = username
        self._known = SETTINGS["users"].get(username)

    def test_password(self, password: str) -> bool:
        """Tell whether they know their password."""
        return self._known is not None and hmac.compare_digest(
            self._known["password"].encode(), password.encode()
        )

    def attributs(self) -> dict[str, Any]:
        """Return what is said of them."""
        return dict(self._known["attributes"]) if self._known else {}


def prepare() -> None:
    """Set Django up, and let the services in that may use the server."""
    settings.configure(
        SECRET_KEY="of a server that only this machine reaches",
        ALLOWED_HOSTS=["127.0.0.1"],
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "cas_server",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": SETTINGS["database"]}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        ROOT_URLCONF=__name__,
        STATIC_URL="static/",
        USE_TZ=True,
        CAS_AUTH_CLASS=f"{__name__}.User",
        CAS_NEW_VERSION_HTML_WARNING=False,
        CAS_NEW_VERSION_EMAIL_WARNING=False,
        CAS_TICKET_VALIDITY=SETTINGS["ticketSeconds"],
    )
    django.setup()
    call_command("migrate", verbosity=0)
    services = apps.get_model("cas_server", "ServicePattern")
    for at, pattern in enumerate(SETTINGS["services"]):
        made, _ = services.objects.get_or_create(pattern=pattern, defaults={"pos": at, "name": pattern})
        # What a server says of its users is up to it; ours says all that it knows.
        made.attributs.get_or_create(name="*")


prepare()
# Its module of addresses reads the settings.
urlpatterns = [path("cas/", include("cas_server.urls", namespace="cas_server"))]
application = get_wsgi_application()
