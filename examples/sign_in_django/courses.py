"""Sign people in by their university, and send their results to its LRS: ``python courses.py runserver``."""

import os
from pathlib import Path

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    USE_TZ=True,
    SECRET_KEY=os.environ["SESSION_KEY"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    TEMPLATES=[
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [Path(__file__).parent]}
    ],
)

import accounts  # noqa: E402 - it reads the settings

urlpatterns = [
    path("", accounts.page),
    path("complete", accounts.complete),
    path("passback/sso/sign-out", accounts.sign_out),
    path("passback/sso/<connection>/sign-in", accounts.sign_in),
    path("passback/sso/<connection>/callback", accounts.callback),
    path("passback/sso/<connection>/signed-out", accounts.page),
]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line()
