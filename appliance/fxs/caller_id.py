"""What the display of an analog telephone is told: ETSI EN 300 659-3, as fields and back. Pure.

``appliance.media.spandsp.identity`` turns a message into sound.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from appliance.media.spandsp.identity import Field, LineMessage

CALL_SETUP = 0x80
MESSAGE_WAITING = 0x82

_TIME = 0x01
_NUMBER = 0x02
_NUMBER_ABSENT = 0x04
_NAME = 0x07
_NAME_ABSENT = 0x08
_LAMP = 0x0B
_MESSAGES = 0x13

_WITHHELD = b"P"
_UNAVAILABLE = b"O"
_MOST_NUMBER = 20
_MOST_NAME = 50
_DIALABLE = frozenset("0123456789*#")

_PLAIN = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "æ": "ae",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Who calls. ``number`` as it would be dialled; empty and not withheld: unknown."""

    number: str = ""
    name: str = ""
    withheld: bool = False


def call_setup(caller: Shown, at: datetime) -> LineMessage:
    """Time, number and name, or why they are absent (EN 300 659-3 §5.3, §5.4). ``at``: office time."""
    number = "".join(one for one in caller.number.replace("+", "00") if one in _DIALABLE)[:_MOST_NUMBER]
    name = plain(caller.name)[:_MOST_NAME]
    absent = _WITHHELD if caller.withheld else _UNAVAILABLE
    fields: list[Field] = [(_TIME, at.strftime("%m%d%H%M").encode("ascii"))]
    if number and not caller.withheld:
        fields.append((_NUMBER, number.encode("ascii")))
    else:
        fields.append((_NUMBER_ABSENT, absent))
    if name and not caller.withheld:
        fields.append((_NAME, name.encode("ascii")))
    else:
        fields.append((_NAME_ABSENT, absent))
    return LineMessage(type=CALL_SETUP, fields=tuple(fields))


def messages_waiting(count: int, at: datetime) -> LineMessage:
    """The lamp on or off and how many messages (EN 300 659-3 §5.4.12, §5.4.19)."""
    return LineMessage(
        type=MESSAGE_WAITING,
        fields=(
            (_TIME, at.strftime("%m%d%H%M").encode("ascii")),
            (_LAMP, b"\xff" if count else b"\x00"),
            (_MESSAGES, bytes([min(count, 255)])),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """What a telephone shows after a message. None: the message did not say."""

    time: str = ""
    """MMDDhhmm."""
    caller: Shown | None = None
    lamp: bool | None = None
    messages: int | None = None


def read(message: LineMessage) -> Display:
    """What a telephone makes of a message; unknown fields are passed over, as it must."""
    fields = dict(message.fields)
    time = fields.get(_TIME, b"").decode("latin-1")
    if message.type == CALL_SETUP:
        absent = fields.get(_NUMBER_ABSENT, b"") + fields.get(_NAME_ABSENT, b"")
        caller = Shown(
            number=fields.get(_NUMBER, b"").decode("latin-1"),
            name=fields.get(_NAME, b"").decode("latin-1"),
            withheld=_WITHHELD in absent,
        )
        return Display(time=time, caller=caller)
    lamp = fields.get(_LAMP)
    count = fields.get(_MESSAGES)
    return Display(time=time, lamp=any(lamp) if lamp else None, messages=count[0] if count else None)


def plain(text: str) -> str:
    """The text in the letters that every display has (ITU-T T.50): Müller becomes Mueller."""
    bare = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(one for one in bare if " " <= one <= "~").strip()
