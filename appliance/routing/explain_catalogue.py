"""The sentences of ``explain``: every reason, cause and kind in every language.

Placeholders are the values of the reason; ``{who}`` is made of its number and name.
"""

from appliance.model.causes import Cause
from appliance.model.documents import Application, Language
from appliance.model.features import Action
from appliance.model.plan import CallKind, Outcome

DE, EN = Language.GERMAN, Language.ENGLISH
Sentences = dict[Language, str]

REASONS: dict[str, Sentences] = {
    "origin.extension": {
        DE: "Es ruft die Nebenstelle {who} an.",
        EN: "The caller is extension {who}.",
    },
    "origin.trunk": {
        DE: "Der Anruf kommt über die Leitung {trunk} von {caller}.",
        EN: "The call comes over trunk {trunk} from {caller}.",
    },
    "origin.unknown": {
        DE: "Das Telefon {device} gehört zu keiner Nebenstelle ({extension}); es darf nur Notrufe wählen.",
        EN: "Phone {device} belongs to no extension ({extension}); it may dial emergency numbers only.",
    },
    "dialled.invalid": {
        DE: "„{dialled}“ ist keine wählbare Nummer.",
        EN: "'{dialled}' is not a number one can dial.",
    },
    "dialled.unknown": {
        DE: "{dialled} ist weder eine interne noch eine öffentliche Nummer.",
        EN: "{dialled} is neither an internal nor a public number.",
    },
    "dialled.unknown_prefix": {
        DE: "{dialled} ist keine interne Nummer, und für eine öffentliche fehlt die {prefix} davor.",
        EN: "{dialled} is no internal number, and for a public one the {prefix} in front is missing.",
    },
    "emergency.number": {
        DE: "{dialled} ist der Notruf {number}: Er geht allem anderen vor und über jede Leitung.",
        EN: "{dialled} is the emergency number {number}: it goes before everything else and over any trunk.",
    },
    "emergency.no_trunk": {
        DE: "Für den Notruf {number} ist keine Leitung eingerichtet oder eingeschaltet!",
        EN: "No trunk is configured or enabled for the emergency number {number}!",
    },
    "extension.called": {
        DE: "Gewählt ist die Nebenstelle {who}; sie klingelt bis zu {seconds} Sekunden.",
        EN: "Extension {who} was dialled; it rings for up to {seconds} seconds.",
    },
    "extension.no_device": {
        DE: "Die Nebenstelle {who} hat kein Telefon.",
        EN: "Extension {who} has no phone.",
    },
    "extension.itself": {
        DE: "Die Nebenstelle {who} ruft sich selbst an und hat kein weiteres Telefon.",
        EN: "Extension {who} calls itself and has no other phone.",
    },
    "feature.code": {
        DE: "{key} ist das Kennzeichen für: {action} {of}.",
        EN: "{key} is the code for: {action} {of}.",
    },
    "feature.slot": {DE: "{slot} ist ein Parkplatz.", EN: "{slot} is a park slot."},
    "service.answers": {
        DE: "Der Dienst {who} ({application}) nimmt den Anruf an.",
        EN: "Service {who} ({application}) answers the call.",
    },
    "inbound.account": {
        DE: "Der Anbieter nennt nur das Konto der Leitung {trunk}; es gilt ihre Hauptnummer {number}.",
        EN: "The provider names only the account of trunk {trunk}; its default number {number} counts.",
    },
    "inbound.not_ours": {
        DE: "„{dialled}“ ist keine unserer Nummern; von der Leitung {trunk} wird nicht weitervermittelt.",
        EN: "'{dialled}' is none of our numbers; calls from trunk {trunk} are not passed on to others.",
    },
    "number.ours": {
        DE: "{who} ist unsere Nummer; ihre Anrufverteilung hat {steps} Schritt(e).",
        EN: "{who} is our number; its distribution has {steps} step(s).",
    },
    "number.unassigned": {
        DE: "Der Nummer {number} ist kein Ziel zugewiesen.",
        EN: "Nothing is assigned to the number {number}.",
    },
    "number.nobody": {
        DE: "Unter {number} ist kein einziges Ziel erreichbar.",
        EN: "Not one target of {number} can be reached.",
    },
    "distribution.step": {
        DE: "Schritt {step} von {number}: {seconds} Sekunden.",
        EN: "Step {step} of {number}: {seconds} seconds.",
    },
    "distribution.step_empty": {
        DE: "Schritt {step} von {number} wird übergangen: Es gibt dort niemanden zu rufen.",
        EN: "Step {step} of {number} is skipped: there is nobody to ring.",
    },
    "distribution.service_alone": {
        DE: "Der Dienst {number} nimmt sofort an, die anderen Ziele dieses Schritts klingeln darum nicht.",
        EN: "Service {number} answers at once, so the other targets of this step do not ring.",
    },
    "distribution.follow": {
        DE: "{who} ist selbst eine unserer Nummern: Ihre Verteilung gilt hier, ohne Umweg über eine Leitung.",
        EN: "{who} is a number of ours itself: its distribution applies here, with no detour over a trunk.",
    },
    "distribution.loop": {
        DE: "{number} ist schon an der Reihe gewesen; der Kreis wird hier unterbrochen.",
        EN: "{number} has had its turn already; the circle is broken here.",
    },
    "distribution.too_long": {
        DE: "Die Verteilung von {number} hat mehr als {limit} Schritte; die übrigen entfallen.",
        EN: "The distribution of {number} has more than {limit} steps; the rest is left out.",
    },
    "distribution.too_many": {
        DE: "Unter {number} klingeln höchstens {limit} Ziele zugleich; die übrigen entfallen.",
        EN: "At most {limit} targets of {number} ring at once; the rest is left out.",
    },
    "target.extension": {
        DE: "Ziel: die Nebenstelle {who}.",
        EN: "Target: extension {who}.",
    },
    "target.external": {
        DE: "Ziel: die externe Nummer {number}.",
        EN: "Target: the external number {number}.",
    },
    "target.no_extension": {
        DE: "Das Ziel „{ref}“ wird übergangen: Diese Nebenstelle gibt es nicht.",
        EN: "Target '{ref}' is skipped: there is no such extension.",
    },
    "target.no_service": {
        DE: "Das Ziel „{ref}“ wird übergangen: Diesen Dienst gibt es nicht.",
        EN: "Target '{ref}' is skipped: there is no such service.",
    },
    "public.dialled": {
        DE: "{dialled} ist die öffentliche Nummer {number}.",
        EN: "{dialled} is the public number {number}.",
    },
    "public.short": {
        DE: "{dialled} ist die öffentliche Kurznummer {number}; sie wird unverändert gewählt.",
        EN: "{dialled} is the public short number {number}; it is dialled as it is.",
    },
    "trunk.disabled": {
        DE: "Die Leitung {trunk} ist ausgeschaltet.",
        EN: "Trunk {trunk} is disabled.",
    },
    "trunk.route": {
        DE: "{order}. Weg: Leitung {trunk}, gewählt wird {dial}.",
        EN: "Way {order}: trunk {trunk}, dialling {dial}.",
    },
    "trunk.none": {
        DE: "Für {number} ist keine Leitung eingerichtet oder eingeschaltet.",
        EN: "No trunk is configured or enabled for {number}.",
    },
    "present.wanted": {
        DE: "Auf {trunk} wird die gewünschte Nummer {number} angezeigt.",
        EN: "Over {trunk} the wanted number {number} is shown.",
    },
    "present.trunk": {
        DE: "Auf {trunk} wird deren Nummer {number} angezeigt, weil keine eigene gesetzt ist oder gilt.",
        EN: "Over {trunk} its default number {number} is shown, since no own one is set or fits.",
    },
    "present.site": {
        DE: "Auf {trunk} wird die Nummer des Standorts {number} angezeigt.",
        EN: "Over {trunk} the site's number {number} is shown.",
    },
    "present.none": {
        DE: "Für {trunk} ist keine anzuzeigende Nummer gesetzt; der Anbieter entscheidet.",
        EN: "No number to show is set for {trunk}; the provider decides.",
    },
    "present.withheld": {
        DE: "Auf {trunk} wird die Nummer auf Wunsch des Anrufers unterdrückt.",
        EN: "Over {trunk} the number is withheld as the caller wishes.",
    },
}

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
}

APPLICATIONS: dict[Application, Sentences] = {
    Application.ECHO: {DE: "Echo", EN: "echo"},
    Application.ANNOUNCEMENT: {DE: "Ansage", EN: "announcement"},
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
    Action.PAGING: {DE: "Durchsage an Gruppe", EN: "paging of group"},
}

STEPS: dict[str, Sentences] = {
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
    "reject": {DE: "Ende: {cause}", EN: "End: {cause}"},
    "extension": {DE: "Nebenstelle {number} ({devices})", EN: "extension {number} ({devices})"},
    "external": {DE: "{number} über {routes}", EN: "{number} over {routes}"},
    "route": {DE: "{trunk} (gewählt {dial}, angezeigt {shown})", EN: "{trunk} (dials {dial}, shows {shown})"},
    "next": {DE: "{outcomes}: weiter mit Schritt {step}", EN: "{outcomes}: on to step {step}"},
}

WORDS: dict[str, Sentences] = {
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
