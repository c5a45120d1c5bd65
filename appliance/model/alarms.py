"""What a person should look after: kinds of alarms, their weight and their words in each language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from appliance.model.languages import Language

DE, EN = Language.GERMAN, Language.ENGLISH


class AlarmKind(StrEnum):
    """Stable names; the words are in :data:`ALARMS`."""

    EMERGENCY_CALL = "emergency.call"
    EMERGENCY_NO_LINE = "emergency.no_line"
    LIMIT_NEAR = "limit.near"
    LIMIT_REACHED = "limit.reached"
    TRUNK_DOWN = "trunk.down"
    INTERNET_CUT_OFF = "internet.cut_off"
    PINS_GUESSED = "pins.guessed"
    DISK_FULL = "disk.full"
    BACKUP_FAILED = "backup.failed"
    UPDATE_FAILED = "update.failed"
    DECT_SYSTEM = "dect.system"
    DECT_BASE = "dect.base"
    DECT_HANDSET = "dect.handset"
    PHONES_GUESSED = "phones.guessed"
    MODULE_GONE = "module.gone"
    MODULE_FAILED = "module.failed"
    MODULE_NO_SIM = "module.no_sim"
    MODULE_PIN = "module.pin"
    MODULE_PUK = "module.puk"
    MODULE_NO_NETWORK = "module.no_network"
    MODULE_TWICE = "module.twice"
    MODULE_DUMB = "module.dumb"
    SYNC_DOWN = "sync.down"
    SYNC_TWIN = "sync.twin"
    SYNC_CLOCK = "sync.clock"
    CLOCK_BEHIND = "clock.behind"
    CLOCK_UNSET = "clock.unset"
    SYNC_CONFLICTS = "sync.conflicts"
    STANDBY_ALONE = "standby.alone"
    STANDBY_BEHIND = "standby.behind"
    STANDBY_TOOK_OVER = "standby.took_over"
    STANDBY_NO_ADDRESS = "standby.no_address"
    LINK_DOWN = "link.down"


class Severity(StrEnum):
    """How fast somebody must look."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmWords:
    """What an alarm means; ``lasting`` ones go on until what is wrong is over, others are told once."""

    severity: Severity
    lasting: bool
    words: Mapping[Language, str]
    over: Mapping[Language, str] = field(default_factory=dict)


_MODULE_RIGHT = {
    DE: "Das Mobilfunkmodul {subject} ist wieder in Ordnung.",
    EN: "GSM module {subject} is all right again.",
}

ALARMS: Mapping[AlarmKind, AlarmWords] = {
    AlarmKind.EMERGENCY_CALL: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=False,
        words={
            DE: "Notruf {called} von {caller} ({name}).",
            EN: "Emergency call to {called} by {caller} ({name}).",
        },
    ),
    AlarmKind.EMERGENCY_NO_LINE: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=False,
        words={
            DE: "Der Notruf {called} von {caller} ({name}) kam nicht zustande: {cause}.",
            EN: "The emergency call to {called} by {caller} ({name}) could not be made: {cause}.",
        },
    ),
    AlarmKind.LIMIT_NEAR: AlarmWords(
        severity=Severity.WARNING,
        lasting=False,
        words={
            DE: "Ungewöhnlich viele Anrufe nach außen: {subject} ist nahe an der Grenze „{limit}“ ({what}).",
            EN: "Unusually many outside calls: {subject} is near the limit '{limit}' ({what}).",
        },
    ),
    AlarmKind.LIMIT_REACHED: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=False,
        words={
            DE: "{subject} darf heute nicht mehr nach außen rufen: Grenze „{limit}“ erreicht ({what}).",
            EN: "{subject} may not call outside any more today: limit '{limit}' reached ({what}).",
        },
    ),
    AlarmKind.TRUNK_DOWN: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={DE: "Die Leitung {subject} ist gestört: {detail}", EN: "Trunk {subject} is down: {detail}"},
        over={DE: "Die Leitung {subject} geht wieder.", EN: "Trunk {subject} is up again."},
    ),
    AlarmKind.INTERNET_CUT_OFF: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Das Internet ist nicht erreichbar: {detail}. Gespräche nach außen gehen über Mobilfunk.",
            EN: "The internet is not reachable: {detail}. Calls go out over the mobile network.",
        },
        over={
            DE: "Das Internet ist nach {minutes} min wieder da. Anrufe nach außen: {outside}, davon über "
            "Mobilfunk {by_gsm} (Kosten {cost}); verpasste Anrufe: {missed}.",
            EN: "The internet is back after {minutes} min. Calls to the outside: {outside}, of these "
            "{by_gsm} over the mobile network (cost {cost}); missed calls: {missed}.",
        },
    ),
    AlarmKind.PINS_GUESSED: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=False,
        words={
            DE: "Callthrough {subject}: zu viele falsche PINs für Nebenstelle {extension} von {caller}; "
            "gesperrt für 15 Minuten.",
            EN: "Callthrough {subject}: too many wrong PINs for extension {extension} from {caller}; "
            "locked for 15 minutes.",
        },
    ),
    AlarmKind.PHONES_GUESSED: AlarmWords(
        severity=Severity.WARNING,
        lasting=False,
        words={
            DE: "{subject} wollte die Einstellungen von {count} fremden Telefonen holen; "
            "gesperrt für 15 Minuten.",
            EN: "{subject} tried to fetch the settings of {count} phones that are not its own; "
            "shut out for 15 minutes.",
        },
    ),
    AlarmKind.BACKUP_FAILED: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Die Datensicherung ist gescheitert: {detail}",
            EN: "The backup has failed: {detail}",
        },
        over={DE: "Die Datensicherung gelingt wieder.", EN: "Backups are made again."},
    ),
    AlarmKind.UPDATE_FAILED: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Die Aktualisierung ist gescheitert, die bisherige Software läuft weiter: {detail}",
            EN: "The update has failed, the software that ran before goes on: {detail}",
        },
        over={DE: "Die gescheiterte Aktualisierung ist erledigt.", EN: "The failed update is settled."},
    ),
    AlarmKind.DISK_FULL: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Der Speicher ist voll: {subject} geht nicht mehr. Bitte Platz schaffen.",
            EN: "The disk is full: {subject} does not work any more. Please make room.",
        },
        over={DE: "{subject} geht wieder.", EN: "{subject} works again."},
    ),
    AlarmKind.DECT_SYSTEM: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Das DECT-System {subject} ist gestört: {detail}",
            EN: "DECT system {subject} does not work: {detail}",
        },
        over={DE: "Das DECT-System {subject} geht wieder.", EN: "DECT system {subject} works again."},
    ),
    AlarmKind.DECT_BASE: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Die DECT-Basis {subject} ist verloren gegangen ({detail}).",
            EN: "DECT base {subject} is lost ({detail}).",
        },
        over={DE: "Die DECT-Basis {subject} ist wieder da.", EN: "DECT base {subject} is back."},
    ),
    AlarmKind.DECT_HANDSET: AlarmWords(
        severity=Severity.NOTICE,
        lasting=True,
        words={
            DE: "Das Mobilteil {subject} ist seit langem außer Reichweite (zuletzt {detail}).",
            EN: "Handset {subject} has been out of range for long (last seen {detail}).",
        },
        over={DE: "Das Mobilteil {subject} ist wieder da.", EN: "Handset {subject} is back."},
    ),
    AlarmKind.MODULE_GONE: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Das Mobilfunkmodul {subject} ist nicht mehr da. Steckt es noch?",
            EN: "GSM module {subject} is gone. Is it still plugged in?",
        },
        over=_MODULE_RIGHT,
    ),
    AlarmKind.MODULE_FAILED: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Das Mobilfunkmodul {subject} antwortet nicht ({detail}). Bitte einmal ab- und anstecken.",
            EN: "GSM module {subject} does not answer ({detail}). Please unplug it and plug it in again.",
        },
        over=_MODULE_RIGHT,
    ),
    AlarmKind.MODULE_NO_SIM: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Im Mobilfunkmodul {subject} ist keine SIM-Karte, die sich lesen lässt.",
            EN: "There is no SIM in GSM module {subject} that can be read.",
        },
        over=_MODULE_RIGHT,
    ),
    AlarmKind.MODULE_PIN: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Die SIM-Karte im Mobilfunkmodul {subject} lässt sich mit der eingestellten PIN nicht "
            "öffnen ({detail}). Es wird nicht weiter probiert: Bitte die PIN prüfen.",
            EN: "The SIM in GSM module {subject} cannot be opened with the PIN that is set ({detail}). "
            "It is not tried again: please check the PIN.",
        },
        over=_MODULE_RIGHT,
    ),
    AlarmKind.MODULE_PUK: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Die SIM-Karte im Mobilfunkmodul {subject} ist gesperrt: Bitte die PUK in einem Telefon "
            "eingeben.",
            EN: "The SIM in GSM module {subject} is blocked: please enter its PUK in a telephone.",
        },
        over=_MODULE_RIGHT,
    ),
    AlarmKind.MODULE_NO_NETWORK: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Das Mobilfunkmodul {subject} hat seit Minuten kein Netz ({detail}). Fällt das Internet "
            "aus, gibt es keinen Ersatzweg.",
            EN: "GSM module {subject} has had no network for minutes ({detail}). If the internet fails "
            "there is no other way out.",
        },
        over=_MODULE_RIGHT,
    ),
    AlarmKind.MODULE_TWICE: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Das Modul an {subject} nennt dieselbe Kennung (IMEI) wie ein anderes und bleibt ungenutzt.",
            EN: "The module at {subject} says the same identity (IMEI) as another one and is not used.",
        },
        over=_MODULE_RIGHT,
    ),
    AlarmKind.MODULE_DUMB: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Gespräche über das Mobilfunkmodul {subject} bleiben stumm ({calls} nacheinander), auch "
            "nach einem Neustart.",
            EN: "Calls over GSM module {subject} are silent ({calls} in a row), even after a restart.",
        },
        over=_MODULE_RIGHT,
    ),
    AlarmKind.SYNC_DOWN: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Der Abgleich mit der Cloud ist unterbrochen: {detail}. Nichts geht verloren.",
            EN: "Exchange with the cloud is interrupted: {detail}. Nothing is lost.",
        },
        over={
            DE: "Der Abgleich mit der Cloud geht nach {minutes} min wieder: {sent} Änderungen gesendet, "
            "{taken} übernommen, {records} Anrufe und Nachrichten nachgereicht, "
            "{conflicts} an beiden Orten geändert.",
            EN: "Exchange with the cloud works again after {minutes} min: {sent} changes sent, "
            "{taken} taken, {records} calls and messages handed over, "
            "{conflicts} changed at both places.",
        },
    ),
    AlarmKind.LINK_DOWN: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Keine Sprechverbindung zu {subject}: {detail}. Gespräche dorthin gehen Ersatzwege.",
            EN: "No link for calls to {subject}: {detail}. Calls to it take backup ways.",
        },
        over={DE: "Die Sprechverbindung zu {subject} steht wieder.", EN: "Calls to {subject} go again."},
    ),
    AlarmKind.SYNC_TWIN: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Zwei Anlagen melden sich als „{subject}“ bei der Cloud: eine davon neu anmelden.",
            EN: "Two boxes have the identity '{subject}' in the cloud: enrol one of them anew.",
        },
        over={DE: "„{subject}“ gibt es nur noch einmal.", EN: "There is only one '{subject}' again."},
    ),
    AlarmKind.CLOCK_BEHIND: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Die Uhr der Box steht auf {time}, es muss aber später als {least} sein: "
            "Zeitpläne und Journal stimmen nicht, bis ein Zeitserver sie stellt.",
            EN: "The clock of the box says {time}, but it must be later than {least}: "
            "schedules and the journal are wrong until a time server sets it.",
        },
        over={DE: "Die Uhr der Box ist gestellt.", EN: "The clock of the box is set."},
    ),
    AlarmKind.CLOCK_UNSET: AlarmWords(
        severity=Severity.NOTICE,
        lasting=True,
        words={
            DE: "Seit dem Start hat kein Zeitserver die Uhr der Box gestellt; sie kann falsch gehen.",
            EN: "No time server has set the clock of the box since its start; it may be wrong.",
        },
        over={
            DE: "Ein Zeitserver hat die Uhr der Box gestellt.",
            EN: "A time server has set the box's clock.",
        },
    ),
    AlarmKind.SYNC_CLOCK: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Die Uhr der Anlage weicht um {seconds} s von der Cloud ab: bitte die Zeitserver prüfen.",
            EN: "The box's clock differs from the cloud's by {seconds} s: check its time servers.",
        },
        over={DE: "Die Uhr der Anlage stimmt wieder.", EN: "The box's clock is right again."},
    ),
    AlarmKind.SYNC_CONFLICTS: AlarmWords(
        severity=Severity.NOTICE,
        lasting=True,
        words={
            DE: "{count} Einstellungen wurden an zwei Orten zugleich geändert: bitte ansehen.",
            EN: "{count} settings were changed at two places at once: have a look.",
        },
        over={DE: "Keine doppelten Änderungen mehr offen.", EN: "No double changes are open any more."},
    ),
    AlarmKind.STANDBY_ALONE: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Die zweite Anlage {subject} ist nicht zu erreichen: {detail}. Fällt diese aus, "
            "übernimmt keine.",
            EN: "The second box {subject} is not reached: {detail}. If this one fails, none takes over.",
        },
        over={DE: "Die zweite Anlage {subject} ist wieder da.", EN: "The second box {subject} is back."},
    ),
    AlarmKind.STANDBY_BEHIND: AlarmWords(
        severity=Severity.WARNING,
        lasting=True,
        words={
            DE: "Die zweite Anlage {subject} ist seit {minutes} min nicht auf demselben Stand: {detail}",
            EN: "The second box {subject} has not been in step for {minutes} min: {detail}",
        },
        over={
            DE: "Die zweite Anlage {subject} ist wieder auf demselben Stand.",
            EN: "The second box {subject} is in step again.",
        },
    ),
    AlarmKind.STANDBY_TOOK_OVER: AlarmWords(
        severity=Severity.WARNING,
        lasting=False,
        words={
            DE: "Die Anlage {subject} ist jetzt die aktive, statt {peer}.",
            EN: "Box {subject} is the active one now, instead of {peer}.",
        },
    ),
    AlarmKind.STANDBY_NO_ADDRESS: AlarmWords(
        severity=Severity.CRITICAL,
        lasting=True,
        words={
            DE: "Die gemeinsame Adresse {subject} hat keine der beiden Anlagen: läuft ortsamt-vrrp?",
            EN: "Neither box has the shared address {subject}: does ortsamt-vrrp run?",
        },
        over={
            DE: "Die gemeinsame Adresse {subject} ist wieder da.",
            EN: "The shared address {subject} is back.",
        },
    ),
}
"""Every kind has its words in every language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm. ``subject`` tells apart those of one kind (a trunk, a module); values fill the words."""

    kind: AlarmKind
    subject: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    at: datetime
    over: bool = False
    """What was wrong is right again."""

    @property
    def severity(self) -> Severity:
        """How fast somebody must look; what is over is only good to know."""
        return Severity.NOTICE if self.over else ALARMS[self.kind].severity

    def said(self, language: Language) -> str:
        """The alarm in words."""
        spoken = ALARMS[self.kind]
        sentence = (spoken.over if self.over else spoken.words)[language]
        return sentence.format_map(_Known({"subject": self.subject, **self.values}))


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"
