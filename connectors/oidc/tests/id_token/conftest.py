"""A connection whose provider can make the ID token before the sign-in."""

import pytest

from passback import SignInRefused


@pytest.fixture
def desk(fake, provider):
    desk = fake(userinfo="never")
    started = desk.start()
    # The token is made before the sign-in: the nonce is the same all the same.
    desk.start = lambda: started
    provider.claims = {"nonce": started.kept["nonce"]}
    return desk


@pytest.fixture
def refused():
    """Sign in, and see it refused for that reason; who it would have been isn't said."""

    def refused(desk, match):
        with pytest.raises(SignInRefused, match=match) as caught:
            desk.sign_in()
        assert "u-1" not in str(caught.value)

    return refused
