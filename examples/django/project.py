"""A Django project in one file: ``python project.py runserver``, or ``gunicorn project:application``."""

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["localhost", "127.0.0.1"], USE_TZ=True)

import views  # noqa: E402 - it reads the settings

urlpatterns = [
    path("complete", views.complete),
    path("results/<result_id>", views.result),
    path("learners/<learner_id>", views.learner),
]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line()
