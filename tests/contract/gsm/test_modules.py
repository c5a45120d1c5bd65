"""What every family of modules must do: calls, SMS, states; and what they may do to us without harm."""

import subprocess
import threading
import time
from array import array
from math import pi, sin

import pytest

from appliance.drivers.gsm import sound
from appliance.drivers.gsm.bank import ModuleBank
from appliance.drivers.gsm.emulated_network import Mischief, Network, Sim
from appliance.drivers.gsm.emulator import EmulatedModule
from appliance.drivers.gsm.pins import PinFile
from appliance.drivers.gsm.reports import CallStage
from appliance.model import gsm
from appliance.model.box import GsmPort
from appliance.model.causes import Cause
from appliance.model.gsm import GsmModule, ModuleStatus, Registration
from appliance.model.ids import LegId, ModuleId
from tests.contract.gsm.conftest import MODULE, Rig
from tests.support.processes import Process, ortsamt

DOCUMENT = GsmModule(id=MODULE)
MOBILE = "+491701234567"
FAMILIES = ["simcom", "quectel", "generic"]
VOICE = ["simcom", "quectel"]
MISCHIEF = {
    "well-behaved": Mischief(),
    "split": Mischief(split=True),
    "merged": Mischief(merge=True),
    "echoing": Mischief(echo=True, shuffle=True),
    "rubbish": Mischief(rubbish=True, split=True),
    "lossy": Mischief(
        lose=frozenset({"RING", "+CLIP", "NO CARRIER", "VOICE CALL", "+CLCC", "+QIND", "^DSCI"})
    ),
}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=VOICE)
def voice(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def ready(rig: Rig, family: str, document: GsmModule = DOCUMENT, **options: object) -> EmulatedModule:
    module = rig.plug(family, **options)
    rig.start(document)
    rig.settled()
    return module


def test_a_module_is_found_and_tells_what_it_is(rig: Rig, family: str) -> None:
    ready(rig, family)
    state = rig.eventually(
        lambda: one if (one := rig.state()) and one.operator and one.signal_dbm else None, "operator"
    )
    assert state.family == family
    assert (state.imei, state.place) == ("860000000000017", "1-1.2")
    assert (state.operator, state.technology, state.signal_dbm) == ("Emulated.de", "LTE", -67)
    assert state.registration is Registration.HOME


@pytest.mark.parametrize("mischief", MISCHIEF.values(), ids=MISCHIEF)
def test_a_call_out_from_dialling_to_the_other_partys_end(rig: Rig, voice: str, mischief: Mischief) -> None:
    module = ready(rig, voice, mischief=mischief)
    leg = rig.dial()
    rig.wait(gsm.CallDialling, leg=leg)
    assert module.network.dialled == ["+4922155501"]
    module.far_rings()
    rig.wait(gsm.CallRings, leg=leg)
    module.far_answers()
    rig.wait(gsm.CallTalks, leg=leg)
    rig.modem.order(gsm.SendKey(leg=leg, digit="5"))
    module.wait(lambda one: one.network.keys == ["5"])
    module.far_presses("#")
    rig.wait(gsm.CallKey, leg=leg, digit="#")
    module.far_hangs_up()
    ended = rig.wait(gsm.CallEnds, leg=leg)
    assert (ended.cause, ended.by_remote) == (Cause.NORMAL, True)
    assert not any(isinstance(event, gsm.CallEnds) for event in rig.events)


@pytest.mark.parametrize("mischief", MISCHIEF.values(), ids=MISCHIEF)
def test_a_call_in_is_told_once_with_its_number_answered_and_ended_by_us(
    rig: Rig, voice: str, mischief: Mischief
) -> None:
    module = ready(rig, voice, mischief=mischief)
    module.call("+491701234567")
    comes = rig.wait(gsm.CallComes)
    assert (comes.number, comes.withheld) == ("+491701234567", False)
    rig.modem.order(gsm.AnswerCall(leg=comes.leg))
    rig.wait(gsm.CallTalks, leg=comes.leg)
    rig.modem.order(gsm.HangUpCall(leg=comes.leg))
    ended = rig.wait(gsm.CallEnds, leg=comes.leg)
    assert (ended.cause, ended.by_remote) == (Cause.NORMAL, False)
    module.wait(lambda one: one.stage is None)
    assert not any(isinstance(event, gsm.CallComes | gsm.CallEnds) for event in rig.events)


def test_a_caller_without_number_and_one_who_gives_up(rig: Rig, voice: str) -> None:
    module = ready(rig, voice)
    module.call(withheld=True)
    comes = rig.wait(gsm.CallComes)
    assert (comes.number, comes.withheld) == ("", True)
    module.far_hangs_up()
    assert rig.wait(gsm.CallEnds, leg=comes.leg).cause is Cause.CANCELLED


@pytest.mark.parametrize(
    ("text", "report", "cause"),
    [
        ("User busy", "BUSY", Cause.BUSY),
        ("User busy", "", Cause.BUSY),
        ("No user responding", "", Cause.NO_ANSWER),
        ("Unassigned number", "", Cause.UNALLOCATED),
        ("Call rejected", "", Cause.REJECTED),
        ("No circuit/channel available", "", Cause.CONGESTION),
        ("Normal call clearing", "", Cause.UNREACHABLE),
    ],
)
def test_why_a_call_out_failed(rig: Rig, text: str, report: str, cause: Cause) -> None:
    module = ready(rig, "simcom")
    leg = rig.dial()
    rig.wait(gsm.CallDialling, leg=leg)
    module.far_hangs_up(text, report)
    assert rig.wait(gsm.CallEnds, leg=leg).cause is cause


def test_our_number_is_hidden_on_demand_but_not_from_112(rig: Rig, voice: str) -> None:
    module = ready(rig, voice)
    for number, hidden in (("+4922155501", True), ("112", False)):
        leg = rig.dial(number, withhold=True)
        rig.wait(gsm.CallDialling, leg=leg)
        call = module.current
        assert call is not None
        assert call.hidden is hidden
        rig.modem.order(gsm.HangUpCall(leg=leg, cause=Cause.CANCELLED))
        assert rig.wait(gsm.CallEnds, leg=leg).cause is Cause.CANCELLED


def test_what_cannot_be_dialled_ends_at_once_and_no_code_reaches_the_network(rig: Rig, voice: str) -> None:
    module = ready(rig, voice)
    for number in ("**21*0170#", "", "+", "12a", "1" * 30, "112;AT+CFUN=1"):
        leg = rig.dial(number)
        assert rig.wait(gsm.CallEnds, leg=leg).cause is Cause.INVALID_NUMBER
    first = rig.dial()
    second = rig.dial()
    assert rig.wait(gsm.CallEnds, leg=second).cause is Cause.CONGESTION
    rig.modem.order(gsm.HangUpCall(leg=first))
    rig.wait(gsm.CallEnds, leg=first)
    assert module.network.dialled == ["+4922155501"]


def test_a_second_caller_is_sent_away_and_the_call_goes_on(rig: Rig, voice: str) -> None:
    module = ready(rig, voice)
    module.call("+491701111111")
    comes = rig.wait(gsm.CallComes)
    rig.modem.order(gsm.AnswerCall(leg=comes.leg))
    rig.wait(gsm.CallTalks, leg=comes.leg)
    module.call("+491702222222")
    module.wait(lambda one: one._at is not None and one._at.waiting is None)
    assert module.stage is CallStage.ACTIVE
    assert not any(isinstance(event, gsm.CallComes) for event in rig.events)


def test_sound_goes_both_ways(rig: Rig, voice: str) -> None:
    module = ready(rig, voice, mischief=Mischief(audio_errors=3), tone_hz=500)
    leg = rig.dial()
    module.wait(lambda one: one.stage is CallStage.DIALLING)
    module.far_answers()
    rig.wait(gsm.CallTalks, leg=leg)
    mixer = Mixer(rig)
    try:
        module.wait(lambda one: 690 <= one.hears_hz() <= 710)
        rig.eventually(lambda: 490 <= mixer.hears_hz() <= 510, "500 Hz from the module")
    finally:
        mixer.stop()
    rig.modem.order(gsm.HangUpCall(leg=leg))
    rig.wait(gsm.CallEnds, leg=leg)
    assert rig.state().resets == 0  # type: ignore[union-attr]


class Mixer:
    """Calls the module's sound every 20 ms as the mixer does: says 700 Hz, keeps what it hears."""

    def __init__(self, rig: Rig) -> None:
        self._audio = rig.modem.audio
        self._heard: list[bytes] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mixer")
        self._thread.start()

    def hears_hz(self) -> int:
        """The pitch of the last half second."""
        samples = array("h", b"".join(self._heard[-25:]))
        if len(samples) < 4000 or max(samples) < 500:
            return 0
        return (
            sum(1 for i in range(1, len(samples)) if samples[i - 1] < 0 <= samples[i]) * 8000 // len(samples)
        )

    def stop(self) -> None:
        """No more frames."""
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        phase, due = 0, time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due += 0.02
            frame = array("h", (int(8000 * sin(2 * pi * 700 * (phase + i) / 8000)) for i in range(160)))
            phase += 160
            self._audio.write(frame.tobytes())
            self._heard.append(self._audio.read())


def test_a_dumb_module_is_recycled_after_the_call_and_works_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound, "_DEAD_MS", 500)
    module = ready(rig, "simcom", mischief=Mischief(dumb=True))
    leg = rig.dial()
    module.wait(lambda one: one.stage is CallStage.DIALLING)
    module.far_answers()
    rig.wait(gsm.CallTalks, leg=leg)
    modem = rig.modem
    rig.eventually(lambda: modem._sound_line is not None and modem._sound_line.verdict(), "dumbness")
    assert module.resets == 0  # not while somebody talks
    module.far_hangs_up()
    rig.wait(gsm.CallEnds, leg=leg)
    module.wait(lambda one: one.resets == 1)
    module.mischief.dumb = False
    rig.eventually(lambda: rig.bank.modem(MODULE) not in (modem, None), "the module under another name")
    assert (rig.settled().resets, rig.settled().silent_calls) == (1, 1)


def test_unplugged_in_a_call_it_ends_and_works_again_under_another_name(rig: Rig, voice: str) -> None:
    module = ready(rig, voice)
    leg = rig.dial()
    rig.wait(gsm.CallDialling, leg=leg)
    module.far_answers()
    rig.wait(gsm.CallTalks, leg=leg)
    before = rig.modem.found.at_port
    module.unplug()
    assert rig.wait(gsm.CallEnds, leg=leg).by_remote
    rig.settled(ModuleStatus.ABSENT)
    module.plug()
    rig.settled()
    assert rig.modem.found.at_port != before
    again = rig.dial()
    rig.wait(gsm.CallDialling, leg=again)


def test_a_module_that_restarts_in_a_call_comes_back(rig: Rig, voice: str) -> None:
    module = ready(rig, voice, mischief=Mischief(reset_in_call=True))
    modem = rig.modem
    leg = rig.dial()
    rig.wait(gsm.CallDialling, leg=leg)
    module.far_answers()
    rig.wait(gsm.CallEnds, leg=leg)
    module.mischief.reset_in_call = False
    rig.eventually(lambda: rig.bank.modem(MODULE) not in (modem, None), "the module under another name")
    rig.settled()


# --- SIM and network


def test_the_pin_opens_the_sim(rig: Rig, family: str) -> None:
    module = ready(rig, family, GsmModule(id=MODULE, pin="1234"), sim=Sim(pin="1234"))
    assert module.sim.tries == 3


@pytest.mark.parametrize("hidden", [False, True], ids=["tries told", "tries hidden"])
def test_a_wrong_pin_is_tried_once_and_never_again_not_even_after_a_restart(
    rig: Rig, family: str, hidden: bool
) -> None:
    document = GsmModule(id=MODULE, pin="9999")
    module = rig.plug(family, sim=Sim(pin="1234"), mischief=Mischief(pin_tries_hidden=hidden))
    rig.start(document)
    rig.settled(ModuleStatus.PIN_WRONG)
    assert module.sim.tries == 2
    rig.restart(document)
    rig.settled(ModuleStatus.PIN_WRONG)
    assert module.sim.tries == 2
    rig.bank.configure([GsmModule(id=MODULE, pin="1234")])
    rig.settled()
    assert module.sim.tries == 3


def test_the_last_try_is_left_to_a_person_and_a_blocked_sim_is_left_alone(rig: Rig, family: str) -> None:
    document = GsmModule(id=MODULE, pin="1234")
    module = rig.plug(family, sim=Sim(pin="1234", tries=1))
    rig.start(document)
    rig.settled(ModuleStatus.PIN_LAST_TRY)
    assert module.sim.tries == 1
    module.unplug()
    rig.settled(ModuleStatus.ABSENT)
    module.sim.tries = 0
    module.plug()
    rig.settled(ModuleStatus.PUK_WANTED)


def test_without_pin_without_sim_and_a_sim_that_comes_later(rig: Rig, family: str) -> None:
    module = rig.plug(family, sim=Sim(present=False))
    rig.start(DOCUMENT)
    rig.settled(ModuleStatus.NO_SIM)
    module.sim.present = True
    module.sim.pin = "1234"
    rig.settled(ModuleStatus.PIN_WANTED)
    assert module.sim.tries == 3


def test_network_lost_and_found_denied_and_abroad(rig: Rig, family: str) -> None:
    module = ready(rig, family)
    for stage, status, registration in (
        (2, ModuleStatus.NO_NETWORK, Registration.SEARCHING),
        (3, ModuleStatus.NO_NETWORK, Registration.DENIED),
        (5, ModuleStatus.ROAMING_BARRED, Registration.ROAMING),
        (1, ModuleStatus.READY, Registration.HOME),
    ):
        module.register(stage)
        rig.settled(status)
        rig.eventually(lambda wanted=registration: rig.state().registration is wanted, registration)  # type: ignore[misc,union-attr]
    module.register(5)
    rig.settled(ModuleStatus.ROAMING_BARRED)
    rig.bank.configure([GsmModule(id=MODULE, roaming=True)])
    rig.settled()


def test_without_network_calls_fail_at_once_but_emergency_calls_are_tried(rig: Rig, voice: str) -> None:
    module = ready(rig, voice)
    module.register(2)
    rig.settled(ModuleStatus.NO_NETWORK)
    leg = rig.dial()
    assert rig.wait(gsm.CallEnds, leg=leg).cause is Cause.CONGESTION
    emergency = rig.dial("112")
    rig.wait(gsm.CallDialling, leg=emergency)
    assert module.network.dialled == ["112"]


def test_two_modules_with_one_identity_are_told_apart_by_their_place(rig: Rig) -> None:
    first = ready(rig, "simcom")
    rig.plug("simcom", place="1-1.3")
    double = rig.eventually(
        lambda: next((one for one in rig.bank.states() if one.status is ModuleStatus.DUPLICATE), None),
        "double",
    )
    assert double.place == "1-1.3"
    assert rig.settled().place == "1-1.2"
    first.unplug()
    rig.eventually(
        lambda: (one := rig.state()) is not None and one.place == "1-1.3", "the other in its place"
    )
    rig.settled()


def test_documents_are_matched_by_imei_then_place_then_what_is_left(rig: Rig) -> None:
    rig.plug("simcom", place="1-1.2", imei="860000000000001")
    rig.plug("quectel", place="1-1.3", imei="860000000000002")
    rig.plug("generic", place="1-1.4", imei="860000000000003")
    rig.start(
        GsmModule(id=ModuleId("a-any")),
        GsmModule(id=ModuleId("b-place"), usb_path="1-1.2"),
        GsmModule(id=ModuleId("c-imei"), imei="860000000000003"),
        GsmModule(id=ModuleId("d-missing"), imei="860000000000004"),
    )
    for name, place in (("a-any", "1-1.3"), ("b-place", "1-1.2"), ("c-imei", "1-1.4")):
        assert rig.settled(module=ModuleId(name)).place == place
    rig.settled(ModuleStatus.ABSENT, ModuleId("d-missing"))
    rig.bank.configure([])
    rig.eventually(
        lambda: [one.status for one in rig.bank.states()] == [ModuleStatus.UNCONFIGURED] * 3, "unconfigured"
    )


# --- SMS and USSD


@pytest.mark.parametrize(
    "text", ["Hallo {Welt} €", "Grüße — жизнь 🙂", "Lang. " * 60], ids=["7bit", "ucs2", "long"]
)
def test_sms_both_ways(rig: Rig, family: str, text: str) -> None:
    module = ready(rig, family)
    module.sms(text, "+491709876543", parts=3 if len(text) > 100 else 1)
    arrived = rig.wait(gsm.SmsArrived)
    assert (arrived.sms.sender, arrived.sms.text) == ("+491709876543", text)
    assert module.network.stored  # until it is kept elsewhere
    rig.modem.order(gsm.ForgetSms(stored=arrived.sms.stored))
    module.wait(lambda one: not one.network.stored)
    rig.modem.order(gsm.SendSms(reference="r1", number="+491709876543", text=text))
    sent = rig.wait(gsm.SmsSent, reference="r1")
    assert len(module.network.sent) == len(sent.numbers)
    module.sms_report(sent.numbers[-1], "+491709876543")
    assert rig.wait(gsm.SmsReport, number=sent.numbers[-1]).delivered
    module.sms_report(sent.numbers[-1], "+491709876543", 0x46)
    assert not rig.wait(gsm.SmsReport, number=sent.numbers[-1]).delivered


def test_sms_whose_report_was_lost_or_that_came_before_us_are_found(rig: Rig, family: str) -> None:
    module = rig.plug(family)
    module.sms("before", announce=False)
    rig.start(DOCUMENT)
    assert rig.wait(gsm.SmsArrived).sms.text == "before"
    rig.restart(DOCUMENT)  # and nobody had kept it
    assert rig.wait(gsm.SmsArrived).sms.text == "before"


def test_hostile_sms_do_no_harm_and_are_not_in_the_way(rig: Rig, family: str) -> None:
    module = ready(rig, family)
    module.raw_sms(
        "", "00", "0" * 300, "FF" * 175, "07911326040000F0440B911346610089F600002080629173140805FF"
    )
    module.sms("fine")
    rig.eventually(
        lambda: [e for e in rig.events if isinstance(e, gsm.SmsArrived) and e.sms.text == "fine"],
        "the good one",
    )


def test_an_sms_the_network_refuses_for_now_is_sent_in_the_end(rig: Rig) -> None:
    module = ready(rig, "simcom", network=Network(refuse_sms=1))
    rig.modem.order(gsm.SendSms(reference="r", number="+49170", text="x"))
    rig.wait(gsm.SmsSent, reference="r")
    rig.modem.order(gsm.SendSms(reference="bad", number="nobody", text="x"))
    failed = rig.wait(gsm.SmsFailed, reference="bad")
    assert not failed.again
    assert len(module.network.sent) == 1


def test_the_balance_is_asked(rig: Rig, family: str) -> None:
    ready(rig, family, GsmModule(id=MODULE, balance_code="*100#"))
    assert rig.wait(gsm.UssdAnswer).text == "Guthaben: 9,95 €"
    rig.modem.order(gsm.AskNetwork(code="*101#"))
    assert rig.wait(gsm.UssdAnswer).text == "Guthaben: 9,95 €"
    rig.modem.order(gsm.AskNetwork(code="rm -rf"))
    assert rig.wait(gsm.UssdAnswer).why


def test_generic_modules_take_no_calls(rig: Rig) -> None:
    module = ready(rig, "generic")
    leg = rig.dial()
    assert rig.wait(gsm.CallEnds, leg=leg).cause is Cause.NO_ROUTE
    module.call()
    module.wait(lambda one: one.stage is None)
    assert not any(isinstance(event, gsm.CallComes | gsm.CallEnds) for event in rig.events)


def test_orders_to_a_module_that_is_gone_fail_at_once(rig: Rig) -> None:
    module = ready(rig, "simcom")
    modem = rig.modem
    module.unplug()
    rig.settled(ModuleStatus.ABSENT)
    modem.order(gsm.Dial(leg=LegId("late"), number="1"))
    assert rig.wait(gsm.CallEnds, leg=LegId("late")).cause is Cause.CONGESTION
    modem.stop()


def test_the_emulator_is_a_program_that_takes_commands(rig: Rig) -> None:
    folder = ["--folder", str(rig.folder)]

    def tell(*words: str) -> None:
        subprocess.run(ortsamt("gsm-emulator", *folder, *words), check=True, timeout=20, capture_output=True)

    with Process("gsm-emulator", ortsamt("gsm-emulator", *folder), log=rig.folder / "emulator.log"):
        rig.start(DOCUMENT)
        rig.settled()
        leg = rig.dial("+4930123456")
        rig.wait(gsm.CallRings, leg=leg)
        rig.wait(gsm.CallTalks, leg=leg)
        rig.modem.order(gsm.HangUpCall(leg=leg))
        rig.wait(gsm.CallEnds, leg=leg)
        leg = rig.dial("+493012317")
        assert rig.wait(gsm.CallEnds, leg=leg).cause is Cause.BUSY
        tell("sms", MOBILE, "hello", "there")
        assert rig.wait(gsm.SmsArrived).sms.text == "hello there"
        tell("call", MOBILE)
        assert rig.wait(gsm.CallComes).number == MOBILE
        tell("hangup")
        rig.wait(gsm.CallEnds)
        tell("unplug")
        rig.settled(ModuleStatus.ABSENT)
        tell("plug")
        rig.settled()


def test_a_module_on_a_serial_port_of_the_board_is_named_in_the_settings(rig: Rig) -> None:
    module = rig.plug("simcom")
    base = next((rig.folder / "sys/bus/usb/devices/1-1.2").glob("*:1.0/ttyUSB*")).name
    number = int(base.removeprefix("ttyUSB"))
    ports = [rig.folder / "dev" / f"ttyUSB{number + offset}" for offset in (2, 4)]
    named = GsmPort(at_port="/dev/ttyAMA0", audio_port="/dev/ttyAMA1", family="simcom")
    for name, path in zip(("at_port", "audio_port"), ports, strict=True):
        object.__setattr__(named, name, str(path))  # the settings take nothing but /dev
    rig.bank = ModuleBank(
        sysfs=rig.folder / "none", devices=rig.folder / "dev", pins=PinFile(rig.folder / "p"), fixed=[named]
    )
    rig.start(DOCUMENT)
    assert rig.settled().place == ports[0].name
    leg = rig.dial()
    module.wait(lambda one: one.stage is CallStage.DIALLING)
    module.far_answers()
    rig.wait(gsm.CallTalks, leg=leg)
