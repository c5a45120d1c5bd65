"""What the control socket offers besides configuration and records: status, calls, registrations, explain."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from appliance.app.conferencing import Conferencing
from appliance.app.dialling import DiallingMethods
from appliance.app.leaving import Leaving
from appliance.app.numbering import register_numbers
from appliance.app.phones.methods import register_phones
from appliance.app.proving import register_proving
from appliance.app.recording_methods import RecordingMethods
from appliance.app.self_test import register_self_test
from appliance.app.settings import phone_reach, reach
from appliance.app.spoken_names import SpokenNames
from appliance.app.switching import register_switching
from appliance.app.weeks import register_weeks
from appliance.control.alarms import register_alarms
from appliance.control.audio import register_audio
from appliance.control.colleagues import register_colleagues
from appliance.control.configuration import register_configuration, shown_operation
from appliance.control.dect import DectMethods
from appliance.control.diagnostics import Diagnostics
from appliance.control.fax import register_fax
from appliance.control.mail import register_mail
from appliance.control.mobile import MobileMethods
from appliance.control.network import register_network
from appliance.control.notes import register_notes
from appliance.control.records import register_records
from appliance.control.registrations import OfRegistration, register_registrations
from appliance.control.softphone import register_softphones
from appliance.control.tables import register_tables
from appliance.control.update import register_update
from appliance.control.voicemail import register_voicemail
from appliance.errors import ConfigError, DeviceUnavailable, NotFound, OrtsamtError
from appliance.model.decode import encode
from appliance.model.dect import DectHandset
from appliance.model.documents import Language
from appliance.model.events import HangUp, PlaceCall, PlayTo
from appliance.model.ids import CallId, LegId
from appliance.network import reading
from appliance.routing.explain import explain
from appliance.routing.explain_past import explain_past
from appliance.routing.imagine import imagine, suppose
from appliance.routing.plan import plan
from appliance.sip.edge.events import Aor
from appliance.sounds.files import AudioFiles
from appliance.telemetry.figures import process_figures
from appliance.telemetry.masking import mask_number, mask_secrets

if TYPE_CHECKING:
    from appliance.app.core import Core

Params = Mapping[str, Any]
ASK_S = 3.0


def register_methods(core: Core) -> None:
    """Offer everything this core can do."""
    register_configuration(core.server, core.configuration)
    register_tables(core.server, core.configuration)
    register_numbers(core.server, core.configuration.snapshot)
    register_records(core.server, core.records, core.stores.notes, core.configuration.snapshot)
    register_weeks(core.server, core.configuration.snapshot)
    register_notes(core.server, core.stores.notes, core.records, core.notifier)
    register_mail(core.server, core.notifier)
    MobileMethods(core.mobile).register(core.server)
    DectMethods(
        core.dect.desk,
        lambda account: bool(core.edge.contacts(Aor(account))),
        lambda handset, to: core.loop.post(_search(handset, to)),
    ).register(core.server)
    register_alarms(core.server, core.alarms)
    register_softphones(core.server, core.configuration.snapshot, reach(core.box))
    register_colleagues(
        core.server, core.configuration.snapshot, lambda: core.loop.ask(core.loop.control.parties, ASK_S)
    )
    paths = core.box.paths
    audio = register_audio(core.server, core.configuration, AudioFiles(paths.audio_dir), paths.prompts_dir)
    core.names = SpokenNames(core.configuration, audio.add)
    register_fax(core.server, core.box.paths.runtime_dir / "fax.sock")
    voicemail = core.voicemail
    register_voicemail(
        core.server, voicemail.store, core.configuration.snapshot, voicemail.cabinet.file, voicemail.mark
    )
    core.address_book.register()
    DiallingMethods(core).register()
    Leaving(core).register()
    register_switching(core)
    register_proving(core)
    register_phones(core.server, core.phones, core.configuration.snapshot, phone_reach(core.box))
    register_self_test(core)
    core.trial_run.register(core.server)
    register_update(core.server)
    register_network(core.server, reading.read)
    Conferencing(core).register()
    RecordingMethods(core).register()
    methods = _Methods(core)
    diagnostics = Diagnostics(
        store=core.configuration,
        capture=core.capture,
        legs_of=methods.legs_of,
        facts={
            "status.json": lambda: methods.status({}),
            "calls.json": lambda: mask(methods.calls({})),
            "registrations.json": lambda: methods.registrations({}),
            "trunks.json": lambda: methods.trunks({}),
            "bans.json": lambda: methods.bans({}),
            "survival.json": lambda: methods.survival({}),
            "alarms.json": lambda: [one.said(Language.ENGLISH) for one in core.alarms.active()],
            "problems.json": lambda: [str(one) for one in core.configuration.problems()],
            "log-of-changes.json": lambda: mask(
                [shown_operation(one) for one in core.configuration.log.operations(limit=500)]
            ),
            "box.json": lambda: mask_secrets(None, "", dict(encode(core.box))),
        },
    )
    diagnostics.register(core.server)
    core.server.register("status", methods.status, slow=True)
    core.server.register("calls.list", methods.calls, slow=True)
    core.server.register("calls.hangup", methods.hang_up, slow=True)
    core.server.register("registrations.list", methods.registrations, slow=True)
    register_registrations(core.server, methods.drop_registration)
    core.server.register("trunks.list", methods.trunks, slow=True)
    core.server.register("survival.show", methods.survival)
    core.server.register("bans.list", methods.bans, slow=True)
    core.server.register("bans.remove", methods.unban)
    core.server.register("edge.reload_tls", methods.reload_tls, slow=True)
    core.server.register("explain", methods.explain, slow=True)


def _search(handset: DectHandset, to: str) -> PlaceCall | PlayTo:
    """What rings one handset alone; with somebody to talk to, or to say thanks."""
    if to:
        return PlaceCall(extension=handset.extension, dialled=to, device=handset.id)
    return PlayTo(extension=handset.extension, prompt="goodbye", device=handset.id)


class _Methods:
    def __init__(self, core: Core) -> None:
        self._core = core

    def status(self, _params: Params) -> Any:
        """Figures of core and edge for people and probes."""
        core = self._core
        snapshot = core.configuration.snapshot()
        records = core.records.status()
        legs, calls = core.loop.ask(
            lambda: (core.loop.control.leg_count, len(core.loop.control.live_calls())), ASK_S
        )
        return {
            "node": core.box.node,
            "identity": core.identity,
            "pid": os.getpid(),
            "started": core.started.isoformat(),
            "revision": snapshot.revision,
            "calls": calls,
            "legs": legs,
            "max_legs": core.box.engine.max_legs,
            "extensions": len(snapshot.extensions),
            "devices": len(snapshot.devices),
            "numbers": len(snapshot.numbers),
            "trunks": {
                state.trunk: state.status.value for state in core.loop.ask(core.loop.trunk_states, ASK_S)
            },
            "internet": {"state": core.survival.judgement.internet.value, "why": core.survival.judgement.why},
            "edge": {"up": core.edge.up, "contacts": len(core.edge.all_contacts())},
            "records": encode(records),
            "mail": encode(core.notifier.status()),
            "warnings": list(core.warnings()),
            "alarms": [one.said(snapshot.site.language) for one in core.alarms.active()],
            "configuration_problems": [str(problem) for problem in core.configuration.problems()],
            "process": encode(process_figures()),
        }

    def calls(self, _params: Params) -> Any:
        """Calls in progress with their legs and how these sound."""
        core = self._core
        live, media = core.loop.ask(
            lambda: (core.loop.control.live_calls(), {one.leg: one for one in core.sip.leg_media()}), ASK_S
        )
        return [
            {
                **encode(record),
                "legs": [
                    {**encode(leg), "media": encode(media[leg.leg]) if leg.leg in media else None}
                    for leg in legs
                ],
            }
            for record, legs in live
        ]

    def legs_of(self, call: str) -> tuple[str, ...]:
        """Legs of a call, running or over."""
        with contextlib.suppress(OrtsamtError):
            self._core.records.flush(ASK_S)
            return tuple(one.leg for one in self._core.records.call(CallId(call)).legs)
        return ()

    def hang_up(self, params: Params) -> Any:
        """End a call or one leg of it by id."""
        core = self._core
        wanted = _text(params, "call") or _text(params, "leg")
        if not wanted:
            raise ConfigError(
                "which call is to be ended?", field="call", hint="give the id that 'ctl calls' shows"
            )
        live = core.loop.ask(core.loop.control.live_calls, ASK_S)
        if any(record.call == wanted for record, _ in live):
            core.loop.post(HangUp(call=CallId(wanted)))
        elif any(leg.leg == wanted for _, legs in live for leg in legs):
            core.loop.post(HangUp(leg=LegId(wanted)))
        else:
            raise NotFound(f"there is no call '{wanted}'", hint="'ctl calls' shows the calls in progress")
        return {"ended": wanted}

    def registrations(self, _params: Params) -> Any:
        """Registered phones, asked from the edge; as last heard while it is away."""
        core = self._core
        try:
            contacts = core.edge.registrations().result(ASK_S)
        except (DeviceUnavailable, FutureTimeout):
            contacts = core.edge.all_contacts()
        devices = core.configuration.snapshot().device_by_username
        out = []
        for contact in contacts:
            device = devices.get(contact.aor)
            out.append({**encode(contact), "extension": device.extension if device is not None else None})
        return out

    def drop_registration(self, asked: OfRegistration) -> bool:
        """Have the edge forget one phone; False: it is not registered."""
        edge = self._core.edge
        try:
            for contact in edge.registrations().result(ASK_S):
                if (contact.aor, contact.uri) == (asked.aor, asked.uri):
                    edge.drop_contact(contact).result(ASK_S)
                    return True
        except FutureTimeout:
            raise DeviceUnavailable(
                "the edge does not answer", hint="the edge is started again by its supervisor"
            ) from None
        return False

    def trunks(self, _params: Params) -> Any:
        """Every trunk and its state."""
        core = self._core
        snapshot = core.configuration.snapshot()
        states = {state.trunk: state for state in core.loop.ask(core.loop.trunk_states, ASK_S)}
        out = []
        for trunk in snapshot.trunks_by_priority:
            state = states.get(trunk.id)
            out.append(
                {
                    "id": trunk.id,
                    "name": trunk.name,
                    "kind": trunk.kind.value,
                    "host": trunk.host,
                    "priority": trunk.priority,
                    "status": state.status.value if state is not None else "unknown",
                    "detail": state.detail if state is not None else "",
                }
            )
        return out

    def survival(self, _params: Params) -> Any:
        """How the internet is, what each probe says, and the outages since the start."""
        survival = self._core.survival
        return {**encode(survival.judgement), "outages": encode(survival.outages)}

    def bans(self, _params: Params) -> Any:
        """Addresses and accounts that are refused now."""
        return [encode(ban) for ban in self._core.edge.bans().result(ASK_S)]

    def unban(self, params: Params) -> Any:
        """Lift a ban."""
        address = _text(params, "address")
        if not address:
            raise ConfigError(
                "which ban is to be lifted?", field="address", hint="give the address 'bans' shows"
            )
        self._core.edge.unban(address, _text(params, "account"))
        return {"lifted": address}

    def reload_tls(self, _params: Params) -> Any:
        """Take a changed certificate into use."""
        self._core.edge.reload_tls().result(ASK_S)
        return {"reloaded": True}

    def explain(self, params: Params) -> Any:
        """Where a call would go, and why; as a live call would (``suppose``: ``21=dnd night=on``)."""
        snapshot = suppose(self._core.configuration.snapshot(), _text(params, "suppose"))
        language = _language(_text(params, "language")) or snapshot.site.language
        if _text(params, "call"):  # one that was
            self._core.records.flush(ASK_S)
            past = self._core.records.call(CallId(_text(params, "call")))
            return encode(explain_past(past.call, past.legs, language, ZoneInfo(snapshot.site.timezone)))
        now = datetime.now(UTC)
        imagined = imagine(
            snapshot,
            caller=_text(params, "from"),
            dialled=_text(params, "to"),
            at=_text(params, "at"),
            trunk=_text(params, "trunk"),
            now=now,
        )
        return encode(explain(plan(imagined.request, snapshot, imagined.at), language))


def mask(found: Any) -> Any:
    """What goes to strangers: public numbers without their last digits."""
    return json.loads(mask_number(json.dumps(found, default=str)))


def _text(params: Params, name: str) -> str:
    """A text among the params, empty when it is not there; raises ConfigError for anything else."""
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{name} is not a text", field=name, hint="put it into quotation marks")
    return value or ""


def _language(text: str) -> Language | None:
    try:
        return Language(text) if text else None
    except ValueError:
        known = " or ".join(one.value for one in Language)
        raise ConfigError(f"language '{text}' is not spoken here", field="language", hint=known) from None
