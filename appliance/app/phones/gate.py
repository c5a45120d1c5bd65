"""Who gets a phone's file: nobody twice but the phone itself.

A phone that was adopted is *open* for a while: whoever comes first gets the file, and from then on its
address alone does (it is *pinned*). The file holds a secret address (the *token*); who has that is the phone.
Where the network tells whose address it is (ARP), that must be the phone's. Who tries many is shut out, but
phones that stand behind the same address and have their tokens are not.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest

from appliance.store.phones import Fetching, PhoneStore

MOST_GUESSES = 10
"""Different MAC addresses or tokens that one address may try in vain within the window."""
WINDOW = timedelta(minutes=10)
SHUT_OUT = timedelta(minutes=15)
MAX_ADDRESSES = 1000


class Verdict(StrEnum):
    """What is done with a request."""

    SERVED = "served"
    REFUSED = "refused"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks, and what he shows."""

    address: str
    token: str = ""
    linked: bool = False
    agent: str = ""
    version: str = ""


@dataclass(slots=True, kw_only=True)
class _Guesses:
    since: datetime
    tried: set[str] = field(default_factory=set)
    until: datetime | None = None


class Gate:
    """Decides; states are kept by the store. For any thread that holds the desk's lock."""

    def __init__(
        self,
        store: PhoneStore,
        neighbour: Callable[[str], str],
        guessed: Callable[[str, int], None],
    ) -> None:
        """``neighbour``: the MAC of an address, empty if not known. ``guessed`` hears who is shut out."""
        self._store = store
        self._neighbour = neighbour
        self._guessed = guessed
        self._guesses: OrderedDict[str, _Guesses] = OrderedDict()

    def blocked(self, address: str) -> bool:
        """Whether this address is shut out now."""
        known = self._guesses.get(address)
        return known is not None and known.until is not None and self._store.now() < known.until

    def decide(self, mac: str, token: str, asked: Request) -> Verdict:
        """Whether the file of ``mac``, whose secret address has ``token``, is handed out."""
        shown = bool(asked.token and token) and compare_digest(asked.token, token)
        if self.blocked(asked.address) and not shown:
            return Verdict.BLOCKED
        state, now = self._store.fetching(mac), self._store.now()
        if shown or self._may(state, asked, now):
            # Who has the token or a link may come from anywhere, and pins nothing.
            pinned = state.pinned if asked.linked or asked.token else asked.address
            self._store.keep(
                replace(
                    state,
                    pinned=pinned,
                    fetched=now,
                    address=asked.address,
                    agent=asked.agent or state.agent,
                    version=asked.version or state.version,
                )
            )
            return Verdict.SERVED
        self._store.keep(replace(state, refused=now, refused_from=asked.address))
        self.guess(asked.address, asked.token or mac)
        return Verdict.REFUSED

    def open(self, mac: str, minutes: int) -> Fetching:
        """From now on whoever comes first gets the file, for so long."""
        until = self._store.now() + timedelta(minutes=minutes)
        state = replace(self._store.fetching(mac), open_until=until, pinned="")
        self._store.keep(state)
        return state

    def guess(self, address: str, what: str) -> None:
        """Count something tried in vain."""
        now = self._store.now()
        known = self._guesses.get(address)
        if known is None or now - known.since > WINDOW:
            known = self._guesses[address] = _Guesses(since=now)
        self._guesses.move_to_end(address)
        if len(self._guesses) > MAX_ADDRESSES:
            self._guesses.popitem(last=False)
        if len(known.tried) < MOST_GUESSES + 1:
            known.tried.add(what)
        if len(known.tried) > MOST_GUESSES and known.until is None:
            known.until = now + SHUT_OUT
            self._guessed(address, len(known.tried))

    def _may(self, state: Fetching, asked: Request, now: datetime) -> bool:
        """Whether one who does not show the token gets the file."""
        if asked.linked or asked.token:
            return asked.linked
        neighbour = self._neighbour(asked.address)
        if neighbour and neighbour != state.mac:
            return False
        if state.pinned:
            return state.pinned == asked.address
        return state.open_until is not None and now < state.open_until
