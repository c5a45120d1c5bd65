"""Handsets come and go: the window, who may use it, and ending an enrolment. The driver's thread."""

from collections.abc import Callable
from typing import Protocol

import structlog

from appliance.dect.cmbs import elements as el
from appliance.dect.cmbs import numbers as no
from appliance.dect.cmbs.board import Board
from appliance.dect.cmbs.codec import Element, Frame
from appliance.dect.cmbs.numbers import Event, Ie, Param
from appliance.errors import PeerProtocolError
from appliance.model import dect_air as air
from appliance.model.dect_air import EnrolStatus

log = structlog.get_logger(__name__)


class Ask(Protocol):
    """Ask the module; see ``Session.ask``."""

    def __call__(self, event: Event, *elements: Element, done: Event) -> Frame:
        """The answer."""


class Enrolling:
    """``settled`` is called when handsets may have to hear names and time anew, ``changed`` when others must
    know.
    """

    def __init__(
        self,
        board: Board,
        *,
        ask: Ask,
        emit: Callable[[air.DectEvent], None],
        settled: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._board = board
        self._window = board.window
        self._ask = ask
        self._emit = emit
        self._settled = settled
        self._changed = changed

    # --- what persons want

    def want(self, order: air.OpenEnrolment) -> None:
        """Open a window, or say why not."""
        board = self._board
        document = board.document(order.handset)
        only = order.ipei or (document.identity if document is not None else "")
        self._window.begin(order, order.pin or board.setup.net.pin, only)
        if not board.ready:
            self._tell(self._window.over(EnrolStatus.FAILED, board.why_not))
        elif not only and len(board.known.listed) >= no.MOST_HANDSETS:
            why = f"the module is full: {no.MOST_HANDSETS} handsets are enrolled, forget one"
            self._tell(self._window.over(EnrolStatus.FAILED, why))
        else:
            self.open()

    def close(self) -> None:
        """Let nobody in any more."""
        self._over(self._window.over(EnrolStatus.CLOSED, "somebody closed it"))

    def forget(self, key: str) -> None:
        """End an enrolment."""
        number = int(key) if key.isdecimal() else 0
        why = ""
        if number not in self._board.known.listed:
            why = f"handset {key} is not enrolled"
        elif not self._board.ready:
            why = self._board.why_not
        if why:
            self._emit(air.OrderRefused(what="forget", why=why))
            return
        self._delete(number)
        self._changed()

    # --- what happens

    def open(self) -> None:
        """Let handsets in, with the PIN and for the time that the window has."""
        pin = el.parameter(Param.AUTH_PIN, el.pin_octets(self._window.enrolment.pin))
        seconds = el.long(Ie.INTEGER_VALUE, max(1, round(self._window.left_s)))
        try:
            self._ask(Event.PARAM_SET, pin, done=Event.PARAM_SET_DONE)
            self._ask(Event.OPEN_REGISTRATION, seconds, done=Event.OPEN_REGISTRATION_DONE)
        except PeerProtocolError as error:
            self._tell(self._window.over(EnrolStatus.FAILED, error.message))
            return
        self._window.opened()
        self._changed()

    def tick(self) -> None:
        """Time passes."""
        self._over(self._window.expire())

    def registered(self, info: el.HandsetInfo) -> None:
        """A handset has come, or has gone by its own menu."""
        if not info.registered:
            self._board.gone(info.number)
            self._changed()
            return
        for number in self._board.came(info.number, info.ipei):
            self._delete(number)
        if self._window.open and not self._window.suits(info.ipei):
            log.info("cmbs.somebody_else")
            self._delete(info.number)
            self.open()
            return
        if self._window.open:
            self._emit(self._window.came(str(info.number), info.ipei))
            self._ask(Event.CLOSE_REGISTRATION, done=Event.CLOSE_REGISTRATION_DONE)
        self._settled()

    def read_list(self) -> None:
        """Which handsets the module has."""
        found = self._ask(Event.SUBSCRIBED_GET, done=Event.SUBSCRIBED_GET_DONE)
        self._board.list_handsets({one.number: one.name for one in el.listed_of(found)})

    def closed_by_itself(self, *, somebody_came: bool) -> None:
        """The module lets nobody in any more: it counts otherwise, or who has come got lost on the line."""
        if not self._window.open or self._window.left_s <= 1:
            return
        if somebody_came:
            before = set(self._board.known.listed)
            self.read_list()
            for number in set(self._board.known.listed) - before:
                log.warning("cmbs.nobody_knows_who", number=number)
                self._delete(number)
        self.open()

    def _delete(self, number: int) -> None:
        mask = el.long(Ie.INTEGER_VALUE, el.handsets_mask((number,)))
        self._ask(Event.HANDSET_DELETE, mask, done=Event.HANDSET_DELETE_DONE)
        self._board.gone(number)

    def _over(self, events: tuple[air.DectEvent, ...]) -> None:
        if events and self._board.ready:
            self._ask(Event.CLOSE_REGISTRATION, done=Event.CLOSE_REGISTRATION_DONE)
        self._tell(events)

    def _tell(self, events: tuple[air.DectEvent, ...]) -> None:
        for event in events:
            self._emit(event)
        if events:
            self._changed()
