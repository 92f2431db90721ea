"""Identity providers as their administrators see them: where they meet us, and what they say."""

from __future__ import annotations

from urllib.parse import quote

from passback.errors import ConfigError
from passback.host.config import Config, SignInConfig
from passback.host.running.running import Running
from passback.identity.linking import AttributeRule, map_profile
from passback.model import Assertion, Observation, Sample, SampleReading, ServiceMetadata, SignInPlace

__all__ = ["Providers", "place_of", "sign_in_config"]


def sign_in_config(config: Config, connection: str) -> SignInConfig:
    """Return how people are signed in by `connection`.

    Raises:
        ConfigError: They aren't.
    """
    draft = config.drafts.get(connection)
    if draft is None or draft.config.sign_in is None:
        have = sorted(name for name, each in config.drafts.items() if each.config.sign_in is not None)
        raise ConfigError(
            f"nobody is signed in by connection {connection!r}; those with a sign_in table are: "
            f"{', '.join(have) or 'none'}"
        )
    return draft.config.sign_in


def place_of(running: Running, connection: str) -> SignInPlace:
    """Return where the identity provider of `connection` meets us.

    Raises:
        ConfigError: Nobody is signed in by it, or the configuration doesn't say where the app is.
    """
    sign_in_config(running.config, connection)
    base = running.config.web.url
    if base is None:
        raise ConfigError("say where the mountable app is: [web] url", place="web.url")
    ours = f"{base}/sso/{quote(connection, safe='')}"
    return SignInPlace(
        callback=f"{ours}/callback", metadata=f"{ours}/metadata", signed_out=f"{ours}/signed-out"
    )


class Providers:
    """The identity providers by which people sign in, as their administrators see them."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def place(self, connection: str) -> SignInPlace:
        """Return where the identity provider of `connection` meets us.

        Raises:
            ConfigError: Nobody is signed in by it, or the configuration doesn't say where the app is.
        """
        return place_of(self._running, connection)

    def titles(self) -> dict[str, str]:
        """Return connection → what stands on the button after "Sign in to", of all that sign people in."""
        drafts = self._running.config.drafts.values()
        signing = {each.name: each.config.sign_in for each in drafts}
        return {name: config.title or name for name, config in signing.items() if config is not None}

    def after_sign_out(self, connection: str) -> str:
        """Return where people go who signed out.

        Raises:
            ConfigError: Nobody is signed in by the connection.
        """
        return sign_in_config(self._running.config, connection).after_sign_out

    def metadata(self, connection: str) -> ServiceMetadata:
        """Return who we are, for the administrator of the identity provider.

        Raises:
            ConfigError: Nobody is signed in by the connection.
            ConnectionNotReady: It can't serve; says why.
            Unsupported: Its protocol has no such thing.
        """
        return self._running.roster.connection(connection).publish_metadata(self.place(connection))

    async def inspect(self, connection: str) -> list[Observation]:
        """Return what the provider publishes, what we would send it, and which settings are doubtful.

        Raises:
            ConfigError: Nobody is signed in by the connection.
            ConnectionNotReady: It can't serve; says why.
            ConnectionFailure: The provider can't be asked.
        """
        asked = self._running.roster.connection(connection)
        seen = await asked.inspect_provider(self.place(connection))
        return [*seen, *sign_in_config(self._running.config, connection).doubts()]

    def explain(self, connection: str, body: bytes) -> tuple[SampleReading, list[Observation]]:
        """Return what a sample of the provider's answer says, and what became of each property.

        Args:
            connection: Whose answer.
            body: A response or a token, as it was copied; nobody is signed in by it.

        Returns:
            What the connector made of it, and what became of each property: names, never values.

        Raises:
            ConfigError: Nobody is signed in by the connection.
            ConnectionNotReady: It can't serve; says why.
            Unsupported: Its connector reads no samples.
        """
        config = sign_in_config(self._running.config, connection)
        asked = self._running.roster.connection(connection)
        place = None if self._running.config.web.url is None else self.place(connection)
        reading = asked.read_sample(Sample(body=body, at=self._running.clock.now(), place=place))
        if reading.assertion is None:
            return reading, []
        return reading, [_became(name, rule, reading.assertion) for name, rule in config.rules().items()]


def _became(name: str, rule: AttributeRule, assertion: Assertion) -> Observation:
    profile = map_profile(assertion, {name: rule})
    if profile.missing:
        said = f"{profile.missing[0]}; without it nobody comes in for the first time (required)"
        return Observation(what=name, said=said, verdict="problem")
    if profile.notes:
        return Observation(what=name, said=profile.notes[0], verdict="warning")
    return Observation(what=name, said=f"from {rule.source!r}")
