"""Why a leg or call ended, and how SIP and Q.850 say it.

Sources: RFC 3261 §21, RFC 3326 (Reason), ITU-T Q.850; the mapping follows RFC 3398 §7.2.6 and §8.2.6.1.
"""

from enum import StrEnum


class Cause(StrEnum):
    """The reason of an end, as records, events and announcements use it."""

    NORMAL = "normal"
    CANCELLED = "cancelled"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    UNALLOCATED = "unallocated"
    NOT_ASSIGNED = "not_assigned"
    FORBIDDEN = "forbidden"
    INVALID_NUMBER = "invalid_number"
    NOT_ACCEPTABLE = "not_acceptable"
    CONGESTION = "congestion"
    NO_ROUTE = "no_route"
    TIMEOUT = "timeout"
    MEDIA_LOST = "media_lost"
    TRANSFERRED = "transferred"
    REPLACED = "replaced"
    ADMINISTRATIVE = "administrative"
    LIMITED = "limited"
    """More may not be called outside today."""
    PREEMPTED = "preempted"
    """The line was needed for an emergency call."""
    RESTART = "restart"
    FAILURE = "failure"


SIP_STATUS: dict[Cause, int] = {
    Cause.NORMAL: 480,
    Cause.CANCELLED: 487,
    Cause.ANSWERED_ELSEWHERE: 487,
    Cause.BUSY: 486,
    Cause.NO_ANSWER: 480,
    Cause.REJECTED: 603,
    Cause.UNREACHABLE: 480,
    Cause.UNALLOCATED: 404,
    Cause.NOT_ASSIGNED: 404,
    Cause.FORBIDDEN: 403,
    Cause.INVALID_NUMBER: 484,
    Cause.NOT_ACCEPTABLE: 488,
    Cause.CONGESTION: 503,
    Cause.NO_ROUTE: 503,
    Cause.TIMEOUT: 408,
    Cause.MEDIA_LOST: 480,
    Cause.TRANSFERRED: 487,
    Cause.REPLACED: 487,
    Cause.ADMINISTRATIVE: 480,
    Cause.LIMITED: 403,
    Cause.PREEMPTED: 480,
    Cause.RESTART: 503,
    Cause.FAILURE: 500,
}
"""The final status with which a leg that was never answered is refused."""

Q850: dict[Cause, int] = {
    Cause.NORMAL: 16,
    Cause.CANCELLED: 16,
    Cause.ANSWERED_ELSEWHERE: 26,
    Cause.BUSY: 17,
    Cause.NO_ANSWER: 19,
    Cause.REJECTED: 21,
    Cause.UNREACHABLE: 20,
    Cause.UNALLOCATED: 1,
    Cause.NOT_ASSIGNED: 1,
    Cause.FORBIDDEN: 21,
    Cause.INVALID_NUMBER: 28,
    Cause.NOT_ACCEPTABLE: 88,
    Cause.CONGESTION: 42,
    Cause.NO_ROUTE: 3,
    Cause.TIMEOUT: 18,
    Cause.MEDIA_LOST: 41,
    Cause.TRANSFERRED: 16,
    Cause.REPLACED: 16,
    Cause.ADMINISTRATIVE: 31,
    Cause.LIMITED: 21,
    Cause.PREEMPTED: 8,
    Cause.RESTART: 41,
    Cause.FAILURE: 41,
}

_FROM_STATUS: dict[int, Cause] = {
    400: Cause.FAILURE,
    401: Cause.FORBIDDEN,
    403: Cause.FORBIDDEN,
    404: Cause.UNALLOCATED,
    407: Cause.FORBIDDEN,
    408: Cause.TIMEOUT,
    410: Cause.UNALLOCATED,
    480: Cause.UNREACHABLE,
    484: Cause.INVALID_NUMBER,
    486: Cause.BUSY,
    487: Cause.CANCELLED,
    488: Cause.NOT_ACCEPTABLE,
    503: Cause.CONGESTION,
    600: Cause.BUSY,
    603: Cause.REJECTED,
    604: Cause.UNALLOCATED,
    606: Cause.NOT_ACCEPTABLE,
}


def from_sip_status(status: int) -> Cause:
    """Read the final status of a refused INVITE (RFC 3261 §21) as a cause; unknown ones by class."""
    known = _FROM_STATUS.get(status)
    if known is not None:
        return known
    if status < 300:
        return Cause.NORMAL
    if status >= 600:
        return Cause.REJECTED
    if status >= 500:
        return Cause.CONGESTION
    return Cause.FAILURE
