"""Real-time priority for the threads that carry sound: a frame that is late is lost to a fax."""

import os
from collections.abc import Iterable
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)
_TASKS = Path("/proc/self/task")
PRIORITY = 20
_NICE = -11


def threads() -> frozenset[int]:
    """The thread ids of this process."""
    return frozenset(int(one.name) for one in _TASKS.iterdir())


def hurry(found: Iterable[int]) -> str:
    """Give threads real-time priority, or else a good nice value; says which: ``fifo``, ``nice``, ``normal``.

    Needs the right to (``LimitRTPRIO`` of the unit, root, CAP_SYS_NICE); without, a warning is logged.
    """
    got = "fifo"
    for thread in found:
        try:
            os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(PRIORITY))
        except ProcessLookupError:
            continue
        except OSError:
            try:
                os.setpriority(os.PRIO_PROCESS, thread, _NICE)
                got = "nice" if got == "fifo" else got
            except OSError:
                got = "normal"
    if got != "fifo":
        _log.warning(
            "no right to real-time priority: faxes may fail on a busy machine", got=got, hint="LimitRTPRIO=50"
        )
    return got
