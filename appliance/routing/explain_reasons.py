"""The reasons of a plan as sentences, in every language.

Placeholders are the values of the reason; ``{who}`` is made of its number and name, and some values
(``why``, ``status`` …) are put into words themselves, see ``explain_catalogue.VALUES``.
"""

from appliance.model.documents import Language

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
    "emergency.place": {
        DE: "Das Telefon ist an einem Ort mit eigener Nummer: {number} wird dem Notruf gezeigt.",
        EN: "The telephone is at a place with a number of its own: {number} is shown to rescuers.",
    },
    "emergency.calls_back": {
        DE: "{number} ({name}) hat vor kurzem den Notruf gewählt und klingelt bei Rückrufen in jedem Fall.",
        EN: "{number} ({name}) made an emergency call lately and rings for calls back in any case.",
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
    "feature.switch": {
        DE: "{number} legt den Schalter {name} um.",
        EN: "{number} turns the switch {name}.",
    },
    "feature.slot": {DE: "{slot} ist ein Parkplatz.", EN: "{slot} is a park slot."},
    "service.answers": {
        DE: "Der Dienst {who} ({application}) nimmt den Anruf an.",
        EN: "Service {who} ({application}) answers the call.",
    },
    "fax.receives": {
        DE: "Das Faxpostfach {who} nimmt den Anruf an und empfängt.",
        EN: "Fax box {who} answers the call and receives.",
    },
    "fax.relays": {
        DE: "Das Faxpostfach {name} empfängt, was das Faxgerät sendet, und schickt es an {number} weiter.",
        EN: "Fax box {name} receives what the fax machine sends, and sends it on to {number}.",
    },
    "fax.switch": {
        DE: "Ruft ein Faxgerät an, geht der Anruf nach dem Abheben an das Faxpostfach {who}.",
        EN: "If a fax machine calls, the call goes to fax box {who} once it is answered.",
    },
    "target.no_fax_box": {
        DE: "Das Faxpostfach „{ref}“ gibt es nicht.",
        EN: "Fax box “{ref}” does not exist.",
    },
    "distribution.fax_alone": {
        DE: "Ein Faxpostfach nimmt sofort an; was gleichzeitig klingeln soll, bleibt außer Acht.",
        EN: "A fax box answers at once; what was to ring with it is left out.",
    },
    "recording.asks": {
        DE: "Der Anrufer wird zuerst gefragt, ob das Gespräch aufgezeichnet werden darf (Regel {rule}).",
        EN: "The caller is first asked whether the call may be recorded (rule {rule}).",
    },
    "conference.answers": {
        DE: "Der Konferenzraum {who} nimmt den Anruf an.",
        EN: "Conference room {who} answers the call.",
    },
    "callthrough.mobile": {
        DE: "{caller} ist das Mobiltelefon der Nebenstelle {who}; es darf von hier aus weiterwählen.",
        EN: "{caller} is the mobile phone of extension {who}; it may dial on from here.",
    },
    "callthrough.callback": {
        DE: "{caller} ist das Mobiltelefon der Nebenstelle {who}; es hört besetzt und wird zurückgerufen.",
        EN: "{caller} is the mobile phone of extension {who}; it hears busy and is called back.",
    },
    "callthrough.anywhere": {
        DE: "{caller} ist kein Mobiltelefon des Büros; Nebenstelle und PIN werden verlangt.",
        EN: "{caller} is no mobile phone of the office; extension and PIN are asked for.",
    },
    "callthrough.unknown": {
        DE: "{caller} ist kein Mobiltelefon des Büros und darf nicht weiterwählen.",
        EN: "{caller} is no mobile phone of the office and may not dial on.",
    },
    "target.no_callthrough": {
        DE: "Das Callthrough {ref} gibt es nicht.",
        EN: "There is no callthrough {ref}.",
    },
    "target.callthrough_alone": {
        DE: "Das Callthrough {ref} kann nicht zusammen mit anderen Zielen klingeln.",
        EN: "Callthrough {ref} cannot ring together with others.",
    },
    "mobile.rings": {
        DE: "Das Mobiltelefon {ref} der Nebenstelle {who} klingelt mit; angenommen wird mit der Eins.",
        EN: "Mobile phone {ref} of extension {who} rings along; calls are taken with the 1.",
    },
    "mobile.calls_in": {
        DE: "Das Mobiltelefon {ref} der Nebenstelle {who} klingelt und ruft dann selbst an; bis dahin Musik.",
        EN: "Mobile phone {ref} of extension {who} rings and calls in; the caller is held meanwhile.",
    },
    "mobile.barred": {
        DE: "Das Mobiltelefon {ref} klingelt nicht mit: Die Nebenstelle {who} darf es nicht anrufen.",
        EN: "Mobile phone {ref} does not ring along: extension {who} may not call it.",
    },
    "target.no_room": {
        DE: "Das Ziel „{ref}“ wird übergangen: Diesen Konferenzraum gibt es nicht.",
        EN: "Target '{ref}' is skipped: there is no such conference room.",
    },
    "distribution.room_alone": {
        DE: "Der Konferenzraum nimmt sofort an, die anderen Ziele dieses Schritts klingeln darum nicht.",
        EN: "The conference room answers at once, so the other targets of this step do not ring.",
    },
    "inbound.account": {
        DE: "Der Anbieter nennt nur das Konto der Leitung {trunk}; es gilt ihre Hauptnummer {number}.",
        EN: "The provider names only the account of trunk {trunk}; its default number {number} counts.",
    },
    "inbound.not_ours": {
        DE: "„{dialled}“ ist keine unserer Nummern; von der Leitung {trunk} wird nicht weitervermittelt.",
        EN: "'{dialled}' is none of our numbers; calls from trunk {trunk} are not passed on to others.",
    },
    "number.unassigned": {
        DE: "Der Nummer {number} ist kein Ziel zugewiesen.",
        EN: "Nothing is assigned to the number {number}.",
    },
    "number.nobody": {
        DE: "Unter {number} ist kein einziges Ziel erreichbar.",
        EN: "Not one target of {number} can be reached.",
    },
    "number.returning": {
        DE: "Der Anrufer ruft {who} zurück und wird zuerst dorthin verbunden.",
        EN: "The caller returns a call of {who} and is first put through there.",
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
    "target.no_box": {
        DE: "Das Ziel „{ref}“ wird übergangen: Diesen Anrufbeantworter gibt es nicht.",
        EN: "Target '{ref}' is skipped: there is no such voicemail box.",
    },
    "voicemail.takes": {
        DE: "Der Anrufbeantworter {who} nimmt den Anruf an.",
        EN: "Voicemail box {who} takes the call.",
    },
    "voicemail.menu": {
        DE: "Der Anrufbeantworter {who} wird abgehört.",
        EN: "The messages of voicemail box {who} are heard.",
    },
    "voicemail.which": {
        DE: "Der Anrufer hat keinen eigenen Anrufbeantworter und wird nach der Nummer gefragt.",
        EN: "The caller has no voicemail box and is asked for the number of one.",
    },
    "voicemail.greeting": {
        DE: "Für diesen Anruf gilt die Begrüßung {position}: {prompt}.",
        EN: "Greeting {position} is for this call: {prompt}.",
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
    "target.no_menu": {
        DE: "Das Ziel „{ref}“ wird übergangen: Dieses Menü gibt es nicht.",
        EN: "Target '{ref}' is skipped: there is no such menu.",
    },
    "target.menu_alone": {
        DE: "Das Menü „{ref}“ wird übergangen: Es nimmt sofort an und kann nicht mit anderen klingeln.",
        EN: "Menu '{ref}' is skipped: it answers at once and cannot ring beside others.",
    },
    "menu.answers": {DE: "Das Menü „{name}“ nimmt den Anruf an.", EN: "Menu '{name}' answers the call."},
    "menu.key": {
        DE: "Menü „{menu}“, Taste {key}: {menu_action}.",
        EN: "Menu '{menu}', key {key}: {menu_action}.",
    },
    "menu.key_for": {
        DE: "Menü „{menu}“, Taste {key}: {menu_action} ({of}).",
        EN: "Menu '{menu}', key {key}: {menu_action} ({of}).",
    },
    "menu.otherwise": {
        DE: "Menü „{menu}“: Wer nach {tries} Versuchen nichts gewählt hat, wird weiterverbunden.",
        EN: "Menu '{menu}': who has chosen nothing after {tries} tries is put through.",
    },
    "menu.loop": {
        DE: "Das Menü „{name}“ ist schon an der Reihe gewesen; der Kreis wird hier unterbrochen.",
        EN: "Menu '{name}' has had its turn already; the circle is broken here.",
    },
    "menu.too_big": {
        DE: "Das Menü „{name}“ führt zu mehr als {limit} Zielen; die übrigen werden übergangen.",
        EN: "Menu '{name}' leads to more than {limit} targets; the others are skipped.",
    },
    "menu.dialled": {
        DE: "Im Menü „{name}“ wurde {dialled} gewählt.",
        EN: "{dialled} was dialled in menu '{name}'.",
    },
    "menu.not_dialable": {
        DE: "{dialled} darf im Menü „{name}“ nicht gewählt werden.",
        EN: "{dialled} may not be dialled in menu '{name}'.",
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
    "route.chosen": {
        DE: "Es gilt die Leitweglenkung „{route}“.",
        EN: "Route '{route}' applies.",
    },
    "route.price": {
        DE: "Eine Minute über {trunk} kostet jetzt {price} Cent.",
        EN: "A minute over {trunk} costs {price} cents now.",
    },
    "trunk.down": {
        DE: "Die Leitung {trunk} ist zurzeit gestört und wird zuletzt versucht.",
        EN: "Trunk {trunk} is down at the moment and is tried last.",
    },
    "class.cut_off": {
        DE: "Das Internet ist nicht erreichbar, die wenigen Leitungen sind nicht für die Klasse {cls}.",
        EN: "The internet is not reachable, and the few lines are not for class {cls}.",
    },
    "limit.reached": {
        DE: "Die Grenze „{limit}“ für {subject} ist erreicht: {what} {most}.",
        EN: "The limit '{limit}' of {subject} is reached: {what} {most}.",
    },
    "trunk.cut_off": {
        DE: "Das Internet ist nicht erreichbar: die Leitung {trunk} wird zuletzt versucht.",
        EN: "The internet is not reachable: trunk {trunk} is tried last.",
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
    "number.ours": {DE: "{who} ist unsere Nummer.", EN: "{who} is our number."},
    "number.only_greeting": {
        DE: "Unter {number} klingelt nichts; der Anrufer hört die Ansage „{prompt}“.",
        EN: "Nothing rings for {number}; the caller hears the announcement '{prompt}'.",
    },
    "distribution.too_many": {
        DE: "Es klingeln höchstens {limit} Ziele zugleich; die übrigen entfallen.",
        EN: "At most {limit} targets ring at once; the rest is left out.",
    },
    "plan.too_long": {
        DE: "Der Ablauf hat schon {limit} Schritte; was noch folgte, entfällt.",
        EN: "There are {limit} steps already; what would follow is left out.",
    },
    "scenario.holds": {
        DE: "Es gilt das Szenario „{name}“: Seine Zeit ist jetzt.",
        EN: "Scenario '{name}' holds: its time is now.",
    },
    "scenario.by_hand": {
        DE: "Es gilt das Szenario „{name}“: Es ist von Hand eingeschaltet.",
        EN: "Scenario '{name}' holds: it is switched on by hand.",
    },
    "scenario.otherwise": {
        DE: "Für {number} ist von Hand die gewöhnliche Verteilung eingeschaltet.",
        EN: "The ordinary distribution of {number} is switched on by hand.",
    },
    "scenario.unknown": {
        DE: "Das von Hand gewählte Szenario „{name}“ gibt es nicht oder ist aus; die Zeit entscheidet.",
        EN: "Scenario '{name}', chosen by hand, does not exist or is disabled; the time decides.",
    },
    "scenario.missed": {
        DE: "Das Szenario „{name}“ gilt nicht: {why}.",
        EN: "Scenario '{name}' does not hold: {why}.",
    },
    "scenario.none": {
        DE: "Kein Szenario von {number} gilt; es bleibt bei der gewöhnlichen Verteilung.",
        EN: "No scenario of {number} holds; the ordinary distribution stays.",
    },
    "scenario.no_steps": {
        DE: "Das Szenario „{name}“ nennt kein Ziel.",
        EN: "Scenario '{name}' names no target.",
    },
    "rotation.turn": {
        DE: "Bereitschaft „{rotation}“: Seit {since} ist {ref} an der Reihe.",
        EN: "Rotation '{rotation}': since {since} it is the turn of {ref}.",
    },
    "rotation.substitute": {
        DE: "Bereitschaft „{rotation}“: {ref} vertritt.",
        EN: "Rotation '{rotation}': {ref} stands in.",
    },
    "rotation.nested": {
        DE: "Bereitschaft „{rotation}“: {ref} ist selbst eine Bereitschaft und wird übergangen.",
        EN: "Rotation '{rotation}': {ref} is a rotation itself and is skipped.",
    },
    "target.no_rotation": {
        DE: "Das Ziel „{ref}“ wird übergangen: Diese Bereitschaft gibt es nicht.",
        EN: "Target '{ref}' is skipped: there is no such rotation.",
    },
    "profile.used": {
        DE: "Bei {number} gilt das Profil „{profile}“.",
        EN: "Profile '{profile}' is in use at {number}.",
    },
    "profile.unknown": {
        DE: "Das Profil „{profile}“ von {number} gibt es nicht; die eigenen Einstellungen gelten.",
        EN: "Profile '{profile}' of {number} does not exist; its own settings hold.",
    },
    "rule.precedence": {
        DE: "Der Anruf hat Vorrang: Status und Regeln von {number} gelten für ihn nicht.",
        EN: "The call has precedence: status and rules of {number} do not count.",
    },
    "rule.applies": {
        DE: "Bei {number} gilt für diesen Anrufer die Regel „{rule}“: {rule_action}.",
        EN: "At {number} rule '{rule}' is for this caller: {rule_action}.",
    },
    "rule.not_accepted": {
        DE: "{number} nimmt nur Anrufe an, die eine Regel erlaubt; für diesen gibt es keine.",
        EN: "{number} takes only calls that a rule accepts; there is none for this one.",
    },
    "status.quiet": {
        DE: "{who} ist „{status}“: Die eigenen Telefone klingeln nicht.",
        EN: "{who} is '{status}': the own phones do not ring.",
    },
    "member.skipped": {
        DE: "{who} klingelt nicht mit.",
        EN: "{who} does not ring with the others.",
    },
    "ringing.step": {
        DE: "Eigenes Klingeln von {number}, Schritt {step}: {seconds} Sekunden.",
        EN: "Personal ringing of {number}, step {step}: {seconds} seconds.",
    },
    "ringing.first_step": {
        DE: "Vom eigenen Klingeln von {number} zählt hier der erste Schritt.",
        EN: "Of the personal ringing of {number} the first step counts here.",
    },
    "forward.follows": {
        DE: "{who} leitet {on} um zu {ref}.",
        EN: "{who} forwards {on} to {ref}.",
    },
    "forward.by_phone": {
        DE: "Das Telefon von {who} leitet selbst um auf „{ref}“.",
        EN: "The phone of {who} itself forwards to '{ref}'.",
    },
    "forward.by_phone_nowhere": {
        DE: "„{ref}“ ist keine Nummer, auf die umgeleitet werden kann.",
        EN: "'{ref}' is no number that calls can be forwarded to.",
    },
    "forward.to_caller": {
        DE: "Die Umleitung von {number} zu {ref} führte zum Anrufer zurück und gilt darum nicht.",
        EN: "The forwarding of {number} to {ref} would lead back to the caller and does not count.",
    },
    "forward.loop": {
        DE: "{who} hat diesen Anruf schon umgeleitet; der Kreis wird hier unterbrochen.",
        EN: "{who} has forwarded this call already; the circle is broken here.",
    },
    "forward.too_many": {
        DE: "Nach {limit} Umleitungen wird nicht mehr umgeleitet, auch nicht von {number}.",
        EN: "After {limit} diversions nobody forwards any more, nor does {number}.",
    },
    "forward.barred": {
        DE: "{number} darf {ref} nicht anrufen und darum auch nicht dorthin umleiten.",
        EN: "{number} may not dial {ref}, so it may not forward there either.",
    },
    "class.rule": {
        DE: "{number} ({destination}): Nach der Berechtigung „{cls}“, Regel „{rule}“, {permission}.",
        EN: "{number} ({destination}): by class '{cls}', rule '{rule}', {permission}.",
    },
    "class.otherwise": {
        DE: "{number} ({destination}): In der Berechtigung „{cls}“ passt keine Regel, {permission}.",
        EN: "{number} ({destination}): no rule of class '{cls}' is for it, {permission}.",
    },
    "class.unknown": {
        DE: "Die Berechtigung „{cls}“ gibt es nicht; Ausland und Sonderrufnummern bleiben gesperrt.",
        EN: "Class '{cls}' does not exist; numbers abroad and premium numbers stay barred.",
    },
    "dialled.modifier": {
        DE: "{prefix} vor {rest}: Die eigene Nummer wird bei diesem Anruf nicht angezeigt.",
        EN: "{prefix} in front of {rest}: the own number is not shown on this call.",
    },
    "extension.waiting": {
        DE: "Ist {number} besetzt, dürfen {seats} Anrufer warten.",
        EN: "While {number} is busy, {seats} callers may wait.",
    },
    "dialled.no_precedence": {
        DE: "Diese Nebenstelle darf Umleitungen nicht durchbrechen.",
        EN: "This extension may not break through forwardings.",
    },
    "dialled.speed": {
        DE: "{number} ist die Kurzwahl für {dial} {name}.",
        EN: "{number} is the speed dial for {dial} {name}.",
    },
    "dialled.rewritten": {
        DE: "Aus {dialled} wird nach der Regel „{rule}“ {digits}.",
        EN: "Rule '{rule}' makes {digits} of {dialled}.",
    },
    "present.caller": {
        DE: "Auf {trunk} wird die Nummer des Anrufers {number} angezeigt.",
        EN: "Over {trunk} the caller's number {number} is shown.",
    },
    "present.no_screening": {
        DE: "Auf {trunk} wird {number} angezeigt, obwohl sie nicht zu der Leitung gehört.",
        EN: "Over {trunk} {number} is shown although it did not come with the trunk.",
    },
    "present.screened": {
        DE: "{trunk} lässt die Nummer des Anrufers {number} nicht zu.",
        EN: "{trunk} does not let us show the caller's number {number}.",
    },
    "present.forbidden": {
        DE: "{number} darf auf {trunk} nicht angezeigt werden: {objection}.",
        EN: "{number} must not be shown over {trunk}: {objection}.",
    },
}
