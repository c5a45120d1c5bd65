"""The customer's catalogue of smartphone apps, sentence by sentence, with real calls.

The emulated provider plays the public network: strangers, those who are called, and the mobile phones.

What the catalogue says, and where it is tried (``gsm``: test_mobile_by_gsm.py, by a GSM module):

| sentence | test |
|---|---|
| an app connects by internet | test_mit_dem_smartphone, test_der_qr_code |
| … or by the mobile network, which costs no data | gsm, and all below |
| calls in and out with the office's number, anywhere | test_mit_dem_smartphone, test_die_call_app |
| internet, out: only the way to the target costs | test_mit_dem_smartphone: legs of the records |
| internet, in: free; passed on to the smartphone | test_mit_dem_smartphone: legs of the records |
| callthrough: calls the system, which leads on | test_die_call_app, gsm; test_ein_fremder |
| call-back: two connections, the system pays both | test_daraufhin, gsm by SMS |
| call-reverse: the caller is held while it rings | test_waehrend_das_smartphone_klingelt |
| … taken: the user's tariff, then both are joined | test_waehrend_das_smartphone_klingelt |
| … not taken: voicemail | test_nimmt_der_nutzer_nicht_an |
"""

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.box import PUBLIC, Box, office, ring, tone_of
from tests.support.processes import ortsamt
from tests.support.provider import Provider

GATE = f"{PUBLIC[:-2]}99"
BEN_PUBLIC, CLARA_PUBLIC = f"{PUBLIC[:-2]}22", f"{PUBLIC[:-2]}23"
ANNA = "+4915112345678"
BEN = "+4915112345619"
"""Rings and is never answered."""
CLARA = "+4915112345680"
"""Answered after a moment, as by a mailbox."""
STRANGER = "+4930123456"
PIN = "471147"
STRANGER_TONE, MOBILE_TONE = 1300, 1700
DIALLED, CALLED = "030987650", "+4930987650"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(accounts=(f"demo:secret-of-demo:{PUBLIC[:-4]}",), tone=1000) as running:
        yield running


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    documents = office(
        "21",
        "22",
        "23",
        extension={
            "21": {"number": "21", "name": "Anna", "pin": PIN, "caller_number": PUBLIC},
            "22": {"number": "22", "name": "Ben", "voicemail": True},
            "23": {"number": "23", "name": "Clara"},
        },
        mobile={
            "anna": {"extension": "21", "number": ANNA},
            "ben": {"extension": "22", "number": BEN, "reverse": True, "reverse_seconds": 10},
            "clara": {"extension": "23", "number": CLARA, "rings": True, "needs_pin": False},
        },
        callthrough={"gate": {"name": "Gate"}},
        number={
            "gate": {
                "number": GATE,
                "steps": [{"targets": [{"kind": "callthrough", "ref": "gate"}], "seconds": 20}],
            },
            "ben": {"number": BEN_PUBLIC, "steps": [ring("22", seconds=10)]},
            "clara": {"number": CLARA_PUBLIC, "steps": [ring("23", seconds=60)]},
            "main": {"number": PUBLIC, "steps": [ring("21")]},
        },
        trunk={
            "out": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "demo",
                "secret": "secret-of-demo",
                "no_screening": True,
            }
        },
    )
    with Box(tmp_path_factory.mktemp("box"), documents) as box:
        provider.wait("registered", account="demo")
        yield box


def dials_in(provider: Provider, caller: str, number: str = GATE, tone: int = MOBILE_TONE) -> int:
    """A mobile (or a stranger) calls and is answered."""
    call = provider.call(number, caller)
    provider.wait("answered", call=call)
    provider.send("tone", hz=tone, call=call)
    return call


def dial_tone(provider: Provider, call: int) -> None:
    provider.hears(425, call=call)


def paid(record: dict[str, Any]) -> list[str]:
    """The legs of a call that the office pays."""
    return [
        leg["endpoint"]
        for leg in record["legs"]
        if leg["direction"] == "outgoing" and leg["endpoint"].startswith("trunk:") and leg["answered"]
    ]


# -- "Verbindung über Internet" ----------------------------------------------------------------------


def test_mit_dem_smartphone_ueber_die_festnetz_rufnummer_telefonieren(box: Box, provider: Provider) -> None:
    """Internet: a softphone is a phone of the office: calls in reach it, calls out show the number."""
    with box.phones("21") as (softphone,):
        call = softphone.call(DIALLED)
        out = provider.wait("incoming", called=CALLED)
        assert PUBLIC.removeprefix("+") in out["number"]
        softphone.hears(1000, call=call)
        softphone.hangup(call)
        caller = provider.call(PUBLIC, STRANGER)
        softphone.incoming()
        softphone.answer()
        provider.wait("answered", call=caller)
        provider.hears(tone_of("21"), call=caller)
        provider.hangup(caller)
    box.idle()
    out_call, in_call = box.records(2)[-2:]
    assert paid(out_call) == ["trunk:out"], "the way to the target, and nothing else"
    assert paid(in_call) == []


# -- "Callthrough-Funktion" --------------------------------------------------------------------------


def test_die_call_app_baut_eine_verbindung_auf_und_die_telefonanlage_leitet_weiter(
    box: Box, provider: Provider
) -> None:
    """The app dials the box, keys PIN and number; two calls in a row, then the records say who pays what."""
    call = dials_in(provider, ANNA)
    provider.send("digits", digits=f"{PIN}#", call=call)
    dial_tone(provider, call)
    provider.send("digits", digits=f"{DIALLED}#", call=call)
    first = provider.wait("incoming", called=CALLED)
    assert PUBLIC.removeprefix("+") in first["number"]  # the office's number, not the mobile's
    provider.hears(1000, call=call)
    provider.hears(MOBILE_TONE, call=first["call"])
    provider.send("digits", digits="*#", call=call)
    provider.wait("ended", call=first["call"])
    dial_tone(provider, call)
    with box.phones("22") as (ben,):
        provider.send("digits", digits="22#", call=call)
        ben.incoming()
        provider.wait("incoming", called=BEN)  # his smartphone rings, too
        ben.answer()
        ben.hears(MOBILE_TONE)
        ben.hangup()  # the far end hangs up
        dial_tone(provider, call)
    provider.hangup(call)
    box.idle()
    records = box.records(4)[-4:]
    outbound = [one for one in records if one["call"]["kind"] == "outbound"]
    assert [(one["call"]["caller_number"], one["call"]["called"]) for one in outbound] == [("21", CALLED)]


def test_mit_rueckfrage_verbinden(box: Box, provider: Provider) -> None:
    """A mobile asks a colleague, who hears it and not the other one, then puts both together."""
    call = dials_in(provider, ANNA)
    provider.send("digits", digits=f"{PIN}#", call=call)
    dial_tone(provider, call)
    provider.send("digits", digits=f"{DIALLED}#", call=call)
    far = provider.wait("incoming", called=CALLED)["call"]
    provider.hears(1000, call=call)
    with box.phones("22") as (ben,):
        provider.send("digits", digits="*222#", call=call)
        ben.incoming()
        provider.wait("incoming", called=BEN)  # his smartphone rings, too
        ben.answer()
        ben.hears(MOBILE_TONE)
        provider.hears(tone_of("22"), call=call)
        provider.hears_sound(call=far)  # music
        provider.send("digits", digits="*1", call=call)
        provider.hears(MOBILE_TONE, call=far)
        provider.send("digits", digits="*4#", call=call)
        provider.wait("ended", call=call)
        ben.hears(1000)
        provider.hears(tone_of("22"), call=far)
        ben.hangup()
        provider.wait("ended", call=far)
    box.idle()


def test_ein_fremder_kommt_nicht_weiter(box: Box, provider: Provider) -> None:
    call = provider.call(GATE, STRANGER)
    provider.wait("ended", call=call)
    forged = dials_in(provider, ANNA)  # the number is right, the PIN is not
    provider.hears_sound(call=forged)
    for _ in range(3):
        provider.send("digits", digits="000000#", call=forged)
    provider.send("hangup", call=forged)
    provider.wait("ended", call=forged)
    box.idle()


# -- "Call-Back-Funktion" ----------------------------------------------------------------------------


def test_daraufhin_baut_die_telefonanlage_zwei_verbindungen_auf(box: Box, provider: Provider) -> None:
    """To the smartphone and to the target; the box pays both."""
    assert box.control("calls.call_back", extension="21", dialled=DIALLED) == {"calling": ANNA}
    mobile = provider.wait("incoming", called=ANNA)["call"]
    provider.wait("answered", call=mobile)
    provider.send("tone", hz=MOBILE_TONE, call=mobile)
    provider.hears_sound(call=mobile)  # what to press
    provider.send("digits", digits="1", call=mobile)
    target = provider.wait("incoming", called=CALLED)["call"]
    provider.hears(MOBILE_TONE, call=target)
    provider.hears(1000, call=mobile)
    provider.hangup(target)
    provider.wait("ended", call=mobile)
    box.idle()
    (record,) = box.records(1)
    assert [leg["direction"] for leg in record["legs"]] == ["outgoing", "outgoing"]


# -- "Call-Reverse-Funktion" -------------------------------------------------------------------------


def reverse(provider: Provider) -> tuple[int, int]:
    """A stranger calls Ben: the held caller's call and the one that rings the smartphone."""
    caller = dials_in(provider, STRANGER, BEN_PUBLIC, STRANGER_TONE)
    shown = provider.wait("incoming", called=BEN)
    assert STRANGER.removeprefix("+49") in shown["number"]  # the user sees who calls
    return caller, shown["call"]


def test_waehrend_das_smartphone_klingelt_wird_der_anruf_gehalten_und_dann_verknuepft(
    box: Box, provider: Provider
) -> None:
    caller, ringing = reverse(provider)
    provider.hears_sound(call=caller)  # music
    mobile = dials_in(provider, BEN)  # on the user's tariff
    provider.wait("ended", call=ringing)
    provider.hears(MOBILE_TONE, call=caller)
    provider.hears(STRANGER_TONE, call=mobile)
    provider.hangup(caller)
    provider.wait("ended", call=mobile)
    box.idle()
    legs = [leg for one in box.records(2)[-2:] for leg in one["legs"]]
    assert not any(leg["answered"] for leg in legs if leg["direction"] == "outgoing")  # nothing to pay


def test_nimmt_der_nutzer_nicht_an_folgt_der_anrufbeantworter(box: Box, provider: Provider) -> None:
    caller, ringing = reverse(provider)
    provider.wait("ended", call=ringing)
    provider.hears_sound(call=caller)
    assert any(leg["direction"] == "incoming" for one in box.calls() for leg in one["legs"])
    provider.hangup(caller)
    box.idle()


# -- "leitet den Anrufer dann an Ihr mobiles Endgerät weiter" ----------------------------------------


def test_wer_am_mobiltelefon_die_eins_drueckt_bekommt_das_gespraech(box: Box, provider: Provider) -> None:
    caller = provider.call(CLARA_PUBLIC, STRANGER)
    mobile = provider.wait("incoming", called=CLARA)["call"]
    provider.wait("answered", call=mobile)
    provider.send("tone", hz=MOBILE_TONE, call=mobile)
    provider.hears_sound(call=mobile)
    provider.send("digits", digits="1", call=mobile)
    provider.wait("answered", call=caller)
    provider.send("tone", hz=STRANGER_TONE, call=caller)
    provider.hears(STRANGER_TONE, call=mobile)
    provider.hears(MOBILE_TONE, call=caller)
    provider.send("digits", digits="*1", call=mobile)
    provider.hears_sound(call=caller)  # held with music
    provider.hangup(mobile)
    provider.wait("ended", call=caller)
    box.idle()


def test_eine_mailbox_bekommt_das_gespraech_nie(box: Box, provider: Provider) -> None:
    with box.phones("23") as (desk,):
        caller = provider.call(CLARA_PUBLIC, STRANGER)
        mailbox = provider.wait("incoming", called=CLARA)["call"]
        desk.incoming()
        provider.hears_sound(call=mailbox)
        desk.answer()  # it rings on, and gets the call
        provider.wait("answered", call=caller)
        provider.wait("ended", call=mailbox)
        provider.hears(tone_of("23"), call=caller)
        provider.hangup(caller)
    box.idle()


# -- "Wie Sie Ihr Smartphone mit der Telefonanlage verbinden" ----------------------------------------


def test_der_qr_code_verbindet_das_smartphone(box: Box, provider: Provider, tmp_path: Path) -> None:
    """What the app loads is all it needs to register."""
    document, image = tmp_path / "21.xml", tmp_path / "21.svg"
    words = ["qr", "21", "--url", "https://box.example.com/21.xml"]
    command = [*ortsamt("ctl", "--socket", str(box.socket)), *words]
    drawn = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert len(drawn.splitlines()) > 10
    subprocess.run([*command, "--document", str(document), "--svg", str(image)], check=True, timeout=60)
    assert image.stat().st_mode & 0o077 == 0
    entries = {one.get("name"): one.text for one in ET.parse(document).iter() if one.get("name")}
    assert str(box.ports["sip_port"]) in (entries["reg_proxy"] or "")
    with box.phone(entries["username"] or "", secret=entries["passwd"]) as softphone:
        softphone.register()


# -- "Security": guessing -----------------------------------------------------------------------------


def test_wer_pins_raet_wird_ausgesperrt_und_gemeldet(box: Box, provider: Provider) -> None:
    with box.watching("alarm") as news:
        for _ in range(3):
            call = dials_in(provider, ANNA)
            provider.hears_sound(call=call)
            for _ in range(3):
                provider.send("digits", digits="000000#", call=call)
                provider.silence(call=call)
                provider.hears_sound(call=call)
            provider.send("hangup", call=call)
            provider.wait("ended", call=call)
        told = news.wait("alarm", id="pins.guessed")
        assert told["subject"] == "gate"
        assert ANNA not in told["text"]
    box.idle()
