"""A call that was, in words: who rang when, how it ended, and the reasons kept in its record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from appliance.model.documents import Language
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.routing import explain_catalogue as catalogue
from appliance.routing.explain import explain_reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """What happened, in one language; ``model.decode.encode`` makes JSON of it."""

    language: Language
    call: str
    summary: str
    happened: tuple[str, ...]
    reasons: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """As text for a terminal or a page."""
        words = catalogue.WORDS
        return (
            self.summary,
            "",
            words["happened"][self.language],
            *(f"  - {sentence}" for sentence in self.happened),
            "",
            words["why"][self.language],
            *(f"  - {reason}" for reason in self.reasons),
        )


def explain_past(record: CallRecord, legs: Sequence[LegRecord], language: Language, zone: tzinfo) -> PastCall:
    """Put the record of a call into words; times are the wall clock's of ``zone``."""

    def say(name: str, at: datetime, **values: object) -> tuple[datetime, str]:
        clock = at.astimezone(zone).strftime("%H:%M:%S")
        return at, catalogue.HAPPENED[name][language].format(at=clock, **values)

    events: list[tuple[datetime, str]] = []
    for leg in sorted(legs, key=lambda one: one.started):
        party = f"{leg.party or catalogue.WORDS['caller'][language]} ({leg.endpoint.partition(':')[2]})"
        events.append(
            say("calls" if leg.direction is Direction.INCOMING else "called", leg.started, party=party)
        )
        if leg.direction is Direction.OUTGOING and leg.alerted is not None:
            events.append(say("rings", leg.alerted, party=party))
        if leg.direction is Direction.OUTGOING and leg.answered is not None:
            events.append(say("answers", leg.answered, party=party))
        if leg.ended is not None and leg.cause is not None:
            who = "hangs_up" if leg.by_remote and leg.answered is not None else "over"
            events.append(say(who, leg.ended, party=party, cause=catalogue.CAUSES[leg.cause][language]))
    if record.merged_into is not None and record.ended is not None:
        events.append(say("merged", record.ended, call=record.merged_into))
    caller = record.caller_number or catalogue.WORDS["withheld" if record.withheld else "caller"][language]
    started = record.started.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    ended = catalogue.CAUSES[record.cause][language] if record.cause else catalogue.WORDS["going"][language]
    return PastCall(
        language=language,
        call=record.call,
        summary=catalogue.HAPPENED["summary"][language].format(
            at=started, caller=caller, dialled=record.dialled or record.called, ended=ended
        ),
        happened=tuple(sentence for _, sentence in sorted(events, key=lambda event: event[0])),
        reasons=explain_reasons(record.reasons, language),
    )
