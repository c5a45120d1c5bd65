"""Whether this box stands back for the other one. Pure.

Theory of operation: keepalived (VRRP) gives the floating address to one of two boxes and moves it when the
other is not heard any more; whoever has the address is active. What VRRP cannot know is whether calls can be
made: a box that cannot, while the other one can, *stands back*: it gives the address up until it is well.
A box never stands back for one that it does not hear or that is ill itself, so that two ill boxes do not
leave the office without any. What fails again and again has to be well for longer each time.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

ILL_S = 2.0
"""Calls cannot be made for so long: ill."""
STEADY_S, MOST_STEADY_S = 5.0, 300.0
"""So long it must be well again; doubled with each time within :data:`REMEMBERED_S`."""
REMEMBERED_S = 900.0
ORDER_S = 20.0
"""So long a hand-over may take; then the order is void."""


class Why(StrEnum):
    """Why a box stands back."""

    NOT = ""
    ILL = "ill"
    ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The other box, heard just now."""

    active: bool
    can_call: bool
    standing_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is seen at a moment (monotonic seconds). ``peer``: None when it is not heard."""

    now_s: float
    can_call: bool
    here: bool
    """This box has the floating address."""
    peer: Peer | None
    order_s: float | None = None
    """When somebody ordered to hand over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is remembered. Begin with ``State()``."""

    ill: bool = False
    turned_s: float | None = None
    """Since when calls can be made though ``ill``, or cannot though not."""
    falls: tuple[float, ...] = ()
    """When it fell ill."""
    done_s: float | None = None
    """The order that was carried out or became void."""
    why: Why = Why.NOT

    @property
    def standing_back(self) -> bool:
        """Whether keepalived is to give the address up, or not to take it."""
        return self.why is not Why.NOT


def steady_s(falls: int) -> float:
    """How long a box that fell ill so often must be well before it counts as well."""
    return min(MOST_STEADY_S, STEADY_S * 2.0 ** min(10, max(0, falls - 1)))


def decide(state: State, sight: Sight) -> State:
    """The next state."""
    state = _health(state, sight)
    peer = sight.peer
    other = peer is not None and peer.can_call and not peer.standing_back
    if sight.order_s is not None and sight.order_s != state.done_s:
        over = peer is not None and peer.active and not sight.here
        if over or sight.now_s - sight.order_s > ORDER_S:
            state = replace(state, done_s=sight.order_s)
    if state.ill and other:
        return replace(state, why=Why.ILL)
    if sight.order_s is not None and sight.order_s != state.done_s and other:
        return replace(state, why=Why.ORDER)
    return replace(state, why=Why.NOT)


def _health(state: State, sight: Sight) -> State:
    """Ill and well again, with patience."""
    now = sight.now_s
    falls = tuple(one for one in state.falls if now - one < REMEMBERED_S)
    if sight.can_call is not state.ill:  # as it is known
        return replace(state, turned_s=None, falls=falls)
    since = now if state.turned_s is None else state.turned_s
    patience = steady_s(len(falls)) if state.ill else ILL_S
    if now - since < patience:
        return replace(state, turned_s=since, falls=falls)
    if state.ill:
        return replace(state, ill=False, turned_s=None, falls=falls)
    return replace(state, ill=True, turned_s=None, falls=(*falls, now))
