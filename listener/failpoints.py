"""Named points at which a test may kill this process, to prove that nothing is lost there.

Does nothing unless ``arm`` was called, which only the command line does, from one variable.
"""

import os
import signal

VARIABLE = "FENGSHENG_FAIL_AT"

_armed: dict[str, int] = {}


def arm_from_environment() -> None:
    """Arm what the variable names, if anything; only the command line calls this."""
    if setting := os.environ.get(VARIABLE):
        arm(setting)


def arm(setting: str) -> None:
    """Arm ``name`` or ``name:n``: the n-th time it is reached, the process dies by SIGKILL."""
    name, _, count = setting.partition(":")
    _armed[name] = int(count or 1)


def reach(name: str) -> None:
    """Die here if this point is armed and its turn has come."""
    if name in _armed:
        _armed[name] -= 1
        if _armed[name] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
