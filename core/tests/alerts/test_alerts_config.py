"""What the ``[alerts]`` table may say."""

import pytest
from pydantic import ValidationError

from passback import SmtpConfig, WebhookConfig

SMTP = {"host": "smtp.vendor.example", "sender": "passback@vendor.example"}
HOOK = {"secret": {"env": "HOOK_SECRET"}}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"sender": "nobody"}, "expected an e-mail address"),
        ({"sender": "passback@☃.example"}, "expected an e-mail address whose domain DNS can have: "),
        ({"host": "smtp://vendor.example"}, "should match pattern"),
        ({"host": "smtp.☃.example"}, "expected a name that DNS can have: "),
        ({"username": "u"}, "expected username and password, or none of them"),
        ({"username": "u", "password": "hush-hush", "security": "none"}, "a password needs security"),
        ({"username": "u", "password": {"hush": "hush-hush"}}, "expected a text, or"),
        ({"port": 0}, "greater than or equal to 1"),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_refused_without_the_value(table, problem):
    with pytest.raises(ValidationError) as caught:
        SmtpConfig.model_validate(SMTP | table)
    assert problem in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_a_password_is_shown_nowhere():
    config = SmtpConfig.model_validate(SMTP | {"username": "u", "password": "hush-hush"})
    assert "hush-hush" not in repr(config) + str(config.model_dump())


@pytest.mark.parametrize(
    ("url", "network", "right"),
    [
        ("https://ops.example", {}, True),
        ("http://ops.example", {}, False),
        ("http://ops.example", {"allow_http": True}, True),
        ("ops.example", {"allow_http": True}, False),
    ],
)
def test_a_webhook_is_encrypted_unless_that_is_waived(url, network, right):
    table = HOOK | {"url": url, "network": network}
    if right:
        assert WebhookConfig.model_validate(table).url == url
    else:
        with pytest.raises(ValidationError, match="starts with https://"):
            WebhookConfig.model_validate(table)
