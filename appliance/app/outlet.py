"""Where the engine's news go: records to disk, events to watchers, lamps to the edge, one log line a call."""

from collections.abc import Callable

from appliance.app.watch import Watch
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.ids import CallId
from appliance.model.parties import Party
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.ports import TrunkState
from appliance.sip.edge.events import Aor, DialogDirection, DialogInfo, DialogState
from appliance.sip.edge.link import EdgeLink
from appliance.store.records import RecordStore
from appliance.telemetry.logs import log_call

Ended = Callable[[CallRecord, tuple[LegRecord, ...]], None]
"""A call and all its legs are over."""
Changer = Callable[[fx.ChangeConfiguration | fx.WishChanged], None]
"""Has something changed on disk, without waiting for it."""
Sleeper = Callable[[fx.WakeUpMissed], None]
"""Somebody was not woken."""
Consultant = Callable[[fx.Consult], None]
"""Has a request met, without waiting for it."""
Publish = Callable[[str, object], None]
"""Event name and a payload that does not change any more."""


class BoxOutlet:
    """Takes what the engine thread puts out; nothing here blocks."""

    def __init__(
        self,
        *,
        records: RecordStore,
        edge: EdgeLink,
        publish: Publish,
        ended: Ended,
        change: Changer,
        asleep: Sleeper,
        consult: Consultant,
        line_changed: Callable[[], None],
        watch: Watch,
    ) -> None:
        self._records = records
        self._edge = edge
        self._publish = publish
        self._ended = ended
        self._change = change
        self._asleep = asleep
        self._consult = consult
        self._line_changed = line_changed
        self._watch = watch
        self._legs: dict[CallId, dict[str, LegRecord]] = {}
        self._over: dict[CallId, CallRecord] = {}

    def call(self, record: CallRecord) -> None:
        """Write, publish; a call that is over is logged when its last leg is."""
        self._records.put_call(record)
        self._watch.call(record)
        self._publish("call", record)
        if record.ended is not None:
            self._over[record.call] = record
            self._log_if_complete(record.call)

    def leg(self, record: LegRecord) -> None:
        """Write, publish, keep until the call is logged."""
        self._records.put_leg(record)
        self._watch.leg(record)
        self._publish("leg", record)
        self._legs.setdefault(record.call, {})[record.leg] = record
        if record.ended is not None:
            self._log_if_complete(record.call)

    def _log_if_complete(self, call: CallId) -> None:
        over = self._over.get(call)
        legs = self._legs.get(call, {})
        if over is not None and all(leg.ended is not None for leg in legs.values()):
            del self._over[call]
            self._legs.pop(call, None)
            log_call(over, tuple(legs.values()))
            self._tell_missed(over, tuple(legs.values()))
            if not over.part:
                self._ended(over, tuple(legs.values()))

    def _tell_missed(self, over: CallRecord, legs: tuple[LegRecord, ...]) -> None:
        """Tell watchers of a call that rang at telephones of ours and was answered by nobody."""
        if over.part or over.answered is not None or over.kind not in (CallKind.INBOUND, CallKind.INTERNAL):
            return
        rang = [one for one in legs if one.direction is Direction.OUTGOING and one.alerted is not None]
        devices = [one.endpoint.removeprefix("device:") for one in rang if one.endpoint.startswith("device:")]
        if devices and over.cause is not Cause.REJECTED:
            self._publish(
                "missed",
                {
                    "call": over.call,
                    "devices": sorted(set(devices)),
                    "caller_number": "" if over.withheld else over.caller_number,
                    "caller_name": "" if over.withheld else over.caller_name,
                    "called": over.called,
                    "at": over.started,
                },
            )

    def change(self, change: fx.ChangeConfiguration) -> None:
        """Have the configuration changed for a call."""
        self._change(change)

    def wish(self, changed: fx.WishChanged) -> None:
        """Have a wish kept on disk."""
        self._change(changed)

    def wake_up_missed(self, missed: fx.WakeUpMissed) -> None:
        """Tell watchers and whoever wants to know that somebody was not woken."""
        self._publish("wake_up_missed", missed)
        self._asleep(missed)

    def consult(self, consult: fx.Consult) -> None:
        """Have a voice application's request met."""
        self._consult(consult)

    def line(self, line: fx.PublishLine) -> None:
        """Show an extension's state on the lamps of those who watch it."""
        self._edge.publish_dialog(
            Aor(line.number),
            DialogInfo(
                call_id=f"line-{line.number}",
                state=DialogState(line.state.value),
                direction=DialogDirection.RECIPIENT if line.incoming else DialogDirection.INITIATOR,
                remote=line.remote_number,
                remote_display=line.remote_name,
            ),
        )
        self._publish("line", line)
        self._line_changed()

    def party(self, party: Party) -> None:
        """Tell watchers how a call looks to one of its parties."""
        self._publish("party", party)

    def trunk(self, state: TrunkState) -> None:
        """Tell watchers that a trunk changed."""
        self._publish("trunk", state)
        self._watch.trunk(state)

    def limit(self, reached: fx.LimitReached) -> None:
        """Tell watchers and whoever looks after the box."""
        self._publish("limit", reached)
        self._watch.limit(reached)

    def second(self) -> None:
        """A second has passed."""
        self._watch.tick()
