"""Finds the files that travel with the program: templates and the default configuration.

In a checkout they stand beside the packages; a built wheel carries them inside ``listener``.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Return the path of ``templates`` or ``config.toml`` as installed."""
    inside = _PACKAGE / "bundled" / name
    return inside if inside.exists() else _PACKAGE.parent / name
