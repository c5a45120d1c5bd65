"""The dialogue of voicemail: leaving messages, hearing them, and the way from the one to the other."""

from appliance.calls.voice import deposit
from appliance.calls.voice.box_settings import SETTINGS, drop_draft
from appliance.calls.voice.deposit import DEPOSIT
from appliance.calls.voice.dialogue import Dialogue, Next, Talk
from appliance.calls.voice.mailbox import MAILBOX
from appliance.calls.voice.visit import Visit
from appliance.model.documents import Application
from appliance.model.ids import VoicemailBoxId


def _begin(talk: Talk) -> Next:
    talk.data = Visit(box=VoicemailBoxId(talk.step.argument))
    if talk.step.application is Application.VOICEMAIL:
        return "open"
    return "door" if talk.step.argument else "which_box"


def _hung_up(talk: Talk) -> None:
    deposit.hung_up(talk)
    drop_draft(talk)


VOICEMAIL = Dialogue(
    begin=_begin,
    first=("open", "door", "which_box"),
    scenes={**DEPOSIT, **MAILBOX, **SETTINGS},
    hung_up=_hung_up,
)
