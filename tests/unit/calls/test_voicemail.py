"""The dialogue of voicemail against real boxes: every way through it, in both languages, and any way."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appliance.media import wav
from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.model.documents import Application, Language
from appliance.model.ids import TrunkId
from appliance.model.messages import MessageState
from appliance.model.plan import Caller, FromTrunk
from appliance.model.voice import RecordingEnd
from tests.unit.calls import office
from tests.unit.calls.mailbox_house import Caller21, House

TRUNK = FromTrunk(trunk=TrunkId("t1"))
STRANGER = Caller(number="+4930901820")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=list(Language))
def language(request: pytest.FixtureRequest) -> Language:
    found: Language = request.param
    return found


def leave(house: House, **more: Any) -> Caller21:
    """Somebody from outside who is about to leave a message."""
    return Caller21(house, Application.VOICEMAIL, **{"origin": TRUNK, "caller": STRANGER, **more})


def hear(house: House, **more: Any) -> Caller21:
    """The owner at the own phone, inside by PIN."""
    caller = Caller21(house, Application.MAILBOX, **{"origin": office.device("21"), **more})
    caller.press("4711#")
    return caller


# Leaving a message


def test_greeting_tone_recording_and_a_message_that_is_safe_before_the_caller_hears_so(house: House) -> None:
    caller = leave(house, prompt="audio/hello")
    assert caller.said == [("audio/hello", "tone/beep")]
    assert house.states() == ["recording"], "the journal comes before the greeting"
    caller.listen()
    assert caller.records[0].name == f"voice/messages/21/{house.store.messages()[0].message}"
    caller.speak()
    assert house.states() == ["new"]
    assert caller.says() == ("tone/beep", "voicemail_saved", "voicemail_review")
    assert house.news == []
    caller.press("#")
    assert [one.split()[0] for one in house.news] == ["arrived"]
    caller.listen()
    assert caller.ended is Cause.NORMAL
    (message,) = house.held()
    assert (message.caller, message.length_ms, message.urgent) == (STRANGER, 4000, False)
    assert wav.length_ms(house.cabinet.file(message)) == 4000


def test_hanging_up_saves_what_was_said(house: House) -> None:
    caller = leave(house)
    caller.press("#")
    caller.listen()
    caller.hang_up()
    assert len(house.held()) == len(house.news) == 1


@pytest.mark.parametrize("keys", ["", "#"])
def test_hanging_up_before_the_recording_leaves_nothing(house: House, keys: str) -> None:
    caller = leave(house)
    caller.press(keys)
    caller.hang_up()
    assert house.states() == house.news == []


def test_listen_again_record_anew_urgent(house: House) -> None:
    caller = leave(house)
    caller.listen()
    caller.speak()
    (first,) = house.held()
    caller.press("1")
    assert caller.says() == (first.audio,)
    caller.press("2")
    assert caller.says() == ("tone/beep",)
    caller.seconds = 6
    caller.listen()
    caller.speak()
    (second,) = house.held()
    assert second.message != first.message
    assert not house.cabinet.file(first).exists()
    caller.press("3")
    assert caller.says() == ("voicemail_urgent",)
    caller.hang_up()
    (told,) = house.held()
    assert told.urgent
    assert house.news == [f"arrived {second.message}"]


def test_a_second_try_that_is_too_short_keeps_the_first(house: House) -> None:
    caller = leave(house)
    caller.listen()
    caller.speak()
    caller.press("2")
    caller.seconds = 0.5
    caller.listen()
    caller.speak()
    assert caller.says() == ("voicemail_too_short",)
    caller.listen()
    assert caller.says() == ("voicemail_review",)
    caller.press("2")
    caller.listen()
    caller.hang_up()
    (message,) = house.held()
    assert message.length_ms == 4000
    assert house.news == [f"arrived {message.message}"]


def test_who_says_too_little_may_try_again_and_who_says_nothing_is_let_go(house: House) -> None:
    caller = leave(house)
    for _ in range(2):
        caller.seconds = 0.3
        caller.listen()
        caller.speak()
        assert caller.says() == ("voicemail_too_short",)
        caller.listen()
    caller.listen()
    caller.speak()
    assert caller.says() == ("goodbye",)
    silent = leave(house)
    silent.seconds = 0
    silent.listen()
    silent.speak(RecordingEnd.SILENCE)
    assert silent.says() == ("goodbye",)
    assert house.states() == []


def test_a_full_box_says_so_and_tells_once(tmp_path: Path) -> None:
    house = House(tmp_path, max_messages=1)
    caller = leave(house)
    caller.listen()
    caller.hang_up()
    for _ in range(2):
        refused = leave(house)
        assert refused.said == [("voicemail_greeting", "voicemail_full")]
        refused.listen()
        refused.wait()
        assert refused.says() == ("goodbye",)
    assert [one.split()[0] for one in house.news] == ["arrived", "full"]
    owner = hear(house)
    owner.press("1")
    owner.press("3")
    assert house.held() == []
    again = leave(house)
    again.listen()
    again.hang_up()
    assert [one.split()[0] for one in house.news] == ["arrived", "full", "arrived", "full"]
    house.close()


def test_a_message_is_not_longer_than_the_box_has_room_for(tmp_path: Path) -> None:
    house = House(tmp_path, max_minutes=1, max_seconds=300)
    caller = leave(house)
    caller.listen()
    assert caller.records[0].longest_ms == 60_000
    house.close()


def test_a_box_that_only_greets(tmp_path: Path) -> None:
    house = House(tmp_path, takes_messages=False)
    caller = leave(house)
    assert caller.said == [("voicemail_greeting_only",)]
    caller.listen()
    caller.wait()
    caller.listen()
    assert caller.ended is Cause.NORMAL
    assert house.states() == []
    house.close()


def test_a_broken_disk_is_said_and_nobody_hangs(house: House) -> None:
    house.broken = True
    caller = leave(house)
    assert caller.said == [("voicemail_fault",)]
    caller.listen()
    assert caller.ended is Cause.NORMAL
    house.broken = False
    caller = leave(house)
    caller.listen()
    house.broken = True
    caller.speak()
    assert caller.says() == ("voicemail_not_saved",)
    house.broken = False
    failing = leave(house)
    failing.listen()
    failing.recorded(RecordingEnd.FAILED)
    assert failing.says() == ("voicemail_not_saved",)


def test_stray_keys_cost_nobody_the_greeting_or_the_recording(house: House) -> None:
    caller = leave(house)
    caller.press("5")
    assert isinstance(caller.hears, fx.HearsList)
    caller.listen()
    assert len(caller.records) == 1


# The way in


def test_the_star_key_during_the_greeting_asks_for_the_pin(house: House) -> None:
    house.put()
    caller = leave(house)
    caller.press("*")
    assert house.states() == ["new"], "no journal is left"
    assert caller.says() == ("enter_pin",)
    caller.press("4711#")
    assert caller.says()[0] == "voicemail_you_have"


def test_wrong_pins_lock_the_caller_out_even_with_the_right_one(house: House) -> None:
    caller = leave(house)
    caller.press("*")
    for _ in range(4):
        caller.press("0000#")
        assert caller.says() == ("wrong_pin",)
        caller.press("#")
    caller.press("0000#")
    assert caller.says() == ("voicemail_locked",)
    caller.listen()
    assert caller.ended is Cause.NORMAL
    again = leave(house)
    again.press("*")
    assert again.says() == ("voicemail_locked",)
    other = leave(house, caller=Caller(number="+4930901821"))
    other.press("*")
    assert other.says() == ("voicemail_locked",), "the box is locked for strangers"
    assert hear(house).says()[0] == "voicemail_you_have", "its owner at the own phone comes in"
    house.now += timedelta(minutes=16)
    later = leave(house)
    later.press("*4711#")
    assert later.says()[0] == "voicemail_you_have"


def test_a_clock_set_back_does_not_open_the_lock_for_ever_nor_for_now(house: House) -> None:
    caller = leave(house)
    caller.press("*" + "0000##" * 5)
    house.now -= timedelta(days=2)
    again = leave(house)
    again.press("*")
    assert again.says() == ("voicemail_locked",)
    house.now += timedelta(minutes=16)
    later = leave(house)
    later.press("*")
    assert later.says() == ("enter_pin",)


def test_a_box_without_a_pin_is_heard_at_the_owner_s_phone_only(tmp_path: Path) -> None:
    house = House(tmp_path, pin="")
    owner = Caller21(house, Application.MAILBOX, origin=office.device("21"))
    assert owner.says()[0] == "voicemail_you_have"
    for stranger in (
        Caller21(house, Application.MAILBOX, origin=office.device("22")),
        Caller21(house, Application.MAILBOX, origin=TRUNK, caller=STRANGER),
    ):
        assert stranger.says() == ("voicemail_closed",)
    house.close()


def test_trusted_phones_need_no_pin(tmp_path: Path) -> None:
    house = House(tmp_path, trust_phones=True)
    assert Caller21(house, Application.MAILBOX, origin=office.device("21")).says()[0] == "voicemail_you_have"
    assert Caller21(house, Application.MAILBOX, origin=office.device("22")).says() == ("enter_pin",)
    house.close()


def test_who_has_no_box_is_asked_for_one(house: House) -> None:
    caller = Caller21(house, Application.MAILBOX, box="", origin=office.device("23"))
    assert caller.said == [("voicemail_which_box",)]
    caller.press("99#")
    assert caller.says() == ("voicemail_no_such_box",)
    caller.press("80#")
    assert caller.says() == ("enter_pin",)
    caller.press("1234#")
    assert caller.says()[0] == "voicemail_you_have"


# Hearing messages


def test_every_entry_of_the_menu_in_both_languages(house: House, language: Language) -> None:
    first = house.put("+4930901820")
    second = house.put("22")
    third = house.put("")
    caller = hear(house, language=language)
    count = ("number/3",)
    assert caller.says() == (
        "voicemail_you_have",
        *count,
        "count/new_message_many",
        "number/and",
        "count/saved_message_none",
        "voicemail_main",
        "voicemail_main_more",
    )
    caller.press("2")
    assert caller.says() == ("voicemail_none",)
    caller.press("1")
    said = caller.says()
    at = ("hour/9",) if language is Language.GERMAN else ("hour/9", "time/am")
    assert said[:4] == ("voicemail_message", "number/1", "voicemail_received", "day/today")
    assert said[4:6] == ("time/at", at[0])
    assert said[-1] == first.audio
    assert "voicemail_from" in said
    assert said[said.index("voicemail_from") + 1 :][:3] == ("digit_0", "digit_3", "digit_0")
    caller.press("1")  # again
    assert caller.says() == said
    caller.listen()
    assert house.store.message(first.message).state is MessageState.NEW
    caller.wait()  # heard to its end
    assert caller.says() == ("voicemail_options", "voicemail_options_more")
    assert house.store.message(first.message).state is MessageState.OLD
    caller.press("#")  # next
    assert caller.says()[-3:] == ("digit_2", "digit_2", second.audio)
    assert "voicemail_from_extension" in caller.says()
    caller.press("6")  # previous
    assert caller.says()[-1] == first.audio
    caller.press("#")
    caller.press("2")  # save
    assert caller.says() == ("voicemail_kept",)
    assert house.store.message(second.message).state is MessageState.OLD
    caller.listen()
    assert caller.says()[-2:] == ("voicemail_unknown_caller", third.audio)
    caller.press("3")  # delete
    assert caller.says() == ("voicemail_deleted",)
    assert house.store.message(third.message).state is MessageState.DELETED
    caller.press("1")  # undo
    assert house.store.message(third.message).state is MessageState.OLD
    assert caller.says()[-1] == third.audio
    caller.press("3#")
    assert caller.says() == ("voicemail_no_more",)
    caller.press("5")  # deleted ones
    assert caller.says()[-1] == third.audio
    caller.press("2")
    assert house.store.message(third.message).state is MessageState.OLD
    caller.listen()
    assert caller.says() == ("voicemail_no_more",)
    caller.listen()
    assert caller.says()[0] == "voicemail_you_have"
    caller.press("*")
    assert caller.says() == ("goodbye",)


def test_an_expert_types_ahead(house: House) -> None:
    house.put()
    caller = Caller21(house, Application.MAILBOX, origin=office.device("21"))
    caller.press("4711#13#")
    assert house.states() == ["deleted"]


def test_calling_back_dials_for_who_hears_and_only_from_the_own_phone(house: House) -> None:
    house.put("22")
    caller = hear(house)
    caller.press("14")
    assert any(isinstance(one, fx.Originate) for one in caller.effects)
    house.put("")
    unknown = hear(house)
    unknown.press("1#4")
    assert unknown.says() == ("not_possible",)
    away = leave(house)
    away.press("*4711#14")
    assert away.says() == ("not_possible",)


def test_a_message_is_sent_on_to_another_box(house: House) -> None:
    message = house.put()
    caller = hear(house)
    caller.press("15")
    assert caller.says() == ("voicemail_forward_to",)
    for wrong in ("99#", "21#"):
        caller.press(wrong)
        assert caller.says() == ("voicemail_no_such_box",)
        caller.press("5")
    caller.press("80#")
    assert caller.says() == ("voicemail_forwarded",)
    (copy,) = house.held("sales")
    assert (copy.caller, copy.forwarded_by, copy.state) == (message.caller, "Anna", MessageState.NEW)
    assert house.cabinet.file(copy).read_bytes() == house.cabinet.file(message).read_bytes()
    assert house.news == [f"arrived {copy.message}"]
    reader = Caller21(house, Application.MAILBOX, box="sales", origin=office.device("22"))
    reader.press("1234#1")
    assert "voicemail_forwarded_one" in reader.says()


def test_two_in_one_box_at_once(house: House) -> None:
    message = house.put()
    one, two = hear(house), hear(house)
    one.press("1")
    two.press("1")
    one.press("3")
    assert two.says()[-1] == message.audio
    two.press("2")  # whoever comes last decides
    assert house.states() == ["old"]
    three = hear(house)
    three.press("2")
    house.cabinet.discard(message)
    three.press("3")
    assert three.says() == ("voicemail_gone",)


# Settings


def test_a_greeting_is_recorded_heard_kept_and_given_up(house: House, language: Language) -> None:
    caller = hear(house, language=language)
    caller.press("3")
    assert caller.says() == ("voicemail_greeting_menu",)
    caller.press("1")
    assert caller.says() == ("voicemail_greeting",)
    caller.press("2")
    assert caller.says() == ("voicemail_record_greeting", "tone/beep")
    caller.listen()
    caller.speak()
    draft = caller.says()[0]
    assert caller.says() == (draft, "voicemail_greeting_review")
    caller.press("2")  # once more
    caller.listen()
    caller.speak()
    assert not house.cabinet.recorded(draft).exists()
    caller.press("1")
    caller.press("#")
    assert caller.says() == ("saved",)
    assert house.boxes["21"].greeting == "recorded/1"
    assert leave(house, prompt="recorded/1").said == [("voice/greetings/21/1", "tone/beep")]
    caller.press("43")  # the third slot
    caller.press("1")
    assert caller.says() == ("voicemail_greeting",)
    caller.press("2")
    caller.listen()
    caller.speak()
    caller.press("#")
    assert house.cabinet.greeting_file(house.boxes["21"].id, 3).exists()
    assert house.boxes["21"].greeting == "recorded/1"
    caller.press("3")
    assert house.boxes["21"].greeting == ""


def test_a_greeting_is_discarded_by_key_by_length_and_by_hanging_up(house: House) -> None:
    caller = hear(house)
    caller.press("32")
    caller.listen()
    caller.speak()
    caller.press("*")
    assert caller.says() == ("voicemail_greeting_menu",)
    caller.press("2")
    caller.seconds = 0.4
    caller.listen()
    caller.speak()
    assert caller.says() == ("voicemail_too_short",)
    caller.press("2")
    caller.listen()
    caller.hang_up()
    assert not list((house.folder / "voice" / "drafts").glob("*"))
    assert house.boxes["21"].greeting == ""


def test_the_pin_is_changed_when_keyed_in_twice(house: House, language: Language) -> None:
    caller = hear(house, language=language)
    caller.press("4")
    assert caller.says() == ("voicemail_new_pin",)
    caller.press("12#")
    assert caller.says() == ("voicemail_bad_pin",)
    caller.press("8765#")
    assert caller.says() == ("voicemail_repeat_pin",)
    caller.press("8764#")
    assert caller.says() == ("voicemail_pins_differ",)
    caller.press("8765#8765#")
    assert caller.says() == ("saved",)
    assert house.boxes["21"].pin == "8765"


# Any way through


KEYS = st.text(alphabet="0123456789*#", max_size=6)
DEEDS = st.lists(
    st.one_of(
        KEYS.map(lambda keys: ("press", keys)),
        st.sampled_from(
            [
                ("listen", ""),
                ("wait", ""),
                ("silence", ""),
                ("longest", ""),
                ("fail", ""),
                ("break", ""),
                ("pin", ""),
            ]
        ),
    ),
    max_size=25,
)


@settings(max_examples=120, deadline=None)
@given(
    deeds=DEEDS,
    application=st.sampled_from([Application.VOICEMAIL, Application.MAILBOX]),
    language=st.sampled_from(list(Language)),
    own=st.booleans(),
)
@example(  # a message that was to be replaced, and the second recording fails: the first one is announced
    deeds=[("listen", ""), ("press", "02"), ("listen", ""), ("fail", ""), ("press", "#")],
    application=Application.VOICEMAIL,
    language=Language.GERMAN,
    own=False,
)
def test_whatever_a_caller_does_nobody_hangs_and_nothing_is_left(
    deeds: list[tuple[str, str]], application: Application, language: Language, own: bool
) -> None:
    with TemporaryDirectory() as folder:
        house = House(Path(folder))
        house.put()
        house.put("22", state=MessageState.OLD)
        origin = office.device("21") if own else TRUNK
        caller = Caller21(house, application, language=language, origin=origin, caller=STRANGER)
        caller.seconds = 3
        for deed, keys in deeds:
            if caller.over:
                break
            match deed:
                case "press":
                    caller.press(keys)
                case "pin":
                    caller.press("4711#")
                case "listen" if isinstance(caller.hears, fx.HearsList):
                    caller.listen()
                case "wait":
                    with contextlib.suppress(StopIteration):
                        caller.wait()
                case "silence" | "longest" | "fail" if caller.records:
                    end = {
                        "silence": RecordingEnd.SILENCE,
                        "longest": RecordingEnd.LONGEST,
                        "fail": RecordingEnd.FAILED,
                    }[deed]
                    caller.recorded(end)
                case "break":
                    house.broken = not house.broken
                case _:
                    pass
        house.broken = False
        caller.hang_up()
        assert not caller.control.live_calls() or caller.ended is not None
        assert not [timer for timer in caller.timers if timer.startswith("talk:")]
        if "break" not in [deed for deed, _ in deeds]:
            assert MessageState.RECORDING.value not in house.states()
            assert house.store.unannounced() == ()
            assert not list((house.folder / "voice" / "drafts").glob("*"))
        assert house.deposits.recover() >= 0
        assert MessageState.RECORDING.value not in house.states()
        for message in house.store.messages():
            assert house.cabinet.file(message).exists()
        house.close()
