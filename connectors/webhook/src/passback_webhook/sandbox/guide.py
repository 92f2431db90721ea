"""What to configure for a sandbox, and whom it knows."""

import json

from passback_webhook.sandbox.behaviour import Behaviour

_USERS = """
[connections.acme.options.users]
url = "{url}/users"
query = {{ mail = "query.email", login = "query.username", number = "query.external_id" }}
items = "body.data"
paging = {{ kind = "page" }}

[connections.acme.options.users.user]
id = "id"
email = "mail"
username = "login"
external_id = "number"
name = "join(' ', [name.first, name.last])"
active = "state == 'active'"

Messages are about one of these, by id, number or address; 404 is said of others.
"""


def guide(behaviour: Behaviour, url: str) -> str:
    """Return the configuration of a connection to the sandbox at `url`, and what else there is to know.

    It's the one for messages as they are written by default.
    """
    known = "\n".join(
        f"{each.id}: {each.number}, {each.mail}, {each.login}, {each.first} {each.last}, {each.state}"
        for each in behaviour.users
    )
    users = f"{_USERS.format(url=url)}{known}\n" if known else "\nMessages may be about anybody.\n"
    return f"""
[connections.acme]
connector = "webhook"
contact = "you@example.com"
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}

[connections.acme.options]
url = "{url}/events"
user = "learner.external_id || learner.email || learner.id"
auth = {_auth(behaviour, url)}
check = {{ url = "{url}/me", success = "body.ok" }}
answer = {{ user_unknown = [404], reason = "body.error", remote_id = "body.number" }}
{users}
The other side: python -m passback_webhook.sandbox send URL
"""


def _auth(behaviour: Behaviour, url: str) -> str:
    own = {
        "none": {},
        "basic": {"username": behaviour.username, "password": behaviour.password},
        "key": {"header": behaviour.key_header, "key": behaviour.key},
        "oauth2": {
            "token_url": f"{url}/token",
            "client_id": behaviour.client_id,
            "client_secret": behaviour.client_secret,
        },
    }[behaviour.auth]
    named = {"kind": behaviour.auth} | own
    return f"{{ {', '.join(f'{name} = {json.dumps(text)}' for name, text in named.items())} }}"
