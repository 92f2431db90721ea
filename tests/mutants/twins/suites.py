"""The conformance of the twins."""

from acme_lms import AcmeConnector
from acme_sandbox import CLIENT, SECRET, SIGNING, Sandbox
from bare_lms import BareConnector
from door_lms import DoorConnector

from passback import User
from passback.testing import Conformance


class TestAcme(Conformance[Sandbox]):
    connector = AcmeConnector

    def sandbox(self):
        return Sandbox()

    def options(self, sandbox, url):
        return {"url": url, "client": CLIENT, "secret": SECRET, "signing": SIGNING}

    def arrived(self, sandbox):
        return [each["id"] for each in sandbox.results]

    def population(self, sandbox):
        return [User(id=each["id"], email=each["mail"], username=each["login"]) for each in sandbox.people]

    def error_bodies(self, sandbox):
        return ['{"error": "unknown_user"}']

    def launch(self, sandbox, url):
        return sandbox.launch(url)

    def event(self, sandbox):
        return sandbox.event()

    def signed(self, sandbox, body):
        return sandbox.signed(body)

    def course_request(self, sandbox):
        return sandbox.pull()


class TestBare(Conformance[Sandbox]):
    connector = BareConnector

    def sandbox(self):
        return Sandbox()

    def options(self, sandbox, url):
        return {"url": url, "token": SECRET}

    def arrived(self, sandbox):
        return [each["id"] for each in sandbox.records]

    def population(self, sandbox):
        return [User(id=each["id"], email=each["mail"]) for each in sandbox.people]


class TestDoor(Conformance[Sandbox]):
    connector = DoorConnector

    def sandbox(self):
        return Sandbox()

    def options(self, sandbox, url):
        return {"url": url, "secret": SECRET}

    def sign_in(self, sandbox, departure):
        return sandbox.sign_in(departure)
