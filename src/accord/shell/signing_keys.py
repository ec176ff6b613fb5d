"""The keys that sign our mail (DKIM): files beside accord.keys, readable by their owner alone; never in git or the database."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from accord.core.mail.dkim import ED25519, RSA, SigningKey, record

RSA_BITS = 2048

# Whom a key's file may not be open to: the group may read it, nobody else, and only its owner may write.
_OTHERS = 0o027

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


class SigningFault(Exception):
    """A key that mail can't be signed with; the text says what to do about it."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key that signs: where it is kept, what its DNS record must say, and itself, loaded once."""

    file: Path
    record: str
    signer: SigningKey = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """Where its record stands in DNS."""
        return f"{self.signer.selector}._domainkey.{self.signer.domain}"


def dkim_key(domain: str, selector: str, file: Path) -> DkimKey:
    """The key in a file, for a domain under a selector. Raises SigningFault."""
    key = read_key(file)
    told = record_of(key)
    mark = hashlib.sha256(f"{selector}.{domain} {told}".encode()).hexdigest()[:16]
    return DkimKey(file, told, replace(_signer(domain, selector, key), mark=mark))


def read_key(path: Path) -> PrivateKey:
    """One private key (PEM). Raises SigningFault with what to do about it."""
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        raise SigningFault(
            f"{path} is missing: restore it from your backup, or make another one with `scenario dkim new`."
        ) from None
    except OSError as fault:
        raise SigningFault(f"{path} can't be read: {fault.strerror}.") from None
    if mode & _OTHERS:
        raise SigningFault(f"{path} is open to others, who could sign as you: run `chmod 600 {path}`.")
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SigningFault(
            f"{path} holds no private key that can be read without a password (PEM)."
        ) from None
    if isinstance(key, ed25519.Ed25519PrivateKey) or (
        isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 1024
    ):
        return key
    raise SigningFault(f"{path}: DKIM knows RSA (2048 bits) and Ed25519 only.")


def make_key(path: Path, algorithm: str) -> None:
    """A new private key, in a new file that its owner alone can read. Raises FileExistsError."""
    key: PrivateKey = (
        ed25519.Ed25519PrivateKey.generate()
        if algorithm == ED25519
        else rsa.generate_private_key(65537, RSA_BITS)
    )
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def algorithm_of(key: PrivateKey) -> str:
    """What a= says of a signature by this key."""
    return ED25519 if isinstance(key, ed25519.Ed25519PrivateKey) else RSA


def record_of(key: PrivateKey) -> str:
    """The text of the DNS record for the public half of a key."""
    return record(algorithm_of(key), _public_bytes(key.public_key()))


def verifies(algorithm: str, public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether a signature was made by the private half of a key, as `p=` of its DNS record holds it."""
    try:
        if algorithm == ED25519:
            known = ed25519.Ed25519PublicKey.from_public_bytes(public)
            known.verify(signature, hashlib.sha256(data).digest())
            return True
        key = serialization.load_der_public_key(public)
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def bits_of(public: bytes) -> int | None:
    """How long an RSA key is; None for what is none."""
    try:
        key = serialization.load_der_public_key(public)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.key_size if isinstance(key, rsa.RSAPublicKey) else None


def _public_bytes(key: PublicKey) -> bytes:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _signer(domain: str, selector: str, key: PrivateKey) -> SigningKey:
    """The same key, as the core asks for it: loaded once, used for every mail."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        own = key
        # RFC 8463 signs the digest, RSA digests by itself.
        return SigningKey(domain, selector, ED25519, lambda data: own.sign(hashlib.sha256(data).digest()))
    other, filling, digest = key, padding.PKCS1v15(), hashes.SHA256()
    return SigningKey(domain, selector, RSA, lambda data: other.sign(data, filling, digest))
