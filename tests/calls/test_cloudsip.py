"""The customer's catalogue of basic functions over real SIP: one test a sentence, named after it.

What is decided before anything rings has its tests in ``tests/unit/routing/test_cloudsip.py``.
"""

from collections.abc import Iterator

import pytest

from tests.calls.raw import raw_phone
from tests.calls.test_own_recordings import beep, ctl
from tests.support.box import PUBLIC, Box, office, ring, tone_of
from tests.support.phone import Phone
from tests.support.provider import Provider
from tests.system.box.tools import Lamp

HEARD_S = 8
MUSIC = 1500
MOBILE = "+4915112345678"
ANNA, BEN, CLARA = tone_of("21"), tone_of("22"), tone_of("23")


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The network."""
    with Provider(accounts=(f"demo:secret-of-demo:{PUBLIC}",)) as running:
        yield running


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Box]:
    """Three people, a public number that rings 22, a short number, a trunk."""
    documents = office(
        "21",
        "22",
        "23",
        number={"main": {"number": PUBLIC, "steps": [ring("22")]}},
        speed_dial={"ben": {"number": "*7", "dial": "22"}},
        trunk={
            "out": {
                "host": "127.0.0.1",
                "port": provider.port,
                "username": "demo",
                "secret": "secret-of-demo",
            }
        },
    )
    folder = tmp_path_factory.mktemp("box")
    with Box(folder, documents) as box:
        provider.wait("registered")
        ctl(box, "audio-add", "jazz", beep(folder, MUSIC), "--use", "music")
        box.control("config.set", kind="site", id="main", fields={"music_on_hold": "music/jazz"})
        yield box


def talk(caller: Phone, called: Phone, dialled: str = "") -> tuple[int, int]:
    """Connect two phones; each side's number of the call."""
    mine = caller.call(dialled or called.user)
    theirs = called.answer(called.incoming()["call"])
    caller.wait("answered", call=mine)
    return mine, theirs


def test_besetztlampenfeld_und_pick_up(box: Box) -> None:
    """„… den Telefonstatus ausgewählter Teilnehmer anzuzeigen.“ „Klingelt das Telefon eines Teilnehmers,

    kann der Nutzer den Anruf durch Drücken einer Telefontaste annehmen.“
    """
    lamp = Lamp(box, "23", "22")
    lamp.wait("", "terminated")
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine = anna.call("22")
        ringing = ben.incoming()["call"]
        lamp.wait("early")
        taken = clara.call("**22")
        anna.hears(CLARA, call=mine, within=HEARD_S)
        clara.hears(ANNA, call=taken, within=HEARD_S)
        ben.ended(ringing)
        lamp.wait("", "terminated")
        clara.hangup(taken)
    lamp.close()


def test_individuelle_wartemusik_und_halten(box: Box) -> None:
    """„Audio-Datei (Musik) wird wiedergegeben, wenn die Gegenstelle gehalten wird.“

    „Während des Haltezustandes kann der Nutzer einen anderen anrufen, ohne dass der gehaltene mithören kann.“
    """
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        anna.hold(mine)
        asked, third = talk(anna, clara)
        anna.hears(CLARA, call=asked, within=HEARD_S)
        clara.hears(ANNA, call=third, within=HEARD_S)
        ben.hears(MUSIC, call=theirs, within=HEARD_S)  # and nothing else: other tones would be told
        for call in (asked, mine):
            anna.hangup(call)


def test_anrufweiterleitung_am_endgeraet_einstellen(box: Box, provider: Provider) -> None:
    """„… über eine Kurzwahltaste am Endgerät eine Weiterleitung aller eingehenden Anrufe

    auf eine vordefinierte Festnetz- oder Mobilfunknummer einstellen.“
    """
    away = {"on": "always", "to": {"kind": "external", "ref": MOBILE}, "enabled": False}
    box.control("config.set", kind="extension", id="22", fields={"forwardings": [away]})
    with box.phones("21", "22") as (anna, ben):
        key = ben.call("*2322")
        ben.ended(key)
        mine = anna.call("22")
        outside = provider.wait("incoming", called=MOBILE)["call"]
        provider.hears(ANNA, call=outside)
        anna.hangup(mine)
        assert ben.count("incoming") == 0
        ben.ended(ben.call("*2322"))
        _, theirs = talk(anna, ben)
        ben.hangup(theirs)


def test_anrufbenachrichtigung_am_endgeraet(box: Box, provider: Provider) -> None:
    """„… werden dem Nutzer verpasste Anrufe … am Endgerät angezeigt“: mit Nummer, und nur die verpassten."""
    with raw_phone(box, "22", register=True) as desk:
        outside = provider.call(PUBLIC, "+4930901820")
        offered = desk.wait_request("INVITE")
        assert "030901820" in offered.get("from")
        desk.respond(offered, 180, "Ringing", tag="d")
        provider.hangup(outside)
        stopped = desk.wait_request("CANCEL")
        assert "elsewhere" not in stopped.get("reason")
        desk.respond(stopped, 200, "OK")
        desk.respond(offered, 487, "Request Terminated", tag="d")
        assert desk.register(expires_s=0).status == 200


def test_wahlwiederholung_und_kurzwahl(box: Box) -> None:
    """„… die zuletzt gewählte Rufnummer erneut.“ „… eine vordefinierte Rufnummer über nur eine Taste.“"""
    with box.phones("21", "22") as (anna, ben):
        for dialled in ("*7", "*66"):
            _, theirs = talk(anna, ben, dialled)
            ben.hears(ANNA, call=theirs, within=HEARD_S)
            ben.hangup(theirs)


def test_anklopfen_und_makeln(box: Box) -> None:
    """„… ein Gespräch annehmen, während er bereits telefoniert.“ „Das aktive Gespräch wechselt in den

    Haltemodus und umgekehrt.“
    """
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, first = talk(anna, ben)
        other = clara.call("22")
        waiting = ben.incoming()["call"]
        ben.hold(first)
        ben.answer(waiting)
        clara.hears(BEN, call=other, within=HEARD_S)
        anna.hears(MUSIC, call=mine, within=HEARD_S)
        ben.hold(waiting)
        ben.resume(first)
        anna.hears(BEN, call=mine, within=HEARD_S)
        clara.hears(MUSIC, call=other, within=HEARD_S)
        for call in (waiting, first):
            ben.hangup(call)


def test_anruf_vermitteln_nach_rueckfrage(box: Box) -> None:
    """„… wird nach Rückfrage/Information an einen anderen Teilnehmer vermittelt.“"""
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        asked = anna.consult("23", mine)
        third = clara.answer(clara.incoming()["call"])
        clara.hears(ANNA, call=third, within=HEARD_S)
        anna.complete(mine, asked)
        ben.hears(CLARA, call=theirs, within=HEARD_S)
        clara.hears(BEN, call=third, within=HEARD_S)
        anna.ended(mine)
        ben.hangup(theirs)


def test_anruf_vermitteln_ohne_rueckfrage(box: Box) -> None:
    """„… wird ohne vorherige Rückfrage/Information an einen anderen Teilnehmer vermittelt.“"""
    with box.phones("21", "22", "23") as (anna, ben, clara):
        mine, theirs = talk(anna, ben)
        anna.transfer("23", mine)
        third = clara.answer(clara.incoming()["call"])
        anna.ended(mine)
        ben.hears(CLARA, call=theirs, within=HEARD_S)
        clara.hears(BEN, call=third, within=HEARD_S)
        ben.hangup(theirs)


def test_dreierkonferenz(box: Box) -> None:
    """„… Telefonkonferenz mit zwei weiteren Teilnehmern, die sich vom Endgerät aus aufbauen lässt.“"""
    with box.phones("21", "22", "23") as (anna, ben, clara):
        first, bens = talk(anna, ben)
        anna.hold(first)
        second, claras = talk(anna, clara)
        anna.hold(second)
        room = anna.call("*3")
        anna.hears(BEN, CLARA, call=room, within=HEARD_S)
        ben.hears(ANNA, CLARA, call=bens, within=HEARD_S)
        clara.hears(ANNA, BEN, call=claras, within=HEARD_S)
        anna.hangup(room)
        ben.hangup(bens)


def test_mobile_und_softphone_integration(box: Box, provider: Provider) -> None:
    """„… ein- und ausgehende Telefonate über seine Festnetzrufnummer führen.“

    „… sich über Software-Applikation mit der Anlage verbinden und Telefonate führen.“
    """
    with box.phones("22", transport="tls") as (ben,):
        outside = provider.call(PUBLIC)
        theirs = ben.answer(ben.incoming()["call"])
        provider.hears(BEN, call=outside)
        ben.hangup(theirs)
        call = ben.call("030901820")
        offer = provider.wait("incoming", called="+4930901820")
        assert offer["number"] == PUBLIC
        ben.wait("answered", call=call)
        ben.hangup(call)
