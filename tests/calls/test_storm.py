"""Many short calls at random: whatever happens to them, nothing is left of them."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.box import Box, office
from tests.support.phone import Phone

USERS = ("21", "22", "23", "24", "25", "26")
CALLS = 200
SEED = 20260301


@pytest.fixture(scope="module")
def shared_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Six phones; loop-back is no flood."""
    with Box(
        tmp_path_factory.mktemp("box"),
        office(*USERS),
        settings={"security": {"never_ban": ["127.0.0.0/8"]}},
    ) as box:
        yield box


class Storm:
    """Six phones that call each other and do to each call what chance wants."""

    def __init__(self, phones: list[Phone], chance: random.Random) -> None:
        self.phones = phones
        self.chance = chance
        self.seen = dict.fromkeys((phone.user for phone in phones), 0)
        self.alive: dict[str, set[int]] = {phone.user: set() for phone in phones}
        self.ringing: dict[str, set[int]] = {phone.user: set() for phone in phones}

    def learn(self, phone: Phone) -> None:
        """Take over what the phone has said since last time."""
        events = phone.events[self.seen[phone.user] :]
        self.seen[phone.user] += len(events)
        for event in events:
            name, number = event["event"], event.get("call", 0)
            assert name != "defect", event
            if name == "incoming":
                self.ringing[phone.user].add(number)
            elif name == "answered":
                self.alive[phone.user].add(number)
                self.ringing[phone.user].discard(number)
            elif name == "ended":
                self.alive[phone.user].discard(number)
                self.ringing[phone.user].discard(number)

    def call(self) -> None:
        """One call begins, and something is done to what goes on."""
        caller, called = self.chance.sample(self.phones, 2)
        mine = caller.call(self.chance.choice((called.user, called.user, called.user, "*43", "29")))
        if self.chance.random() < 0.2:
            caller.send("hangup", call=mine)
        for phone in self.phones:
            self.learn(phone)
            for number in sorted(self.ringing[phone.user]):
                self.ringing[phone.user].discard(number)
                deed: dict[str, Any] = self.chance.choice(
                    ({"command": "answer"}, {"command": "answer"}, {"command": "reject", "status": 486})
                )
                phone.send(**deed, call=number)
            for number in sorted(self.alive[phone.user]):
                other = self.chance.choice(USERS)
                deed = self.chance.choice(
                    (
                        {"command": "hangup"},
                        {"command": "hangup"},
                        {"command": "hold"},
                        {"command": "resume"},
                        {"command": "transfer", "number": other},
                        {"command": "refresh"},
                    )
                )
                phone.send(**deed, call=number)


def test_two_hundred_calls_at_random_leave_nothing(box: Box) -> None:
    with box.phones(*USERS) as phones:
        before = {(one["aor"], one["uri"]) for one in box.control("registrations.list")}
        assert len(before) == len(USERS)
        storm = Storm(phones, random.Random(SEED))
        for _ in range(CALLS):
            storm.call()
        for phone in phones:
            for number in {event["call"] for event in phone.events if event.get("call")}:
                phone.send("hangup", call=number)
        box.idle(timeout=30)
        assert box.calls() == []
        assert {(one["aor"], one["uri"]) for one in box.control("registrations.list")} == before
        calls = box.control("records.calls", limit=2 * CALLS)
        assert len(calls) > CALLS / 2  # a phone takes eight calls at once, the rest never left it
        assert {call["ended"] is not None for call in calls} == {True}
        assert "failure" not in {call["cause"] for call in calls}
        for record in box.records(40):
            assert all(leg["cause"] not in (None, "failure") for leg in record["legs"]), record
    log = (box.folder / "core.log").read_text()
    assert "Traceback" not in log
    assert '"level": "error"' not in log, [line for line in log.splitlines() if '"level": "error"' in line]
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        ben.answer(ben.incoming()["call"])
        anna.wait("answered", call=mine)
