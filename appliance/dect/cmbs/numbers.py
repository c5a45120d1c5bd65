"""Numbers of the module's language (CMBS host API, as its public headers have them)."""

from enum import IntEnum

from appliance.model.causes import Cause


class Command(IntEnum):
    """Words about the link itself; they carry bare bytes, no elements."""

    HELLO = 0xFF01
    HELLO_REPLY = 0xFF02
    FLOW_STOP = 0xFF03
    FLOW_GO = 0xFF04
    RESET = 0xFF05
    CAPABILITIES = 0xFF0A
    CAPABILITIES_REPLY = 0xFF0B


COMMANDS = 0xFF00
"""Set in every command's number and in no event's."""


class Event(IntEnum):
    """What is asked, answered and told; they carry elements."""

    HANDSET_DELETE = 0x05
    HANDSET_DELETE_DONE = 0x06
    HANDSET_REGISTERED = 0x07
    HANDSET_IN_RANGE = 0x08
    OPEN_REGISTRATION = 0x09
    OPEN_REGISTRATION_DONE = 0x0A
    CLOSE_REGISTRATION = 0x0B
    CLOSE_REGISTRATION_DONE = 0x0C
    PARAM_GET = 0x0D
    PARAM_GET_DONE = 0x0E
    PARAM_SET = 0x0F
    PARAM_SET_DONE = 0x10
    SYS_START = 0x19
    SYS_START_DONE = 0x1A
    SYS_RESET = 0x1F
    SUBSCRIBED_GET = 0x21
    SUBSCRIBED_GET_DONE = 0x22
    SUBSCRIBED_SET = 0x23
    SUBSCRIBED_SET_DONE = 0x24
    CALL_ESTABLISH = 0x2E
    CALL_PROGRESS = 0x2F
    CALL_ANSWER = 0x30
    CALL_RELEASE = 0x31
    CALL_RELEASE_COMPLETE = 0x32
    CALL_INBAND_INFO = 0x33
    CHANNEL_START = 0x3D
    CHANNEL_START_DONE = 0x3E
    CHANNEL_STOP = 0x41
    CHANNEL_STOP_DONE = 0x42
    SEND_MWI = 0x50
    SEND_MWI_DONE = 0x51
    SEND_MISSED_CALLS = 0x52
    SEND_MISSED_CALLS_DONE = 0x53
    TIME_UPDATE = 0x5A
    TIME_UPDATE_DONE = 0x5B
    TARGET_UP = 0x7D
    LINK_RELEASED = 0x7E
    PING = 0xCF
    PING_DONE = 0xD0


class Ie(IntEnum):
    """Kinds of elements."""

    CALL_INSTANCE = 0x01
    CALLER_PARTY = 0x02
    CALLER_NAME = 0x03
    CALLED_PARTY = 0x04
    CALL_PROGRESS = 0x05
    CALL_INFO = 0x06
    RELEASE_REASON = 0x08
    MEDIA_CHANNEL = 0x0A
    MEDIA_DESCRIPTOR = 0x0C
    HANDSET_INFO = 0x0F
    PARAMETER = 0x10
    SUBSCRIBED_LIST = 0x11
    RESPONSE = 0x16
    INTEGER_VALUE = 0x18
    LINE_ID = 0x19
    REQUEST_ID = 0x1B
    HANDSETS = 0x1C
    GEN_EVENT = 0x1D
    DATE_TIME = 0x1F
    CLOSE_REASON = 0x4B
    CHECKSUM = 0x0F00


class Progress(IntEnum):
    """How far a call is."""

    SETUP_ACK = 1
    PROCEEDING = 2
    RINGING = 3
    BUSY = 4
    CALL_WAITING = 5
    IN_BAND = 6


class Reason(IntEnum):
    """Why a call is released."""

    NORMAL = 0x00
    TIMER_EXPIRY = 0x0D
    USER_DETACHED = 0x10
    USER_NOT_IN_RANGE = 0x11
    USER_UNKNOWN = 0x12
    USER_BUSY = 0x14
    USER_REJECTION = 0x15
    INSUFFICIENT_RESOURCES = 0x32
    BEARERS_USED_UP = 0x33


class Codec(IntEnum):
    """How the sound is in its slots."""

    LINEAR_WIDEBAND = 5
    LINEAR = 6


class Param(IntEnum):
    """Parameters in the module's own memory."""

    RFPI = 1
    AUTH_PIN = 6


class Info(IntEnum):
    """Kinds of what is said within a call."""

    DISPLAY = 1
    DIGIT = 2


class Registered(IntEnum):
    """What became of a handset."""

    NO = 0
    YES = 1


CLOSED_AFTER_REGISTRATION = 1
"""Close reason: a handset has come; 0 is: the time was up."""
OK = 0
"""Response; everything else is a refusal."""
RECALL = 0x15
"""The R key among digits: register recall (EN 300 444 §8.10)."""
PLAN_HANDSET = 0x0B
"""Of an address: the number of a handset."""
PLAN_PRIVATE = 0x09
WITHHELD = 0x20
INTERNAL_CALL = 0x02
"""Of a presentation: it comes from inside; many handsets ring otherwise then."""
MEDIA_SLOTS = 0
"""Type of a media channel: slots on the sound bus (IOM, TDM)."""
WAITING_VOICE = 0x81
"""Kind of waiting messages."""
DATE_AND_TIME = 3
MOST_NUMBER = 24
MOST_NAME = 31
MOST_HANDSETS = 10
"""As the largest modules have it; they answer with an error to what is too much for them."""

CAUSES: dict[int, Cause] = {
    Reason.NORMAL: Cause.NORMAL,
    Reason.TIMER_EXPIRY: Cause.NO_ANSWER,
    Reason.USER_DETACHED: Cause.UNREACHABLE,
    Reason.USER_NOT_IN_RANGE: Cause.UNREACHABLE,
    Reason.USER_UNKNOWN: Cause.UNREACHABLE,
    Reason.USER_BUSY: Cause.BUSY,
    Reason.USER_REJECTION: Cause.REJECTED,
    Reason.INSUFFICIENT_RESOURCES: Cause.CONGESTION,
    Reason.BEARERS_USED_UP: Cause.CONGESTION,
}
REASONS: dict[Cause, Reason] = {
    Cause.BUSY: Reason.USER_BUSY,
    Cause.REJECTED: Reason.USER_REJECTION,
    Cause.FORBIDDEN: Reason.USER_REJECTION,
    Cause.CONGESTION: Reason.INSUFFICIENT_RESOURCES,
}
