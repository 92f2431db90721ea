"""Where the provider is and which keys it may sign with: from the options, and from its metadata.

Metadata that is fetched never decides whose keys are accepted: only certificates whose fingerprints, or which
themselves, stand in the options are. What it changes by itself is the sign-in address.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import attrs

from passback import HTTP, Clock, ConnectionFailure, Response, ServerError
from passback_saml.certificates import Certificate, distinct, read_certificates
from passback_saml.metadata import NoMetadata, Published, read_metadata
from passback_saml.options import SamlOptions

__all__ = ["Provider", "Source"]

# How long metadata is used before it's asked for again: sign-in addresses hardly ever change.
_AGE = timedelta(hours=1)
# While a pinned certificate isn't in it yet, or after it couldn't be fetched: nobody waits long for a new
# key, and nobody who sends rubbish makes us ask more often.
_SOON = timedelta(minutes=1)
# Somebody wants to sign in, and what was fetched before will do.
_PATIENCE = 5.0
_TYPES = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
_OK = 200


@attrs.frozen(kw_only=True)
class Provider:
    """An identity provider, as far as a sign-in needs it.

    Attributes:
        entity_id: Its name.
        sso_url: Where browsers are sent; None where it isn't told.
        accepted: The certificates whose keys may sign.
        published: What its metadata says; None where there's none.
    """

    entity_id: str
    sso_url: str | None
    accepted: tuple[Certificate, ...]
    published: Published | None = None

    @property
    def refused(self) -> tuple[Certificate, ...]:
        """The certificates that it publishes and that aren't accepted."""
        known = {each.fingerprint for each in self.accepted}
        published = self.published.certificates if self.published else ()
        return tuple(each for each in published if each.fingerprint not in known)


class Source:
    """The provider of one connection.

    Attributes:
        known: What is known of it without asking anybody; None where its metadata has to be fetched first.
        answer: What its metadata's address answered last; None where it wasn't asked.
    """

    def __init__(self, options: SamlOptions, http: HTTP, clock: Clock) -> None:
        self._options = options
        self._http = http
        self._clock = clock
        self._lock = asyncio.Lock()
        self._pinned = [each for text in options.certificates for each in read_certificates(text)]
        self._stale = clock.now()
        self.known = self._configured()
        self.answer: Response | None = None

    async def provider(self, *, renew: bool = False) -> Provider:
        """Return the provider; its metadata is fetched where that hasn't been done lately, or with `renew`.

        Raises:
            ConnectionFailure: Its metadata can't be fetched or used, and couldn't be before.
        """
        url = self._options.metadata_url
        if url is not None and (renew or self._due()):
            async with self._lock:
                if renew or self._due():
                    await self._renew(url, kept=None if renew else self.known)
        return self._current(self.known)

    def _due(self) -> bool:
        return self.known is None or self._clock.now() >= self._stale

    async def _renew(self, url: str, kept: Provider | None) -> None:
        # From here on nobody else waits who can be served with what is known.
        self._stale = self._clock.now() + _SOON
        try:
            async with asyncio.timeout(None if kept is None else _PATIENCE):
                self.known = found = await self._fetch(url)
        except (ConnectionFailure, TimeoutError):
            if kept is None:
                raise
            return
        if set(self._options.fingerprints) <= {each.fingerprint for each in found.accepted}:
            self._stale = self._clock.now() + _AGE

    async def _fetch(self, url: str) -> Provider:
        self.answer = await self._http.request("GET", url, headers={"accept": _TYPES})
        self.answer.require(_OK)
        try:
            name, encrypted = self._options.idp_entity_id, url.startswith("https:")
            published = read_metadata(self.answer.body, name, encrypted=encrypted)
        except NoMetadata as error:
            raise ServerError(f"{self.answer.asked} answered with what can't be used: {error}") from None
        return self._described(published)

    def _configured(self) -> Provider | None:
        options = self._options
        if options.metadata is not None:
            return self._described(read_metadata(options.metadata.encode(), options.idp_entity_id))
        if options.sso_url is None:
            return None
        accepted = distinct(self._pinned)
        return Provider(entity_id=options.idp_entity_id or "", sso_url=options.sso_url, accepted=accepted)

    def _described(self, published: Published) -> Provider:
        pins = self._options.fingerprints
        # What an administrator wrote down is theirs to trust; what was fetched isn't.
        every = self._options.metadata is not None and not pins
        chosen = [
            each
            for each in published.certificates
            if (every or each.fingerprint in pins) and not each.weakness
        ]
        return Provider(
            entity_id=published.entity_id,
            sso_url=published.sso_url,
            accepted=distinct([*self._pinned, *chosen]),
            published=published,
        )

    def _current(self, provider: Provider | None) -> Provider:
        until = provider.published.until if provider and provider.published else None
        if provider is None or (until is not None and until < self._clock.now()):
            raise ServerError(f"the provider's metadata has expired ({until}); get it anew from the provider")
        return provider
