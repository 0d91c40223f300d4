"""Signatures: on every event, and on checkpoints that say how long the record was and which root it had.

A checkpoint is a signed note in the format that transparency logs share, so that a witness can keep and check it without
Lockgate. Kept elsewhere, it shows later that nothing before it was changed and nothing was cut off.

Source:
    C2SP tlog-checkpoint and signed-note, https://c2sp.org/tlog-checkpoint , https://c2sp.org/signed-note ;
    Ed25519: RFC 8032.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from lockgate.base.errors import LockgateError

_EVENT = b"lockgate event\x00"
_ED25519 = b"\x01"  # the note format's identifier of the algorithm


class Signer:
    """Holds a private key and signs with it.

    Args:
        seed: 32 random bytes: the private key.
    """

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw().hex()

    def sign_event(self, event_hash: str) -> bytes:
        """Signature over an event's hash (hexadecimal)."""
        return self._key.sign(_EVENT + bytes.fromhex(event_hash))

    def sign_note(self, text: str, name: str) -> str:
        """A signed note over ``text``, which ends in a newline, under the key name ``name``."""
        body = key_id(name, self.public_key) + self._key.sign(text.encode())
        return f"{text}\n— {name} {base64.b64encode(body).decode()}\n"


def signs(public_key: str, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is one by ``public_key`` (hexadecimal) over ``message``."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signs_event(public_key: str, signature: bytes, event_hash: str) -> bool:
    """Whether ``signature`` is one by ``public_key`` over an event's hash (both hexadecimal)."""
    return signs(public_key, signature, _EVENT + bytes.fromhex(event_hash))


def key_id(name: str, public_key: str) -> bytes:
    """The four bytes by which a signed note names its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + bytes.fromhex(public_key)).digest()[:4]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How long a record was at an instant, and the root over it.

    Attributes:
        origin: Name of the record, such as ``lockgate/3f2a91c04b7d``.
        size: Number of events.
        root: Root of the tree over them, in hexadecimal.
        at: UTC instant as ISO text.
    """

    origin: str
    size: int
    root: str
    at: str

    @property
    def text(self) -> str:
        """What is signed.

        >>> print(Checkpoint("lockgate/demo", 2, "00" * 32, "2026-01-28T00:00:00.000000Z").text, end="")
        lockgate/demo
        2
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
        2026-01-28T00:00:00.000000Z
        """
        return (
            f"{self.origin}\n{self.size}\n{base64.b64encode(bytes.fromhex(self.root)).decode()}\n{self.at}\n"
        )


def read_note(note: str) -> tuple[Checkpoint, bytes]:
    """The checkpoint in a signed note, and its signature.

    Raises:
        LockgateError: ``bad-checkpoint``, where it is no such note.
    """
    try:
        text, _, signature_line = note.partition("\n\n")
        origin, size, root, at = text.split("\n")
        dash, name, encoded = signature_line.rstrip("\n").split(" ")
        body = base64.b64decode(encoded, validate=True)
        checkpoint = Checkpoint(origin, int(size), base64.b64decode(root, validate=True).hex(), at)
        sound = dash == "—" and name == origin and len(body) == 68 and checkpoint.text == text + "\n"
    except (ValueError, binascii.Error):
        sound = False
    if not sound:
        raise LockgateError(
            "this is not a signed checkpoint",
            code="bad-checkpoint",
            hint="four lines, an empty one, and one signature, as `lockgate audit checkpoint` writes them",
        )
    return checkpoint, body


def open_note(note: str, public_key: str) -> Checkpoint:
    """The checkpoint in a signed note, its signature checked.

    Raises:
        LockgateError: ``bad-checkpoint``; ``bad-signature``, where another key signed it, or something else was signed.
    """
    checkpoint, body = read_note(note)
    if body[:4] != key_id(checkpoint.origin, public_key) or not signs(
        public_key, body[4:], checkpoint.text.encode()
    ):
        raise LockgateError(
            f"the checkpoint at {checkpoint.size} is not signed by this record's key", code="bad-signature"
        )
    return checkpoint
