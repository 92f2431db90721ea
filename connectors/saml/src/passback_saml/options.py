"""What a connection to a SAML identity provider needs, in the words of its administrators."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from passback import Options, WebAddress
from passback_saml.certificates import fingerprint, read_certificates
from passback_saml.metadata import NoMetadata, read_metadata

__all__ = ["SamlOptions"]

_Page: TypeAlias = Annotated[
    str, AfterValidator(WebAddress(kind="page", example="https://idp.example.com/sso"))
]
# More than any roll-over needs; each may be tried on each signature.
_MOST_KEYS = 8


def _certificates(texts: tuple[str, ...]) -> tuple[str, ...]:
    found = [each for text in texts for each in read_certificates(text)]
    if len(found) > _MOST_KEYS:
        raise ValueError(f"expected at most {_MOST_KEYS} certificates, got {len(found)}")
    for each in found:
        if each.weakness:
            raise ValueError(f"the certificate {each.fingerprint[:16]}… can't be used: {each.weakness}")
    return texts


def _fingerprints(texts: tuple[str, ...]) -> tuple[str, ...]:
    if len(texts) > _MOST_KEYS:
        raise ValueError(f"expected at most {_MOST_KEYS} fingerprints, got {len(texts)}")
    return tuple(fingerprint(text) for text in texts)


class SamlOptions(Options):
    """Options of a connection to one identity provider."""

    idp_entity_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        description="The provider's entity id (issuer), exactly; may be left out with `metadata` that has "
        "only one.",
    )
    metadata_url: _Page | None = Field(
        default=None,
        description="Where the provider publishes its metadata. Its sign-in address is taken from there, and "
        "of its certificates those in `fingerprints`.",
    )
    metadata: str | None = Field(
        default=None, description="The provider's metadata itself, mostly as `{ file = … }`."
    )
    sso_url: _Page | None = Field(
        default=None,
        description="Without metadata: where the provider signs people in (SSO URL, HTTP-Redirect binding).",
    )
    certificates: Annotated[tuple[str, ...], AfterValidator(_certificates)] = Field(
        default=(),
        description="The provider's signing certificates, PEM, mostly as `{ file = … }`; while one is "
        "replaced, the old and the new.",
    )
    fingerprints: Annotated[tuple[str, ...], AfterValidator(_fingerprints)] = Field(
        default=(),
        description="SHA-256 fingerprints of the certificates in the metadata that are accepted. Needed with "
        "`metadata_url`, unless `certificates` are given; with `metadata`, all in it are accepted otherwise.",
    )
    expired_certificates: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="What becomes of signatures by a key whose certificate isn't valid today; `accept` goes "
        "by the key alone, and logs it.",
    )
    signed: Literal["any", "assertion", "response", "both"] = Field(
        default="any",
        description="What must be signed; `any` is one of the two, or both. What is signed must be signed "
        "well in any case.",
    )
    subject: str = Field(
        default="nameid",
        pattern=r"^(nameid|attribute:.{1,512})$",
        description="What a person is known by for ever: `nameid`, or `attribute:` and the exact Name of an "
        "attribute that has one value and never changes.",
    )
    entity_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        description="Our entity id; where it's left out, the address of our metadata.",
    )
    unsolicited: bool = Field(
        default=False,
        description="Accept what the provider sends unasked (IdP-initiated). Whoever has an account there "
        "can then sign somebody else's browser in to that account.",
    )

    def model_post_init(self, _: object, /) -> None:
        """Refuse options that lack each other, or that contradict each other."""
        sources = ("metadata_url", "metadata", "sso_url")
        given = [name for name in sources if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of {', '.join(sources)}, got {' and '.join(given) or 'none'}")
        if self.idp_entity_id is None and self.metadata is None:
            raise ValueError(
                f"idp_entity_id: missing; {given[0]} needs it, so that it can't change by itself"
            )
        if self.sso_url is not None and not self.certificates:
            raise ValueError("certificates: missing; sso_url needs them")
        if self.sso_url is not None and self.fingerprints:
            raise ValueError(
                "fingerprints: they choose among the certificates in metadata, which isn't given"
            )
        if self.metadata is not None:
            self._read(self.metadata)

    def _read(self, metadata: str) -> None:
        try:
            read_metadata(metadata.encode(), self.idp_entity_id)
        except NoMetadata as error:
            raise ValueError(f"metadata: {error}") from None
