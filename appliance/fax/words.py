"""What is said of faxes to people, in German and English."""

from appliance.fax.documents import Fault
from appliance.model.fax import FaxCause
from appliance.model.languages import Language

DE, EN = Language.GERMAN, Language.ENGLISH
Words = dict[Language, str]

CAUSES: dict[FaxCause, Words] = {
    FaxCause.SENT: {DE: "gesendet", EN: "sent"},
    FaxCause.RECEIVED: {DE: "empfangen", EN: "received"},
    FaxCause.BUSY: {DE: "die Gegenstelle war besetzt", EN: "the far end was busy"},
    FaxCause.NO_ANSWER: {DE: "niemand hat abgenommen", EN: "nobody answered"},
    FaxCause.REJECTED: {DE: "die Gegenstelle hat den Anruf abgewiesen", EN: "the far end declined the call"},
    FaxCause.UNREACHABLE: {
        DE: "die Gegenstelle war nicht erreichbar",
        EN: "the far end could not be reached",
    },
    FaxCause.NUMBER: {DE: "die Rufnummer gibt es nicht", EN: "there is no such number"},
    FaxCause.NOT_ALLOWED: {
        DE: "dieses Faxpostfach darf die Nummer nicht wählen",
        EN: "this fax box may not dial the number",
    },
    FaxCause.NO_LINE: {DE: "es war keine Leitung frei", EN: "no line was free"},
    FaxCause.NO_FAX: {DE: "es meldete sich kein Faxgerät", EN: "no fax machine answered"},
    FaxCause.HUNG_UP: {
        DE: "die Verbindung brach während der Übertragung ab",
        EN: "the connection was lost during the transfer",
    },
    FaxCause.LINE: {
        DE: "die Übertragung scheiterte an der Leitungsqualität",
        EN: "the transfer failed because of the quality of the line",
    },
    FaxCause.INCOMPATIBLE: {
        DE: "das Faxgerät der Gegenstelle passt nicht zu diesem Dokument",
        EN: "the far end's fax machine cannot take this document",
    },
    FaxCause.REFUSED: {
        DE: "das Faxgerät der Gegenstelle hat die Übertragung beendet",
        EN: "the far end's fax machine ended the transfer",
    },
    FaxCause.DOCUMENT: {DE: "das Dokument lässt sich nicht faxen", EN: "the document cannot be faxed"},
    FaxCause.ENGINE: {DE: "der Faxdienst hatte eine Störung", EN: "the fax service had a fault"},
    FaxCause.RESTART: {DE: "die Anlage wurde neu gestartet", EN: "the system was restarted"},
    FaxCause.CANCELLED: {DE: "abgebrochen", EN: "cancelled"},
    FaxCause.TOO_LONG: {DE: "die Übertragung dauerte zu lange", EN: "the transfer took too long"},
}

FAULTS: dict[Fault, Words] = {
    Fault.ENCRYPTED: {
        DE: "das Dokument ist mit einem Kennwort geschützt",
        EN: "the document is protected by a password",
    },
    Fault.BROKEN: {DE: "das Dokument ist beschädigt", EN: "the document is damaged"},
    Fault.TOO_MANY_PAGES: {DE: "das Dokument hat zu viele Seiten", EN: "the document has too many pages"},
    Fault.TOO_LARGE: {DE: "das Dokument ist zu groß", EN: "the document is too large"},
    Fault.TOO_LONG: {
        DE: "die Umwandlung des Dokuments dauert zu lange",
        EN: "converting the document takes too long",
    },
    Fault.EMPTY: {DE: "das Dokument hat keine Seite", EN: "the document has no page"},
    Fault.KIND: {DE: "das Dokument ist weder PDF noch TIFF noch Text", EN: "it is no PDF, TIFF or text"},
}

WORDS: dict[str, Words] = {
    "page": {DE: "Seite", EN: "Page"},
    "to": {DE: "An", EN: "To"},
    "from": {DE: "Von", EN: "From"},
    "date": {DE: "Datum", EN: "Date"},
    "subject": {DE: "Betreff", EN: "Subject"},
    "cover": {DE: "Telefax", EN: "Fax"},
    "unknown": {DE: "unbekannt", EN: "unknown"},
    "pages": {DE: "Seiten", EN: "Pages"},
    "rate": {DE: "Übertragung", EN: "Transfer"},
    "duration": {DE: "Dauer", EN: "Duration"},
    "ident": {DE: "Kennung", EN: "Ident"},
    "box": {DE: "Postfach", EN: "Box"},
    "attempts": {DE: "Versuche", EN: "Attempts"},
    "reason": {DE: "Grund", EN: "Reason"},
    "received.subject": {DE: "Fax von {peer}, {pages} Seite(n)", EN: "Fax from {peer}, {pages} page(s)"},
    "received.body": {
        DE: "im Faxpostfach „{box}“ ist ein Fax eingegangen; es hängt als PDF an.",
        EN: "a fax has arrived in fax box “{box}”; it is attached as PDF.",
    },
    "broken.subject": {
        DE: "Unvollständiges Fax von {peer}, {pages} Seite(n)",
        EN: "Incomplete fax from {peer}, {pages} page(s)",
    },
    "broken.body": {
        DE: "im Faxpostfach „{box}“ ist ein Fax eingegangen, das abbrach; was ankam, hängt als PDF an.",
        EN: "a fax for box “{box}” broke off; what arrived is attached as PDF.",
    },
    "sent.subject": {DE: "Fax an {peer} gesendet", EN: "Fax to {peer} sent"},
    "sent.body": {DE: "Ihr Fax ist vollständig angekommen.", EN: "Your fax has arrived completely."},
    "failed.subject": {DE: "Fax an {peer} nicht gesendet", EN: "Fax to {peer} not sent"},
    "failed.body": {
        DE: "Ihr Fax wurde nicht zugestellt: {reason}.",
        EN: "Your fax was not delivered: {reason}.",
    },
    "file": {DE: "Fax-{time}.pdf", EN: "fax-{time}.pdf"},
}


def word(key: str, language: Language, **values: object) -> str:
    """A sentence with its values."""
    return WORDS[key][language].format(**values)


def because(cause: FaxCause | None, detail: str, language: Language) -> str:
    """Why a fax ended, for people; ``detail`` of a document is a :class:`Fault`."""
    if cause is None:
        return WORDS["unknown"][language]
    if cause is FaxCause.DOCUMENT and detail in set(Fault):
        return FAULTS[Fault(detail)][language]
    return CAUSES[cause][language]
