"""The words of ``explain`` in every language: kinds, causes, steps and values (reasons: explain_reasons)."""

from collections.abc import Mapping
from typing import Any

from appliance.model.causes import Cause
from appliance.model.documents import (
    Application,
    Destination,
    ForwardOn,
    MenuAction,
    Permission,
    RuleAction,
    Status,
)
from appliance.model.features import Action
from appliance.model.plan import CallKind, Outcome
from appliance.model.presentable import Objection
from appliance.routing import explain_elsewhere, explain_reasons
from appliance.routing.explain_reasons import DE, EN, Sentences
from appliance.routing.wall_clock import Miss

__all__ = ["ACTIONS", "APPLICATIONS", "CAUSES", "KINDS", "OUTCOMES", "REASONS", "STEPS", "VALUES", "WORDS"]

REASONS: dict[str, Sentences] = {**explain_reasons.REASONS, **explain_elsewhere.REASONS}

KINDS: dict[CallKind, Sentences] = {
    CallKind.INTERNAL: {DE: "Interner Anruf an {called}", EN: "Internal call to {called}"},
    CallKind.INBOUND: {DE: "Anruf von außen an {called}", EN: "Call from outside to {called}"},
    CallKind.OUTBOUND: {DE: "Anruf nach außen an {called}", EN: "Call to the outside, to {called}"},
    CallKind.EMERGENCY: {DE: "Notruf {called}", EN: "Emergency call to {called}"},
    CallKind.SERVICE: {DE: "Anruf bei einem Dienst, {called}", EN: "Call to a service, {called}"},
    CallKind.REFUSED: {DE: "Abgewiesener Anruf an {called}", EN: "Refused call to {called}"},
}

CAUSES: dict[Cause, Sentences] = {
    Cause.NORMAL: {DE: "normal beendet", EN: "ended normally"},
    Cause.CANCELLED: {DE: "vom Anrufer abgebrochen", EN: "cancelled by the caller"},
    Cause.ANSWERED_ELSEWHERE: {DE: "anderswo angenommen", EN: "answered elsewhere"},
    Cause.BUSY: {DE: "besetzt", EN: "busy"},
    Cause.NO_ANSWER: {DE: "niemand nimmt ab", EN: "nobody answers"},
    Cause.REJECTED: {DE: "abgelehnt", EN: "declined"},
    Cause.UNREACHABLE: {DE: "nicht erreichbar", EN: "not reachable"},
    Cause.UNALLOCATED: {DE: "Nummer unbekannt", EN: "unknown number"},
    Cause.NOT_ASSIGNED: {DE: "Nummer nicht vergeben", EN: "number not assigned"},
    Cause.FORBIDDEN: {DE: "nicht erlaubt", EN: "not allowed"},
    Cause.INVALID_NUMBER: {DE: "Nummer ungültig", EN: "invalid number"},
    Cause.NOT_ACCEPTABLE: {DE: "Medien nicht vereinbar", EN: "media not acceptable"},
    Cause.CONGESTION: {DE: "überlastet", EN: "congested"},
    Cause.NO_ROUTE: {DE: "keine Leitung", EN: "no line"},
    Cause.TIMEOUT: {DE: "keine Antwort der Gegenstelle", EN: "the far side is silent"},
    Cause.MEDIA_LOST: {DE: "Sprachverbindung abgerissen", EN: "audio lost"},
    Cause.TRANSFERRED: {DE: "weitergegeben", EN: "transferred"},
    Cause.REPLACED: {DE: "ersetzt", EN: "replaced"},
    Cause.ADMINISTRATIVE: {DE: "von der Verwaltung beendet", EN: "ended by the administration"},
    Cause.LIMITED: {DE: "Grenze für Anrufe nach außen erreicht", EN: "limit for outside calls reached"},
    Cause.PREEMPTED: {DE: "Leitung für einen Notruf gebraucht", EN: "line needed for an emergency call"},
    Cause.RESTART: {DE: "Neustart der Anlage", EN: "the box restarted"},
    Cause.FAILURE: {DE: "Fehler", EN: "failure"},
}

OUTCOMES: dict[Outcome, Sentences] = {
    Outcome.NO_ANSWER: {DE: "niemand nimmt ab", EN: "nobody answers"},
    Outcome.BUSY: {DE: "besetzt", EN: "busy"},
    Outcome.UNREACHABLE: {DE: "nicht erreichbar", EN: "not reachable"},
    Outcome.REJECTED: {DE: "abgelehnt", EN: "declined"},
    Outcome.NO_LINE: {DE: "keine Leitung", EN: "no line"},
    Outcome.DONE: {DE: "danach", EN: "then"},
    Outcome.LIMITED: {DE: "Grenze erreicht", EN: "limit reached"},
    Outcome.GRANTED: {DE: "richtige PIN", EN: "right PIN"},
    Outcome.DENIED: {DE: "keine oder falsche PIN", EN: "no PIN or a wrong one"},
}

APPLICATIONS: dict[Application, Sentences] = {
    Application.ECHO: {DE: "Echo", EN: "echo"},
    Application.VOICEMAIL: {DE: "Anrufbeantworter", EN: "voicemail box"},
    Application.MAILBOX: {DE: "Abfrage des Anrufbeantworters", EN: "hearing messages"},
    Application.ANNOUNCEMENT: {DE: "Ansage", EN: "announcement"},
    Application.CLOCK: {DE: "Zeitansage", EN: "speaking clock"},
    Application.LINE_TEST: {DE: "Leitungstest", EN: "line test"},
    Application.CONSENT: {DE: "Frage nach der Aufzeichnung", EN: "question about recording"},
    Application.CONFERENCE: {DE: "Konferenzraum", EN: "conference room"},
    Application.MENU: {DE: "Menü", EN: "menu"},
    Application.WAKE_UP: {DE: "Weckruf", EN: "wake-up call"},
    Application.CALLTHROUGH: {DE: "Callthrough", EN: "callthrough"},
    Application.CALL_BACK: {DE: "Rückruf aufs Mobiltelefon", EN: "call back to the mobile phone"},
    Application.PAGE: {DE: "Durchsage", EN: "page"},
}

ACTIONS: dict[Action, Sentences] = {
    Action.PICKUP: {DE: "Anruf heranholen von", EN: "pick up the call of"},
    Action.PICKUP_GROUP: {DE: "Anruf in der Gruppe heranholen", EN: "pick up a call in the group"},
    Action.PARK: {DE: "Anruf parken", EN: "park the call"},
    Action.RETRIEVE: {DE: "geparkten Anruf zurückholen", EN: "retrieve the parked call"},
    Action.CONFERENCE: {DE: "Dreierkonferenz", EN: "three-party conference"},
    Action.MOVE: {DE: "Gespräch auf dieses Gerät holen", EN: "move the call to this device"},
    Action.CALLBACK: {DE: "automatischer Rückruf", EN: "call back when possible"},
    Action.CALLBACK_CANCEL: {DE: "automatischen Rückruf löschen", EN: "forget the call back"},
    Action.REDIAL: {DE: "Wahlwiederholung", EN: "redial"},
    Action.INTERCOM: {DE: "Direktansprechen von", EN: "intercom to"},
    Action.FORWARD_ALWAYS: {DE: "immer umleiten auf", EN: "forward always to"},
    Action.FORWARD_ALWAYS_OFF: {DE: "nicht mehr immer umleiten", EN: "no longer forward always"},
    Action.FORWARD_NO_ANSWER: {DE: "bei Nichtmelden umleiten auf", EN: "forward on no answer to"},
    Action.FORWARD_NO_ANSWER_OFF: {
        DE: "bei Nichtmelden nicht mehr umleiten",
        EN: "no longer forward on no answer",
    },
    Action.FORWARD_BUSY: {DE: "bei Besetzt umleiten auf", EN: "forward on busy to"},
    Action.FORWARD_BUSY_OFF: {DE: "bei Besetzt nicht mehr umleiten", EN: "no longer forward on busy"},
    Action.FORWARD_UNREACHABLE: {
        DE: "bei Nichterreichbarkeit umleiten auf",
        EN: "forward when unreachable to",
    },
    Action.FORWARD_UNREACHABLE_OFF: {
        DE: "bei Nichterreichbarkeit nicht mehr umleiten",
        EN: "no longer forward when unreachable",
    },
    Action.FORWARD_OFF: {DE: "alle Umleitungen aus", EN: "all forwardings off"},
    Action.DND_ON: {DE: "Anrufschutz ein", EN: "do not disturb on"},
    Action.DND_OFF: {DE: "Anrufschutz aus", EN: "do not disturb off"},
    Action.WITHHOLD_ON: {DE: "Rufnummer immer unterdrücken", EN: "always withhold the number"},
    Action.WITHHOLD_OFF: {DE: "Rufnummer wieder zeigen", EN: "show the number again"},
    Action.PROFILE: {DE: "Profil wählen:", EN: "choose profile"},
    Action.SWITCH: {DE: "Schalter umlegen:", EN: "turn the switch"},
    Action.SWITCH_STATE: {DE: "Stand des Schalters ansagen:", EN: "tell how the switch stands:"},
    Action.WAKE_UP: {DE: "Weckruf um", EN: "wake-up call at"},
    Action.WAKE_UP_OFF: {DE: "Weckruf löschen", EN: "forget the wake-up call"},
    Action.VOICEMAIL: {DE: "Anrufbeantworter abhören", EN: "hear voicemail messages"},
    Action.VOICEMAIL_ON: {DE: "Anrufbeantworter ein", EN: "voicemail on"},
    Action.VOICEMAIL_OFF: {DE: "Anrufbeantworter aus", EN: "voicemail off"},
    Action.LOGIN: {DE: "an diesem Telefon anmelden", EN: "log in at this phone"},
    Action.LOGOUT: {DE: "von diesem Telefon abmelden", EN: "log out from this phone"},
    Action.DND_KEY: {DE: "Taste Anrufschutz von", EN: "do-not-disturb key of"},
    Action.FORWARD_KEY: {DE: "Taste Umleitung von", EN: "forwarding key of"},
    Action.PROFILE_KEY: {DE: "Taste Profil von", EN: "profile key of"},
    Action.RECORD: {DE: "Gespräch aufzeichnen", EN: "record the call"},
    Action.RECORD_OFF: {DE: "Aufzeichnung beenden", EN: "stop recording"},
    Action.RECORD_PAUSE: {DE: "Aufzeichnung anhalten oder fortsetzen", EN: "pause or resume recording"},
    Action.PAGING: {DE: "Durchsage an Gruppe", EN: "paging of group"},
}

STEPS: dict[str, Sentences] = {
    "fax": {DE: "Faxempfang für {box}", EN: "receive a fax for {box}"},
    "wait": {
        DE: "Warten mit Musik, bis {number} frei ist, höchstens {seconds} Sekunden ({seats} Plätze)",
        EN: "Wait with music until {number} is free, for up to {seconds} seconds ({seats} seats)",
    },
    "feature": {DE: "Leistungsmerkmal: {action} {argument}", EN: "Feature: {action} {argument}"},
    "ring": {
        DE: "Bis zu {seconds} Sekunden klingelt: {targets}",
        EN: "Rings for up to {seconds} seconds: {targets}",
    },
    "play": {
        DE: "Ansage „{prompt}“ auf {language}, noch vor der Annahme des Anrufs",
        EN: "Announcement '{prompt}' in {language}, before the call is answered",
    },
    "play_answered": {
        DE: "Annahme des Anrufs und Ansage „{prompt}“ auf {language}",
        EN: "Answer and announcement '{prompt}' in {language}",
    },
    "run": {DE: "Annahme des Anrufs: {application} „{prompt}“", EN: "Answer: {application} '{prompt}'"},
    "run_of": {DE: "Annahme des Anrufs: {application} {argument}", EN: "Answer: {application} {argument}"},
    "ask_pin": {
        DE: "Frage nach der PIN, höchstens {attempts} Versuche",
        EN: "Asks for the PIN, at most {attempts} attempts",
    },
    "reject": {DE: "Ende: {cause}", EN: "End: {cause}"},
    "diverted": {DE: "{target}, umgeleitet von {by}", EN: "{target}, diverted by {by}"},
    "extension": {DE: "Nebenstelle {number} ({devices})", EN: "extension {number} ({devices})"},
    "external": {DE: "{number} über {routes}", EN: "{number} over {routes}"},
    "route": {DE: "{trunk} (gewählt {dial}, angezeigt {shown})", EN: "{trunk} (dials {dial}, shows {shown})"},
    "key": {
        DE: "Menü „{menu}“, Taste {key}: weiter mit Schritt {step}",
        EN: "Menu '{menu}', key {key}: on to step {step}",
    },
    "no_key": {
        DE: "Menü „{menu}“, keine Wahl: weiter mit Schritt {step}",
        EN: "Menu '{menu}', no choice: on to step {step}",
    },
    "branch": {DE: "{label}: weiter mit Schritt {step}", EN: "{label}: on to step {step}"},
    "next": {DE: "{outcomes}: weiter mit Schritt {step}", EN: "{outcomes}: on to step {step}"},
}

HAPPENED: dict[str, Sentences] = {
    "summary": {
        DE: "{at}: {caller} wählte {dialled}. Ende: {ended}.",
        EN: "{at}: {caller} dialled {dialled}. End: {ended}.",
    },
    "calls": {DE: "{at} {party} ruft an.", EN: "{at} {party} calls."},
    "called": {DE: "{at} {party} wird gerufen.", EN: "{at} {party} is called."},
    "rings": {DE: "{at} Bei {party} klingelt es.", EN: "{at} It rings at {party}."},
    "answers": {DE: "{at} {party} nimmt ab.", EN: "{at} {party} answers."},
    "hangs_up": {DE: "{at} {party} legt auf.", EN: "{at} {party} hangs up."},
    "over": {DE: "{at} Ende für {party}: {cause}.", EN: "{at} Over for {party}: {cause}."},
    "merged": {DE: "{at} Weiter in Anruf {call}.", EN: "{at} Goes on in call {call}."},
}
"""What the legs of a past call did."""

WORDS: dict[str, Sentences] = {
    "happened": {DE: "Verlauf", EN: "What happened"},
    "going": {DE: "noch im Gang", EN: "still going on"},
    "caller": {DE: "unbekannt", EN: "an unknown number"},
    "shown": {DE: "nichts", EN: "nothing"},
    "withheld": {DE: "unterdrückt", EN: "withheld"},
    "then": {DE: ", dann ", EN: ", then "},
    "why": {DE: "Gründe", EN: "Reasons"},
    "what": {DE: "Ablauf", EN: "Steps"},
    "from": {DE: "Anrufer: {caller}", EN: "Caller: {caller}"},
    "de": {DE: "Deutsch", EN: "German"},
    "en": {DE: "Englisch", EN: "English"},
}
"""Also what stands for an empty value of that name."""

MISSES: dict[Miss, Sentences] = {
    Miss.WEEKDAY: {DE: "falscher Wochentag", EN: "it is another day of the week"},
    Miss.TIME: {DE: "falsche Uhrzeit", EN: "it is another time of day"},
    Miss.DATE: {DE: "außerhalb des Zeitraums", EN: "the date is outside its range"},
    Miss.HOLIDAY: {DE: "kein Feiertag", EN: "it is no public holiday"},
    Miss.NO_HOLIDAY: {DE: "Feiertag", EN: "it is a public holiday"},
    Miss.SWITCH: {DE: "der Schalter ist aus", EN: "its switch is off"},
    Miss.BY_HAND: {DE: "es wird nur von Hand eingeschaltet", EN: "it is switched on by hand only"},
    Miss.DISABLED: {DE: "es ist ausgeschaltet", EN: "it is disabled"},
}

STATUSES: dict[Status, Sentences] = {
    Status.ONLINE: {DE: "erreichbar", EN: "online"},
    Status.AWAY: {DE: "abwesend", EN: "away"},
    Status.DND: {DE: "bitte nicht stören", EN: "do not disturb"},
    Status.UNREACHABLE: {DE: "nicht erreichbar", EN: "unreachable"},
}

FORWARDS: dict[ForwardOn, Sentences] = {
    ForwardOn.ALWAYS: {DE: "sofort", EN: "at once"},
    ForwardOn.BUSY: {DE: "bei besetzt", EN: "when busy"},
    ForwardOn.NO_ANSWER: {DE: "bei Nichtannahme", EN: "when nobody answers"},
    ForwardOn.UNREACHABLE: {DE: "bei Nichterreichbarkeit", EN: "when not reachable"},
}

RULE_ACTIONS: dict[RuleAction, Sentences] = {
    RuleAction.ACCEPT: {DE: "annehmen", EN: "accept"},
    RuleAction.REJECT: {DE: "abweisen mit Ansage", EN: "reject with an announcement"},
    RuleAction.BUSY: {DE: "besetzt", EN: "busy"},
    RuleAction.VIP: {DE: "immer durchstellen", EN: "always put through"},
}

MENU_ACTIONS: dict[MenuAction, Sentences] = {
    MenuAction.CONNECT: {DE: "verbinden", EN: "connect"},
    MenuAction.VOICEMAIL: {DE: "Nachricht hinterlassen", EN: "leave a message"},
    MenuAction.QUEUE: {DE: "in die Warteschlange", EN: "into the queue"},
    MenuAction.MENU: {DE: "weiter ins Menü", EN: "on to menu"},
    MenuAction.BACK: {DE: "zurück", EN: "back"},
    MenuAction.REPEAT: {DE: "noch einmal", EN: "again"},
    MenuAction.ANNOUNCE: {DE: "Ansage", EN: "announcement"},
    MenuAction.DIRECTORY: {DE: "Wahl nach Namen", EN: "dial by name"},
    MenuAction.SWITCH: {DE: "Schalter umlegen", EN: "turn the switch"},
    MenuAction.HANG_UP: {DE: "auflegen", EN: "hang up"},
}

DESTINATIONS: dict[Destination, Sentences] = {
    Destination.INTERNAL: {DE: "intern", EN: "internal"},
    Destination.LOCAL: {DE: "Ortsnetz", EN: "local"},
    Destination.NATIONAL: {DE: "Inland", EN: "national"},
    Destination.MOBILE: {DE: "Mobilfunk", EN: "mobile"},
    Destination.INTERNATIONAL: {DE: "Ausland", EN: "international"},
    Destination.PREMIUM: {DE: "Sonderrufnummer", EN: "premium"},
    Destination.SHORT: {DE: "Kurzrufnummer", EN: "short number"},
}

PERMISSIONS: dict[Permission, Sentences] = {
    Permission.ALLOW: {DE: "erlaubt", EN: "allowed"},
    Permission.BAR: {DE: "gesperrt", EN: "barred"},
    Permission.PIN: {DE: "nur mit PIN", EN: "only with a PIN"},
}

OBJECTIONS: dict[Objection, Sentences] = {
    Objection.NO_NUMBER: {DE: "sie ist keine Rufnummer", EN: "it is no telephone number"},
    Objection.EMERGENCY: {DE: "sie ist eine Notrufnummer", EN: "it is an emergency number"},
    Objection.SERVICE: {
        DE: "sie gehört zu einem Auskunfts-, Massen- oder Premiumdienst",
        EN: "it belongs to a directory, mass traffic or premium service",
    },
    Objection.ABROAD: {DE: "sie ist keine deutsche Nummer", EN: "it is not a German number"},
}


def _by_value(table: Mapping[Any, Sentences]) -> dict[str, Sentences]:
    return {member.value: sentences for member, sentences in table.items()}


VALUES: dict[str, dict[str, Sentences]] = {
    "action": _by_value(ACTIONS),
    "application": _by_value(APPLICATIONS),
    "why": _by_value(MISSES),
    "status": _by_value(STATUSES),
    "on": _by_value(FORWARDS),
    "rule_action": _by_value(RULE_ACTIONS),
    "menu_action": _by_value(MENU_ACTIONS),
    "destination": _by_value(DESTINATIONS),
    "permission": _by_value(PERMISSIONS),
    "objection": _by_value(OBJECTIONS),
}
"""Name of a reason's value → what stands in it → the words for that."""
