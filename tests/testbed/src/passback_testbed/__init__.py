"""Real learning record stores and identity providers on loopback, to run Passback against.

`python -m passback_testbed.install all` brings them here once; `Ralph` and `LearningLocker` start them, kill
them and start them again; `walk` and `post` talk to them without Passback; `validate_statements` asks a
validator that is not ours, and `StackOneSDK` talks to a StackOne as its customers do. `OidcProvider` is an
OpenID provider, `CasServer` a CAS server and `SamlProvider` a SAML one, and `Browser` signs a person in
there.
"""

from passback_testbed.browser import Browser, Form, Page
from passback_testbed.cas_server import CasServer, CasUser
from passback_testbed.learning_locker import LearningLocker
from passback_testbed.listing import post, walk
from passback_testbed.lrs import LRS
from passback_testbed.oidc_provider import OidcProvider, OidcUser
from passback_testbed.ralph import Ralph
from passback_testbed.saml_provider import SamlProvider, SamlUser
from passback_testbed.server import Server
from passback_testbed.stackone import StackOneSDK
from passback_testbed.validation import validate_statements

__all__ = [
    "LRS",
    "Browser",
    "CasServer",
    "CasUser",
    "Form",
    "LearningLocker",
    "OidcProvider",
    "OidcUser",
    "Page",
    "Ralph",
    "SamlProvider",
    "SamlUser",
    "Server",
    "StackOneSDK",
    "post",
    "validate_statements",
    "walk",
]
