"""Conferences through the whole box: many parties, each with a tone of its own."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from icalendar import Calendar

from tests.calls.party import LOUDNESS, Party
from tests.support.box import Box, office, tone_of
from tests.support.processes import ortsamt
from tests.support.relay import MailRelay

PARTIES = 20
USERS = [f"{200 + n}" for n in range(PARTIES)]


def tone(n: int) -> int:
    """Far apart, and none a multiple of another."""
    return 400 + 130 * n


@pytest.fixture(scope="module")
def relay() -> Iterator[MailRelay]:
    with MailRelay() as relay:
        yield relay


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, relay: MailRelay) -> Iterator[Box]:
    mail = {"host": "127.0.0.1", "port": relay.port, "tls": "none", "sender": "box@example.com"}
    documents = office(
        *USERS,
        mail={"main": mail},
        conference_room={
            "big": {"number": "800", "name": "All hands", "announce": "nothing"},
            "pin": {"number": "801", "pin": "4718", "moderator_pin": "9876", "announce": "name"},
            "led": {"number": "802", "owner": USERS[0], "announce": "tone", "without_moderator": "ends"},
        },
    )
    with Box(tmp_path_factory.mktemp("conference"), documents) as box:
        yield box


def ctl(box: Box, *words: str) -> str:
    """What ``ortsamt ctl`` prints."""
    command = [*ortsamt("ctl", "--socket", str(box.socket)), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def members(box: Box, number: str) -> list[dict[str, object]]:
    """The participants of a room."""
    for room in box.control("conferences.list"):
        if room["number"] == number:
            found: list[dict[str, object]] = room["participants"]
            return found
    return []


def await_members(box: Box, number: str, count: int) -> None:
    box.eventually(lambda: len(members(box, number)) == count, f"{count} in room {number}")


def assert_hears(party: Party, tones: set[int], not_these: set[int]) -> None:
    """Each of these tones at full strength, none of the others; a packet that came late disturbs a window."""
    heard: dict[int, float] = {}
    for _ in range(20):
        heard = party.tones(tones | not_these)
        if all(heard[hz] > 0.9 for hz in tones) and all(heard[hz] < 0.02 for hz in not_these):
            return
    raise AssertionError(f"{party.hz} Hz hears {heard}")


def test_twenty_parties_hear_all_others_and_never_themselves(box: Box) -> None:
    with ExitStack() as stack:
        parties = [
            stack.enter_context(Party(box, user, "800", tone(n), dbfs=LOUDNESS))
            for n, user in enumerate(USERS)
        ]
        await_members(box, "800", PARTIES)
        assert "All hands" in ctl(box, "conference", "800")
        for party in parties:
            assert_hears(party, {one.hz for one in parties if one is not party}, {party.hz})
        # who leaves is heard by nobody any more, and nobody else is missed
        gone = parties[7]
        gone.hang_up()
        await_members(box, "800", PARTIES - 1)
        rest = [one for one in parties if one is not gone]
        for party in (rest[0], rest[-1]):
            assert_hears(party, {one.hz for one in rest if one is not party}, {party.hz, gone.hz})
        late = stack.enter_context(Party(box, USERS[7], "800", gone.hz, dbfs=LOUDNESS))
        await_members(box, "800", PARTIES)
        assert_hears(rest[0], {one.hz for one in (*rest[1:], late)}, {rest[0].hz})
        assert_hears(late, {one.hz for one in rest}, {late.hz})
        for party in (*rest, late):
            party.hang_up()
    box.idle()
    assert box.control("conferences.list")[0]["participants"] == []


def test_moderation_from_the_command_line(box: Box) -> None:
    with ExitStack() as stack:
        owner, guest = (
            stack.enter_context(Party(box, user, "802", tone(n))) for n, user in enumerate(USERS[:2])
        )
        await_members(box, "802", 2)
        assert owner.audio.hears(guest.hz)
        ctl(box, "conference", "802", "mute", USERS[1])
        assert owner.audio.hears_silence()
        assert guest.audio.hears(owner.hz)
        ctl(box, "conference", "802", "unmute", USERS[1])
        assert owner.audio.hears(guest.hz)
        ctl(box, "conference", "802", "deafen", USERS[1])
        assert guest.audio.hears_silence()
        ctl(box, "conference", "802", "lock")
        with Party(box, USERS[2], "802", tone(2)) as late:
            late.dialog.ended(timeout_s=20)
        rows = json.loads(ctl(box, "conference", "802", "--json"))
        assert rows[0]["locked"] is True
        ctl(box, "conference", "802", "drop", USERS[1])
        guest.dialog.ended()
        ctl(box, "conference", "802", "end")
        owner.dialog.ended()
    box.idle()


def test_a_pin_a_name_and_the_keys(box: Box) -> None:
    with ExitStack() as stack:
        host = stack.enter_context(Party(box, USERS[3], "801", tone(3)))
        host.press("9876#")
        box.eventually(lambda: _recorded(box) >= 1, "the name to be recorded")
        host.press("#")
        await_members(box, "801", 1)
        guest = stack.enter_context(Party(box, USERS[4], "801", tone(4)))
        guest.press("4718#")
        box.eventually(lambda: _recorded(box) >= 2, "the second name")
        guest.press("#")
        await_members(box, "801", 2)
        assert host.audio.hears(guest.hz)
        guest.press("*6")
        box.eventually(lambda: members(box, "801")[1]["muted"] is True, "the guest to be muted")
        assert host.audio.hears_silence()
        host.press("*9")
        host.dialog.ended()
        guest.dialog.ended()
    box.idle()
    box.eventually(lambda: _recorded(box, 0) == 0, "the names to be forgotten")


def test_the_room_calls_somebody_and_they_talk(box: Box) -> None:
    with box.phones(USERS[5]) as (phone,), Party(box, USERS[0], "802", tone(0)) as owner:
        await_members(box, "802", 1)
        ctl(box, "conference", "802", "add", USERS[5])
        phone.incoming()
        phone.answer()
        await_members(box, "802", 2)
        assert owner.audio.hears(tone_of(USERS[5]))
        owner.hang_up()
        box.idle()


def test_an_invitation_arrives_with_an_appointment(box: Box, relay: MailRelay) -> None:
    ctl(box, "invite", "801", "anna@example.com", "--begins", "2030-03-02T10:00", "--subject", "Plans")
    mail = relay.wait(recipient="anna@example.com")
    assert "Plans" in mail["Subject"]
    (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "REQUEST"
    calendar = part.get_payload(decode=True)
    assert isinstance(calendar, bytes)
    (event,) = Calendar.from_ical(calendar).walk("VEVENT")
    assert event["summary"] == "Plans"
    assert "4718" in str(event["description"])


def _recorded(box: Box, least: int = 12_000) -> int:
    """How many names there are, of at least half a second."""
    folder: Path = box.folder / "state" / "voice" / "conference"
    return sum(one.stat().st_size >= least for one in folder.glob("*.wav")) if folder.is_dir() else 0
