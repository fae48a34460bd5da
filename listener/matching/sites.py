"""Hosts of addresses, for ``site:``."""

import re
from urllib.parse import urlsplit

from listener.errors import QueryError
from listener.text.fold import fold

_HOST = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")


def folded_host(host: str, *, column: int) -> str:
    """Return the host of ``site:`` in the form that ``is_on_site`` compares.

    Raises ``QueryError`` for anything that is not a plain host name.
    """
    name = fold(host).strip()
    if not _HOST.fullmatch(name):
        raise QueryError(
            f"site: needs a host name such as site:example.com (got '{host}'), "
            "without http://, path, port or *",
            column=column,
        )
    return _ascii(name)


def host_of(url: str | None) -> str:
    """Return the host of an address; empty if there is none. A missing scheme is allowed."""
    address = fold(url or "").strip()
    if not _SCHEME.match(address):
        address = f"//{address.removeprefix('//')}"
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return ""
    return _ascii((host or "").rstrip("."))


def is_on_site(host: str, site: str) -> bool:
    """Say whether ``host`` is ``site`` or a subdomain of it."""
    return host == site or host.endswith(f".{site}")


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host
