"""Which dialogue each application is."""

from collections.abc import Mapping

from appliance.calls.voice.callthrough import CALLTHROUGH
from appliance.calls.voice.clock import CLOCK
from appliance.calls.voice.conference import CONFERENCE
from appliance.calls.voice.consent import CONSENT
from appliance.calls.voice.dialogue import Dialogue
from appliance.calls.voice.line_test import LINE_TEST
from appliance.calls.voice.menu import MENU
from appliance.calls.voice.page import PAGE
from appliance.calls.voice.services import ANNOUNCEMENT
from appliance.calls.voice.voicemail import VOICEMAIL
from appliance.calls.voice.wake_up import WAKE_UP
from appliance.model.documents import Application

DIALOGUES: Mapping[Application, Dialogue] = {
    Application.ANNOUNCEMENT: ANNOUNCEMENT,
    Application.CALLTHROUGH: CALLTHROUGH,
    Application.CLOCK: CLOCK,
    Application.LINE_TEST: LINE_TEST,
    Application.CONFERENCE: CONFERENCE,
    Application.CONSENT: CONSENT,
    Application.CONSENT: CONSENT,
    Application.MENU: MENU,
    Application.VOICEMAIL: VOICEMAIL,
    Application.MAILBOX: VOICEMAIL,
    Application.PAGE: PAGE,
    Application.WAKE_UP: WAKE_UP,
}
"""Applications that are dialogues; the others are steps of their own."""
