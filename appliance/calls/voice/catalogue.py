"""Which dialogue each application is."""

from collections.abc import Mapping

from appliance.calls.voice.conference import CONFERENCE
from appliance.calls.voice.dialogue import Dialogue
from appliance.calls.voice.menu import MENU
from appliance.calls.voice.services import ANNOUNCEMENT
from appliance.model.documents import Application

DIALOGUES: Mapping[Application, Dialogue] = {
    Application.ANNOUNCEMENT: ANNOUNCEMENT,
    Application.CONFERENCE: CONFERENCE,
    Application.MENU: MENU,
}
"""Applications that are dialogues; the others are steps of their own."""
