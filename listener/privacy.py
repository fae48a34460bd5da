"""Pseudonyms and the keys of this installation. The handle itself is never stored."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from listener.errors import ConfigError

KEY_BYTES = 32


def installation_key(folder: Path, name: str) -> bytes:
    """Return the secret key ``name`` of this installation, making it on first use (mode 0600).

    Losing the pseudonym key makes known authors look new; losing the callback key voids buttons
    already sent. Raises ``ConfigError`` when the file cannot be used.
    """
    path = folder / f"{name}.key"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
        else:
            key = secrets.token_bytes(KEY_BYTES)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise ConfigError(f"cannot use the key file '{path}' ({error.strerror})") from None
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"the key file '{path}' holds {len(key)} bytes instead of {KEY_BYTES}; "
            "restore it from a backup, or delete it to make a new one"
        )
    return key


def pseudonym(key: bytes, source_kind: str, author_id: str) -> str:
    """Return 32 hexadecimal digits for an author: equal within one kind of source, keyed."""
    basis = f"{source_kind}\x1f{author_id}".encode("utf-8", "replace")
    return hmac.new(key, basis, hashlib.sha256).hexdigest()[:32]
