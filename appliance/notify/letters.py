"""News of calls, changes and alarms, and the letters that they are worth: pure, no clock and no disk."""

from dataclasses import dataclass

from appliance.model.alarms import Alarm
from appliance.model.records import CallRecord, LegRecord
from appliance.model.snapshot import Snapshot
from appliance.notify.alarm_letter import alarm_letter
from appliance.notify.messages import language_for, letter
from appliance.notify.occurrences import AccountChange, MissedCall, MissedWakeUp, Occurrence
from appliance.notify.queue import NewMail
from appliance.notify.rules import account_changes, blocked_calls, missed_calls, missed_number
from appliance.store.operations import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOver:
    """News: a call and all its legs are over; the office as it was then."""

    call: CallRecord
    legs: tuple[LegRecord, ...]
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """News: operations on the configuration, and the office before and after them."""

    node: str
    operations: tuple[Operation, ...]
    before: Snapshot
    after: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Asleep:
    """News: somebody was not woken; the office as it was then."""

    missed: MissedWakeUp
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarmed:
    """News: an alarm; the office as it was then."""

    alarm: Alarm
    snapshot: Snapshot


Told = CallOver | Changed | Asleep | Alarmed


def mails_for(news: Told) -> list[NewMail]:
    """The letters that these news are worth, one for each address that wants to know."""
    occurrences: list[Occurrence] = []
    if isinstance(news, Alarmed):
        return _alarm_mails(news)
    if isinstance(news, Asleep):
        snapshot = news.snapshot
        occurrences.append(news.missed)
    elif isinstance(news, CallOver):
        snapshot = news.snapshot
        occurrences += missed_calls(news.call, news.legs, snapshot)
        occurrences += missed_number(news.call, news.legs, snapshot)
        occurrences += blocked_calls(news.call, snapshot)
    else:
        # Words and wishes of a deleted extension are those it had.
        snapshot = news.after
        occurrences += account_changes(news.operations, news.before, news.after, news.node)
    mails: list[NewMail] = []
    told: set[tuple[str, str]] = set()
    for occurrence in occurrences:
        known = snapshot
        if isinstance(news, Changed) and occurrence.extension not in snapshot.extensions:
            known = news.before
        language = language_for(occurrence.extension, known)
        written = letter(occurrence, known, language)
        for address in _addresses(occurrence, known):
            key = (occurrence.event.value, address.lower())
            if occurrence.extension is not None or key not in told:
                told.add(key)
                event = occurrence.event.value
                mails.append(NewMail(recipient=address, event=event, language=language, letter=written))
    return mails


def _alarm_mails(news: Alarmed) -> list[NewMail]:
    site = news.snapshot.site
    written = alarm_letter(news.alarm, site, site.language)
    event = f"alarm.{news.alarm.kind.value}"
    return [
        NewMail(recipient=one, event=event, language=site.language, letter=written)
        for one in dict.fromkeys(site.alarm_emails)
    ]


def _addresses(occurrence: Occurrence, snapshot: Snapshot) -> tuple[str, ...]:
    """Who is told: those who wish it; of changes also those who were told until now."""
    wanted: tuple[str, ...] = ()
    wish = snapshot.notifications.get(occurrence.extension) if occurrence.extension is not None else None
    if wish is not None and occurrence.event in wish.events:
        wanted = wish.addresses
    match occurrence:
        case AccountChange():
            wanted = (*wanted, *occurrence.told_before)
        case MissedCall():
            wanted = (*wanted, *occurrence.addresses)
    return tuple({address.lower(): address for address in wanted}.values())
