"""The last resort of stopping: what does not end in time is ended, and says what was left.

Nothing is lost by it: what was not finished stands in the database and is done after the start.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

EXIT_LATE = 1


class Deadline:
    """Ends this process some time after it was asked to stop."""

    def __init__(self, within_s: float) -> None:
        self.left: Callable[[], list[str]] = lambda: ["still starting"]
        self._within_s = within_s
        self._timer = threading.Timer(within_s, self._end)
        # A thread of its own: whatever holds up the event loop does not hold up this.
        self._timer.daemon = True

    def arm(self) -> None:
        """Start counting; called once, at the first signal."""
        self._timer.start()

    def disarm(self) -> None:
        """Call it off, because everything has ended in order."""
        self._timer.cancel()

    def _end(self) -> None:
        try:
            left = "; ".join(self.left()) or "nothing that is known"
        except Exception as error:
            left = f"unknown ({type(error).__name__})"
        logger.error("stopped too late", extra={"within_s": self._within_s, "left": left})
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(EXIT_LATE)
