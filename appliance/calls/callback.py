"""Callback on busy and on no answer (CCBS, CCNR: ETSI EN 300 356-18, -20): one wish per extension.

Whoever found a colleague busy or absent may ask to be called when that colleague is free: at once after the
conversation, or after the next sign of life. Both must be free, then the one who asked is rung first.
"""

import dataclasses
from collections.abc import Iterable
from datetime import timedelta

from appliance.calls import originate
from appliance.calls.exchange import Attempt, Exchange
from appliance.calls.legs import Leg
from appliance.model import effects as fx
from appliance.model.ids import ExtensionId
from appliance.model.wishes import CallbackWish

SETTLE_MS = 60_000
"""After a start phones need a while to be there again."""
KEEP_MS = 45 * 60 * 1000
"""How long a wish is kept (ETSI EN 300 356-18: service duration timer, 45 minutes)."""


def request(x: Exchange, leg: Leg) -> bool:
    """Remember the wish of this leg's extension; False when its last call was to nobody of ours."""
    last = x.dialled.get(leg.extension) if leg.extension is not None else None
    if leg.extension is None or last is None or last.target is None or last.target == leg.extension:
        return False
    until = x.now + timedelta(milliseconds=KEEP_MS)
    _keep(x, leg.extension, dataclasses.replace(last, armed=not _free(x, last.target), until=until))
    x.start_timer(f"callback:{leg.extension}", KEEP_MS)
    return True


def cancel(x: Exchange, extension: ExtensionId | None) -> None:
    """Forget the wish of an extension."""
    if extension is not None and x.callbacks.pop(extension, None) is not None:
        x.cancel_timer(f"callback:{extension}")
        x.emit(fx.WishChanged(asker=extension, wish=None))


def restore(x: Exchange, wishes: Iterable[CallbackWish]) -> None:
    """After a start: the wishes that were kept. Conversations did not survive, so who was busy is free."""
    for wish in wishes:
        left = wish.until - x.now
        x.callbacks[wish.asker] = Attempt(
            dialled=wish.dialled, target=wish.target, armed=wish.armed, until=wish.until
        )
        x.start_timer(f"callback:{wish.asker}", max(1, left // timedelta(milliseconds=1)))
        if wish.armed:
            x.start_timer(f"callback_now:{wish.target}", SETTLE_MS)


def _keep(x: Exchange, asker: ExtensionId, attempt: Attempt) -> None:
    x.callbacks[asker] = attempt
    if attempt.target is not None:
        wish = CallbackWish(
            asker=asker,
            dialled=attempt.dialled,
            target=attempt.target,
            armed=attempt.armed,
            until=attempt.until,
        )
        x.emit(fx.WishChanged(asker=asker, wish=wish))


def became_free(x: Exchange, extension: ExtensionId) -> None:
    """Somebody hung up: ring those who wait for this, once both are free."""
    for asker, wish in list(x.callbacks.items()):
        if extension == wish.target and not wish.armed:
            _keep(x, asker, dataclasses.replace(wish, armed=True))
    for asker, wish in list(x.callbacks.items()):
        concerned = wish.armed and extension in (asker, wish.target)
        if concerned and _free(x, asker) and _free(x, wish.target):
            cancel(x, asker)
            _call_back(x, asker, wish)
            return


def _free(x: Exchange, extension: ExtensionId | None) -> bool:
    return extension is not None and not x.index.living_of_extension(extension)


def _call_back(x: Exchange, asker: ExtensionId, wish: Attempt) -> None:
    target = x.snapshot.extensions.get(wish.target) if wish.target is not None else None
    originate.dial(
        x,
        asker,
        wish.dialled,
        shown_number=target.number if target is not None else wish.dialled,
        shown_name=target.name if target is not None else "",
    )
