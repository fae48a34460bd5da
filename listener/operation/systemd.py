"""Tells a service manager how the service fares, in systemd's notify protocol.

A few lines of socket code; without ``NOTIFY_SOCKET`` in the environment every call does nothing.
"""

import logging
import os
import socket
from collections.abc import Mapping

logger = logging.getLogger(__name__)


class Notifier:
    """Sends states to the service manager that started this process, if one did."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._watchdog_us = environ.get("WATCHDOG_USEC", "")
        self._watchdog_pid = environ.get("WATCHDOG_PID", "")

    @property
    def watchdog_every_s(self) -> float | None:
        """Seconds between two signs of life, half of what is allowed; None without a watchdog."""
        if not self._address or not self._watchdog_us.isdecimal() or not int(self._watchdog_us):
            return None
        if self._watchdog_pid and self._watchdog_pid != str(os.getpid()):
            return None
        return int(self._watchdog_us) / 2_000_000

    def send(self, *states: str) -> bool:
        """Send states such as ``READY=1``; return whether somebody was told.

        A service manager that is gone is no reason to stop: it is logged at DEBUG.
        """
        if not self._address:
            return False
        # A leading @ names a socket in the abstract namespace, written with a zero byte.
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.connect(address)
                line.sendall("\n".join(states).encode())
        except OSError as error:
            logger.debug("service manager not told", extra={"error": str(error)})
            return False
        return True
