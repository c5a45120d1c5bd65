"""The words of the letters, German and English."""

from appliance.model.languages import Language

DE, EN = Language.GERMAN, Language.ENGLISH
Words = dict[Language, str]

WORDS: dict[str, Words] = {
    "hello": {DE: "Guten Tag {name},", EN: "Hello {name},"},
    "hello_nobody": {DE: "Guten Tag,", EN: "Hello,"},
    "footer": {
        DE: "Diese Nachricht kommt von der Telefonanlage „{site}“. Antworten liest niemand.",
        EN: "This message was sent by the telephone system '{site}'. Nobody reads replies.",
    },
    "withheld": {DE: "Rufnummer unterdrückt", EN: "number withheld"},
    "unknown": {DE: "unbekannt", EN: "unknown"},
    "caller": {DE: "Anrufer", EN: "Caller"},
    "number": {DE: "Rufnummer", EN: "Number"},
    "time": {DE: "Zeit", EN: "Time"},
    "called": {DE: "Angerufen", EN: "Called"},
    "rang": {DE: "Geklingelt", EN: "Rang"},
    "seconds": {DE: "{seconds} Sekunden", EN: "{seconds} seconds"},
    "outage.subject": {
        DE: "{site}: wieder verbunden nach {minutes} min – was inzwischen war",
        EN: "{site}: connected again after {minutes} min – what happened meanwhile",
    },
    "outage.body": {
        DE: "{what} nach {minutes} min wieder da, und alles ist abgeglichen.",
        EN: "{what} back after {minutes} min, and everything is exchanged.",
    },
    "outage.both": {DE: "Internet und Cloud sind", EN: "The internet and the cloud are"},
    "outage.internet": {DE: "Das Internet ist", EN: "The internet is"},
    "outage.exchange": {DE: "Die Cloud ist", EN: "The cloud is"},
    "outage.began": {DE: "Seit", EN: "Since"},
    "outage.ended": {DE: "Bis", EN: "Until"},
    "outage.why": {DE: "Grund", EN: "Reason"},
    "outage.outside": {DE: "Anrufe nach außen", EN: "Calls to the outside"},
    "outage.calls_outside": {DE: "{outside}, ohne Weg: {failed}", EN: "{outside}, without a way: {failed}"},
    "outage.by_gsm": {DE: "Über Mobilfunk", EN: "Over the mobile network"},
    "outage.calls_gsm": {DE: "{count} (Kosten {cost})", EN: "{count} (cost {cost})"},
    "outage.missed": {DE: "Verpasst", EN: "Missed"},
    "outage.elsewhere": {DE: "In der Cloud angekommen", EN: "Taken in the cloud"},
    "outage.calls_elsewhere": {DE: "{count}, verpasst: {missed}", EN: "{count}, missed: {missed}"},
    "outage.edits": {DE: "Geändert", EN: "Changed"},
    "outage.edits_both": {DE: "{here} hier, {elsewhere} anderswo", EN: "{here} here, {elsewhere} elsewhere"},
    "outage.conflicts": {DE: "An beiden Orten", EN: "At both places"},
    "outage.sent": {DE: "Nachgereicht", EN: "Handed over"},
    "outage.taken": {DE: "Übernommen", EN: "Taken over"},
    "outage.edit": {DE: "{time}  {who} ({node}): {what}", EN: "{time}  {who} ({node}): {what}"},
    "outage.more": {DE: "und {count} weitere", EN: "and {count} more"},
    "outage.kind.call": {DE: "Anrufe", EN: "calls"},
    "outage.kind.voicemail": {DE: "Sprachnachrichten", EN: "voice messages"},
    "outage.kind.fax": {DE: "Faxe", EN: "faxes"},
    "outage.kind.recording": {DE: "Aufzeichnungen", EN: "recordings"},
    "outage.kind.sms": {DE: "SMS", EN: "text messages"},
    "outage.kind.note": {DE: "Notizen", EN: "notes"},
    "outage.kind.contact": {DE: "Kontakte", EN: "contacts"},
    "missed.subject": {DE: "Verpasster Anruf: {caller}", EN: "Missed call: {caller}"},
    "missed.rang": {
        DE: "ein Anruf für Nebenstelle {extension} wurde nicht angenommen.",
        EN: "a call for extension {extension} was not answered.",
    },
    "missed.gave_up": {
        DE: "ein Anruf für Nebenstelle {extension} wurde nicht angenommen; der Anrufer hat aufgelegt.",
        EN: "a call for extension {extension} was not answered; the caller hung up.",
    },
    "missed.busy": {
        DE: "ein Anruf für Nebenstelle {extension} fand sie besetzt.",
        EN: "a call for extension {extension} found it busy.",
    },
    "missed.unreachable": {
        DE: "ein Anruf für Nebenstelle {extension} fand kein erreichbares Telefon.",
        EN: "a call for extension {extension} found no phone that could be reached.",
    },
    "missed.number": {
        DE: "ein Anruf für {called} wurde nicht angenommen.",
        EN: "a call for {called} was not answered.",
    },
    "missed.line": {DE: "{time}  verpasst: {caller}", EN: "{time}  missed: {caller}"},
    "blocked.subject": {DE: "Anruf abgewiesen: {caller}", EN: "Call turned away: {caller}"},
    "blocked.body": {
        DE: "ein Anruf für Nebenstelle {extension} wurde nach Ihren Regeln abgewiesen.",
        EN: "a call for extension {extension} was turned away by your rules.",
    },
    "rule": {DE: "Regel", EN: "Rule"},
    "blocked.line": {DE: "{time}  abgewiesen: {caller}", EN: "{time}  turned away: {caller}"},
    "account.subject": {
        DE: "Ihre Nebenstelle {extension} wurde geändert",
        EN: "Your extension {extension} was changed",
    },
    "account.body": {
        DE: "{who} hat an Nebenstelle {extension} etwas geändert. Nicht Sie? Fragen Sie Ihren Administrator.",
        EN: "{who} changed something at extension {extension}. Not you? Ask your administrator.",
    },
    "account.line": {
        DE: "{time}  geändert von {who}: {what}",
        EN: "{time}  changed by {who}: {what}",
    },
    "by": {DE: "Geändert von", EN: "Changed by"},
    "created": {DE: "angelegt", EN: "created"},
    "deleted": {DE: "gelöscht", EN: "deleted"},
    "changed": {DE: "geändert", EN: "changed"},
    "default": {DE: "auf Vorgabe zurückgesetzt", EN: "put back to the default"},
    "asleep.subject": {
        DE: "Weckruf um {time} Uhr nicht angenommen: Nebenstelle {extension}",
        EN: "Wake-up call at {time} not answered: extension {extension}",
    },
    "asleep.body": {
        DE: "der Weckruf um {time} Uhr an Nebenstelle {extension} blieb ohne Antwort ({attempts} Versuche).",
        EN: "nobody answered the wake-up call at {time} to extension {extension} ({attempts} attempts).",
    },
    "asleep.line": {
        DE: "Weckruf um {time} Uhr an {extension} nicht angenommen",
        EN: "wake-up call at {time} to {extension} not answered",
    },
    "alarm.notice": {DE: "Hinweis von {site}: {said}", EN: "Notice from {site}: {said}"},
    "alarm.warning": {DE: "Warnung von {site}: {said}", EN: "Warning from {site}: {said}"},
    "alarm.critical": {DE: "ALARM von {site}: {said}", EN: "ALARM from {site}: {said}"},
    "alarm.over": {DE: "Entwarnung von {site}: {said}", EN: "All clear from {site}: {said}"},
    "voicemail.subject": {DE: "Neue Sprachnachricht: {caller}", EN: "New voicemail: {caller}"},
    "voicemail.urgent": {
        DE: "Dringende Sprachnachricht: {caller}",
        EN: "Urgent voicemail: {caller}",
    },
    "voicemail.body": {
        DE: "auf dem Anrufbeantworter ist eine neue Nachricht.",
        EN: "there is a new message in the voicemail box.",
    },
    "voicemail.attached": {
        DE: "auf dem Anrufbeantworter ist eine neue Nachricht; sie hängt an dieser E-Mail.",
        EN: "there is a new message in the voicemail box; it is attached to this mail.",
    },
    "voicemail.length": {DE: "Länge", EN: "Length"},
    "voicemail.box": {DE: "Anrufbeantworter", EN: "Voicemail box"},
    "voicemail.by": {DE: "Weitergeleitet von", EN: "Forwarded by"},
    "voicemail.line": {
        DE: "{time}  Sprachnachricht von {caller}",
        EN: "{time}  voicemail from {caller}",
    },
    "voicemail.full": {
        DE: "Anrufbeantworter {box} ist voll",
        EN: "Voicemail box {box} is full",
    },
    "voicemail.full_body": {
        DE: "der Anrufbeantworter {box} nimmt keine Nachrichten mehr an. Bitte löschen Sie alte Nachrichten.",
        EN: "the voicemail box {box} takes no more messages. Please delete old ones.",
    },
    "note.subject": {DE: "Anrufnotiz: {caller}", EN: "Call note: {caller}"},
    "note.subject_of": {
        DE: "Anrufnotiz [{reference}]: {caller}",
        EN: "Call note [{reference}]: {caller}",
    },
    "note.body": {DE: "{author} hat zu einem Anruf notiert:", EN: "{author} noted on a call:"},
    "note.line": {DE: "{time}  Notiz zu {caller}: {text}", EN: "{time}  note on {caller}: {text}"},
    "note.reference": {DE: "Referenz", EN: "Reference"},
    "note.talked": {DE: "Gespräch", EN: "Talked"},
    "invite.subject": {DE: "Einladung zur Konferenz: {subject}", EN: "Conference invitation: {subject}"},
    "invite.body": {
        DE: "Sie sind zur Telefonkonferenz „{subject}“ eingeladen. Bitte wählen Sie sich dann ein:",
        EN: "you are invited to the telephone conference '{subject}'. Please dial in:",
    },
    "invite.line": {DE: "{time}  Konferenz {subject}", EN: "{time}  conference {subject}"},
    "invite.lasts": {DE: "Dauer", EN: "Duration"},
    "invite.minutes": {DE: "{minutes} Minuten", EN: "{minutes} minutes"},
    "invite.dial": {DE: "Einwahl", EN: "Dial"},
    "invite.internal": {DE: "Im Haus", EN: "In the office"},
    "invite.pin": {DE: "Geheimzahl", EN: "PIN"},
    "digest.subject": {
        DE: "{count} weitere Nachrichten von {site}",
        EN: "{count} more messages from {site}",
    },
    "digest.body": {
        DE: "weil in kurzer Zeit viel geschah, hier {count} Nachrichten auf einmal:",
        EN: "because much happened in a short time, here are {count} messages at once:",
    },
    "digest.more": {DE: "… und {count} weitere", EN: "… and {count} more"},
    "test.subject": {DE: "Probe der Telefonanlage {site}", EN: "Test of the telephone system {site}"},
    "test.body": {
        DE: "dies ist eine Probe. Wenn Sie das lesen, kann die Telefonanlage E-Mails verschicken.",
        EN: "this is a test. If you can read it, the telephone system can send mail.",
    },
}

KINDS: dict[str, Words] = {
    "extension": {DE: "Nebenstelle", EN: "Extension"},
    "device": {DE: "Gerät", EN: "Device"},
    "analog": {DE: "Analoges Gerät", EN: "Analog device"},
    "dect_handset": {DE: "Mobilteil", EN: "Handset"},
    "notification": {DE: "Benachrichtigung", EN: "Notification"},
}

FIELDS: dict[str, Words] = {
    "name": {DE: "Name", EN: "name"},
    "number": {DE: "Nummer", EN: "number"},
    "language": {DE: "Sprache", EN: "language"},
    "caller_number": {DE: "angezeigte Rufnummer", EN: "number shown"},
    "call_waiting": {DE: "Anklopfen", EN: "call waiting"},
    "ring_seconds": {DE: "Klingelzeit in Sekunden", EN: "seconds of ringing"},
    "username": {DE: "Benutzername", EN: "user name"},
    "secret": {DE: "Kennwort", EN: "password"},
    "srtp": {DE: "Verschlüsselung", EN: "encryption"},
    "max_calls": {DE: "Gespräche zugleich", EN: "calls at once"},
    "extension": {DE: "Nebenstelle", EN: "extension"},
    "addresses": {DE: "Adressen", EN: "addresses"},
    "events": {DE: "Ereignisse", EN: "events"},
    "rules": {DE: "Anrufregeln", EN: "call rules"},
    "forwardings": {DE: "Umleitungen", EN: "forwardings"},
    "status": {DE: "Status", EN: "status"},
    "status_text": {DE: "Statustext", EN: "status text"},
    "withhold": {DE: "Rufnummer unterdrücken", EN: "withhold the number"},
}
"""Fields not listed show under the name they have in the documents."""

WEEKDAYS: dict[Language, tuple[str, ...]] = {
    DE: ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    EN: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS: dict[Language, tuple[str, ...]] = {
    DE: (
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    EN: (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}
