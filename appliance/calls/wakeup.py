"""Wake-up calls: rung at their minute, tried again when nobody answers; answering, or a key, is getting up.

A call for one time only is deleted when it was answered or has been tried often enough.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from appliance.calls import originate
from appliance.calls.exchange import Exchange
from appliance.calls.redial import WAKE_UP
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.documents import Application
from appliance.model.features import WakeUp
from appliance.model.plan import CallKind, Edit, Outcome, Plan, Play, Reject, Run, Step
from appliance.model.schedules import Weekday

AGAIN_MS = 180_000
ATTEMPTS = 3


def due(wake_up: WakeUp, local: datetime) -> bool:
    """Whether this is its minute (``local``: the wall clock of the site)."""
    if not wake_up.enabled or wake_up.time != local.strftime("%H:%M"):
        return False
    return not wake_up.weekdays or tuple(Weekday)[local.weekday()] in wake_up.weekdays


def minute(x: Exchange) -> None:
    """Ring whoever wants to be woken now."""
    wake_ups = x.snapshot.features.wake_ups
    if not wake_ups:
        return
    local = x.now.astimezone(ZoneInfo(x.snapshot.site.timezone))
    if local.fold:
        return  # the hour that comes twice wakes nobody a second time
    for wake_up in wake_ups:
        if due(wake_up, local) and wake_up.id not in x.waking:
            x.waking[wake_up.id] = 0
            _ring(x, wake_up)


def again(x: Exchange, wake_up_id: str) -> None:
    """Nobody answered some minutes ago: once more, or enough."""
    wake_up = next((one for one in x.snapshot.features.wake_ups if one.id == wake_up_id), None)
    if wake_up is None or wake_up_id not in x.waking:
        x.waking.pop(wake_up_id, None)
    elif x.waking[wake_up_id] >= ATTEMPTS:
        x.emit(fx.WakeUpMissed(extension=wake_up.extension, time=wake_up.time, attempts=ATTEMPTS))
        _over(x, wake_up)
    else:
        _ring(x, wake_up)


def answered(x: Exchange, wake_up_id: str) -> None:
    """Somebody is awake, unless a key is needed to prove it."""
    wake_up = next((one for one in x.snapshot.features.wake_ups if one.id == wake_up_id), None)
    if wake_up is None or not wake_up.confirm:
        confirmed(x, wake_up_id)


def confirmed(x: Exchange, wake_up_id: str) -> None:
    """Somebody is awake for certain."""
    x.cancel_timer(f"wakeup:{wake_up_id}")
    wake_up = next((one for one in x.snapshot.features.wake_ups if one.id == wake_up_id), None)
    if wake_up is not None:
        _over(x, wake_up)
    x.waking.pop(wake_up_id, None)


def _ring(x: Exchange, wake_up: WakeUp) -> None:
    x.waking[wake_up.id] += 1
    extension = x.snapshot.extensions.get(wake_up.extension)
    language = x.language_of(wake_up.extension)
    steps: tuple[Step, ...] = (
        Play(prompt="wake_up", language=language, answer=True, next={Outcome.DONE: 1}),
        Play(prompt="wake_up", language=language, answer=True, next={Outcome.DONE: 2}),
        Reject(cause=Cause.NORMAL),
    )
    if wake_up.confirm:
        woken = Application.WAKE_UP
        steps = (Run(application=woken, prompt="wake_up", language=language, argument=wake_up.id),)
    plan = Plan(kind=CallKind.SERVICE, steps=steps, called=WAKE_UP + wake_up.id)
    shown = extension.number if extension is not None else ""
    call = originate.place(x, wake_up.extension, plan, shown_number=shown, shown_name=f"⏰ {wake_up.time}")
    if call is not None:
        call.wakes = wake_up.id
    x.start_timer(f"wakeup:{wake_up.id}", AGAIN_MS)


def _over(x: Exchange, wake_up: WakeUp) -> None:
    x.waking.pop(wake_up.id, None)
    if not wake_up.weekdays:
        edit = Edit(kind="wake_up", id=wake_up.id, delete=True)
        x.emit(fx.ChangeConfiguration(call=None, edits=(edit,), who="wake-up call"))
