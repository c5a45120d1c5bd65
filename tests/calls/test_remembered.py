"""What the box remembers over a sudden end: the number dialled last, and who waits to be called back."""

from pathlib import Path

from tests.support.box import Box, office, tone_of

HEARD_S = 10


def test_redial_and_a_wish_to_be_called_back_outlive_the_core(tmp_path: Path) -> None:
    with (
        Box(tmp_path, office("21", "22", "23")) as box,
        box.phones("21", "22", "23") as (anna, ben, clara),
    ):
        talk = clara.call("22")
        ben.answer(ben.incoming()["call"])
        clara.wait("answered", call=talk)
        call = anna.call("22")
        ben.reject(486, call=ben.incoming()["call"])
        anna.ended(call)
        wish = anna.call("*37")
        anna.hears_sound(call=wish, within=HEARD_S)
        anna.ended(wish)
        assert box.core is not None
        box.core.kill()
        box.restart_core()

        again = anna.call("*66")
        offered = ben.incoming()
        assert offered["number"] == "21"
        ben.reject(486, call=offered["call"])
        anna.ended(again)
        back = anna.incoming(timeout=15)
        assert back["number"] == "22", "ben was there, and is free now"
        anna.answer(back["call"])
        theirs = ben.incoming()["call"]
        ben.answer(theirs)
        anna.hears(tone_of("22"), call=back["call"], within=HEARD_S)
        anna.hangup(back["call"])
        ben.ended(theirs)
        box.core.kill()
        box.restart_core()
        assert anna.count("incoming") == 1
        sign = ben.call("*43")
        ben.wait("answered", call=sign)
        ben.hangup(sign)
        box.records(1)
        assert anna.count("incoming") == 1, "the wish was fulfilled: it does not come back"
