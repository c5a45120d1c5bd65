"""What happens when the box calls a number out there: told from its last digits. Pure."""

from dataclasses import dataclass

EMERGENCY = ("110", "112")
EMERGENCY_TONE_HZ = 1400
EARLY_TONE_HZ = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How the called party behaves; all times in seconds from the INVITE on."""

    dead: bool = False
    """No response at all."""
    refuse: int = 0
    """Final status instead of an answer, 0 for none."""
    ring_after: float = 0.1
    early_tone: bool = False
    """Audio before the end of ringing (183)."""
    answer_after: float | None = 1.0
    """None: never."""
    tone_hz: int | None = None
    """None: the provider's usual one."""
    echo: bool = False
    mute: bool = False
    """Answers, but sends no audio at all."""
    fax: bool = False
    """A fax machine, which receives."""
    t38: bool = False
    """It changes to T.38 once it has answered."""
    loss: int = 0
    """Percent of its T.38 packets that are lost, each way."""
    hang_up_after: float | None = None
    """From the answer on."""
    what: str = "rings and answers with a tone"


SPECIAL: dict[str, Conduct] = {
    "01": Conduct(refuse=404, answer_after=0.1, what="does not exist (404)"),
    "03": Conduct(hang_up_after=2.0, what="answers and hangs up after 2 s"),
    "08": Conduct(ring_after=3.0, answer_after=8.0, what="is slow: rings after 3 s, answers after 8 s"),
    "17": Conduct(refuse=486, answer_after=0.2, what="is busy (486)"),
    "19": Conduct(answer_after=None, what="rings and never answers"),
    "42": Conduct(refuse=503, answer_after=0.05, what="meets a full network (503)"),
    "43": Conduct(dead=True, what="gets no response at all"),
    "44": Conduct(early_tone=True, answer_after=2.0, what="plays a tone before it answers"),
    "46": Conduct(
        early_tone=True, refuse=404, answer_after=2.0, what="plays a tone, then does not exist (404)"
    ),
    "47": Conduct(echo=True, what="answers and echoes"),
    "98": Conduct(fax=True, answer_after=0.5, what="is a fax machine: answers and receives"),
    "97": Conduct(fax=True, t38=True, answer_after=0.5, what="is a fax machine that changes to T.38"),
    "96": Conduct(
        fax=True, t38=True, loss=2, answer_after=0.5, what="the same, and 2 % of its packets are lost"
    ),
    "48": Conduct(mute=True, what="answers and sends no audio"),
}
"""By the last two digits of the number called."""

_EMERGENCY = Conduct(
    ring_after=0.05,
    answer_after=0.3,
    tone_hz=EMERGENCY_TONE_HZ,
    what="test emergency desk: answers with its tone",
)


def conduct_of(number: str) -> Conduct:
    """What this number, as dialled, does."""
    if number.removeprefix("+") in EMERGENCY or number.removeprefix("+49") in EMERGENCY:
        return _EMERGENCY
    return SPECIAL.get(number[-2:], Conduct())


def guide() -> str:
    """The special numbers, for people."""
    lines = [f"  …{suffix}  {conduct.what}" for suffix, conduct in sorted(SPECIAL.items())]
    return "\n".join([*lines, f"  110, 112  {_EMERGENCY.what}", f"  others  {Conduct().what}"])
