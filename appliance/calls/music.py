"""Which music a party hears that is held, parked or waits."""

from appliance.calls.call import Call
from appliance.calls.exchange import Exchange
from appliance.calls.legs import Leg
from appliance.model import effects as fx
from appliance.model.audio import BUILT_IN_MUSIC
from appliance.model.ids import ExtensionId


def music(x: Exchange, call: Call, leg: Leg, by: ExtensionId | None = None) -> fx.HearsFile:
    """Return the music of the number that an outside caller dialled, else of whoever holds it (``by``), else
    the site's.
    """
    snapshot = x.snapshot
    number = snapshot.numbers.get(call.record.number) if call.record.number is not None else None
    holder = snapshot.extensions.get(by) if by is not None else None
    chosen = [
        number.music_on_hold if number is not None and leg.trunk is not None else "",
        holder.music_on_hold if holder is not None else "",
        snapshot.site.music_on_hold,
    ]
    name = next((one for one in chosen if one), BUILT_IN_MUSIC)
    return fx.HearsFile(name=name, language=snapshot.site.language, loop=True)
