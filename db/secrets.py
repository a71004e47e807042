"""Personal numbers at rest: sealed with AES-GCM, found again by a keyed digest.

Layout of a sealed value: `key id . base64url(nonce 12 bytes ‖ ciphertext ‖ tag)`; the place
(`table.column`) is authenticated with it, so that a value cannot be moved to another column.
NIST SP 800-38D (GCM); the look-up digest is HMAC-SHA-256 under its own key (RFC 2104), both
keys derived from one secret by HKDF (RFC 5869).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
MINIMUM = 32


class SecretsError(Exception):
    """The key is too weak, or a sealed value does not open with it."""


class Secrets:
    """Everything that is done with the application's secret; it never leaves this object."""

    def __init__(self, secret: bytes) -> None:
        """Derive the keys; raises `SecretsError` for fewer than 32 bytes."""
        if len(secret) < MINIMUM:
            raise SecretsError(f"the application key needs at least {MINIMUM} bytes")
        self._seal = AESGCM(_derive(secret, b"seal"))
        self._index = _derive(secret, b"index")
        self._audit = _derive(secret, b"audit")
        self._derived = _derive(secret, b"derived")
        self._id = _derive(secret, b"id")[:4].hex()

    def seal(self, value: str, place: str) -> str:
        """Encrypt `value` for one place, e.g. "person.phone"."""
        nonce = os.urandom(NONCE)
        sealed = nonce + self._seal.encrypt(nonce, value.encode(), place.encode())
        return f"{self._id}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """Decrypt; raises `SecretsError` for another key, another place or a changed value."""
        key, _, text = sealed.partition(".")
        if key != self._id:
            raise SecretsError("the value was sealed with another key")
        try:
            raw = base64.urlsafe_b64decode(text.encode())
            return self._seal.decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SecretsError("the sealed value was changed") from error

    def index(self, value: str, place: str) -> str:
        """Return the keyed digest by which a sealed value is looked up."""
        return hmac.new(self._index, f"{place}\0{value}".encode(), hashlib.sha256).hexdigest()

    def chain(self, text: str) -> str:
        """Return the authenticated hash of an audit line."""
        return hmac.new(self._audit, text.encode(), hashlib.sha256).hexdigest()

    def derive(self, purpose: str) -> str:
        """Return a stable secret for another purpose (cookies, webhook), as 64 hex digits."""
        return hmac.new(self._derived, purpose.encode(), hashlib.sha256).hexdigest()


def new_token(size: int = 16) -> str:
    """Return an unguessable URL-safe text of `size` random bytes."""
    return secrets.token_urlsafe(size)


def digest(token: str) -> str:
    """Return what is stored of a high-entropy one-time token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"zhibu/1/" + purpose).derive(secret)
