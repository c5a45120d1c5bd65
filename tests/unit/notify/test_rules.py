"""Which calls somebody missed, which were turned away, which changes are told, and to whom."""

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.model.causes import Cause
from appliance.model.documents import Document, Language
from appliance.model.ids import ExtensionId
from appliance.model.mail import NotificationEvent
from appliance.model.plan import CallKind, Reason
from appliance.model.records import CallRecord, LegRecord
from appliance.model.snapshot import Snapshot, build
from appliance.notify.letters import CallOver, Changed, mails_for
from appliance.notify.occurrences import Edit, Missed
from appliance.notify.rules import account_changes, blocked_calls, missed_calls, missed_number
from appliance.store.edits import Change, Delete, Put, work_out
from appliance.store.operations import Entity, HybridClock, Key, Operation, merge_all, operation_id
from appliance.store.reading import read
from tests.unit.notify.office import (
    ANNA,
    BEN,
    DOCUMENTS,
    START,
    after,
    call,
    extension,
    leg,
    office,
    outside,
    wish,
)

OFFICE = office()
C = Cause
NOBODY: dict[str, Missed] = {}
RANG, BUSY, AWAY = Missed.RANG, Missed.BUSY, Missed.UNREACHABLE
BUSY_HERE = leg("a1", C.BUSY, alerted=None, by_remote=True)
CASES: list[tuple[str, CallRecord, Sequence[LegRecord], dict[str, Missed]]] = [
    ("nobody answers", call(C.NO_ANSWER), [leg("a1", C.NO_ANSWER)], {"e21": RANG}),
    ("the caller gives up", call(C.CANCELLED), [leg("a1", C.CANCELLED)], {"e21": RANG}),
    ("gone before it rang", call(C.CANCELLED), [leg("a1", C.CANCELLED, alerted=None)], NOBODY),
    ("answered", call(C.NORMAL), [leg("a1", C.NORMAL, answered=5)], NOBODY),
    (
        "answered at the other phone",
        call(C.NORMAL),
        [leg("a1", C.ANSWERED_ELSEWHERE), leg("a2", C.NORMAL, answered=5)],
        NOBODY,
    ),
    (
        "a colleague of the group answered",
        outside(C.NORMAL),
        [leg("a1", C.ANSWERED_ELSEWHERE), leg("b1", C.NORMAL, answered=5)],
        NOBODY,
    ),
    (
        "the next step answered",
        outside(C.NORMAL),
        [leg("a1", C.NO_ANSWER), leg("b1", C.NORMAL, start=20, answered=25)],
        NOBODY,
    ),
    ("picked up by somebody", call(C.NORMAL), [leg("a1", C.ANSWERED_ELSEWHERE)], NOBODY),
    (
        "a mobile outside answered",
        outside(C.NORMAL),
        [leg("a1", C.ANSWERED_ELSEWHERE), leg("trunk:t", C.NORMAL, answered=9)],
        NOBODY,
    ),
    (
        "the whole group missed it",
        outside(C.NO_ANSWER),
        [leg("a1", C.NO_ANSWER), leg("b1", C.NO_ANSWER)],
        {"e21": RANG, "e22": RANG},
    ),
    (
        "transferred after an answer to somebody who is out",
        call(C.NORMAL, called="22"),
        [leg("b1", C.TRANSFERRED, answered=5), leg("a1", C.NO_ANSWER, start=40)],
        {"e21": RANG},
    ),
    ("declined by hand", call(C.REJECTED), [leg("a1", C.REJECTED, by_remote=True)], NOBODY),
    ("declined as busy", call(C.BUSY), [leg("a1", C.BUSY, by_remote=True)], NOBODY),
    ("busy without ringing", call(C.BUSY), [BUSY_HERE], {"e21": BUSY}),
    ("no phone there", call(C.UNREACHABLE), [leg("a1", C.UNREACHABLE, alerted=None)], {"e21": AWAY}),
    (
        "one phone away, the other rang",
        call(C.NO_ANSWER),
        [leg("a1", C.UNREACHABLE, alerted=None), leg("a2", C.NO_ANSWER)],
        {"e21": RANG},
    ),
    ("busy, no leg tells of it", call(C.BUSY), [], {"e21": BUSY}),
    ("without a device, no leg tells of it", call(C.UNREACHABLE), [], {"e21": AWAY}),
    ("the number does not exist", call(C.UNALLOCATED, called="29"), [], NOBODY),
    ("a call of his own", call(C.NO_ANSWER, caller_number="21"), [leg("a1", C.NO_ANSWER)], NOBODY),
    (
        "to the world outside",
        call(C.NO_ANSWER, kind=CallKind.OUTBOUND, called="+4930123"),
        [leg("trunk:t", C.NO_ANSWER)],
        NOBODY,
    ),
    ("of a device that is gone", call(C.NO_ANSWER), [leg("x9", C.NO_ANSWER)], NOBODY),
    (
        "of a device that is gone, the number is known",
        call(C.NO_ANSWER),
        [leg("x9", C.NO_ANSWER, party="22")],
        {"e22": RANG},
    ),
]


@pytest.mark.parametrize(
    ("record", "legs", "missed"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_missed(record: CallRecord, legs: Sequence[LegRecord], missed: dict[str, Missed]) -> None:
    found = missed_calls(record, legs, OFFICE)
    assert {one.extension: one.how for one in found} == missed
    assert len(found) == len(missed)


def test_how_long_it_rang_and_who_ended_it() -> None:
    (one,) = missed_calls(call(C.CANCELLED), [leg("a1", C.CANCELLED, alerted=2, end=17)], OFFICE)
    assert (one.rang_seconds, one.gave_up) == (15, True)
    assert (one.caller.number, one.caller.name) == ("23", "Clara Weiß")


causes = st.sampled_from(list(Cause))
times = st.none() | st.floats(0, 50)
some_legs = st.lists(
    st.builds(
        leg,
        st.sampled_from(["a1", "a2", "b1", "c1", "trunk:t", "gone"]),
        causes,
        start=st.floats(0, 50),
        alerted=times,
        answered=times,
        end=st.floats(0, 60),
        by_remote=st.booleans(),
    ),
    max_size=6,
)


@given(some_legs, causes, st.sampled_from(["21", "22", "29", ""]))
@example(legs=[leg("trunk:t", C.NORMAL, answered=1), leg("trunk:t", C.BUSY)], cause=C.BUSY, called="21")
def test_no_call_is_too_odd(legs: list[LegRecord], cause: Cause, called: str) -> None:
    record = call(cause, called=called)
    found = missed_calls(record, legs, OFFICE)
    assert len({one.extension for one in found}) == len(found)
    if any(one.answered is not None and one.answered >= max(x.started for x in legs) for one in legs):
        assert found == ()
    mails_for(CallOver(call=record, legs=tuple(legs), snapshot=OFFICE))


RULE = Reason(code="rule.applies", values={"number": "21", "rule": "Nervensägen", "rule_action": "busy"})


def test_a_caller_turned_away_is_told_as_blocked_and_not_as_missed() -> None:
    record = call(C.BUSY, reasons=(RULE,))
    assert missed_calls(record, [], OFFICE) == ()
    (one,) = blocked_calls(record, OFFICE)
    assert (one.extension, one.rule) == ("e21", "Nervensägen")
    strict = Reason(code="rule.not_accepted", values={"number": "21"})
    assert len(blocked_calls(call(C.REJECTED, reasons=(strict, RULE)), OFFICE)) == 1
    welcome = dataclasses.replace(RULE, values={**RULE.values, "rule_action": "vip"})
    assert blocked_calls(call(C.NO_ANSWER, reasons=(welcome,)), OFFICE) == ()
    assert blocked_calls(call(C.NORMAL, reasons=(RULE,), answered=after(3)), OFFICE) == ()


def test_the_scenario_in_force_names_who_is_told_of_the_number() -> None:
    night = Reason(code="scenario.holds", values={"name": "Nacht"})
    legs = [leg("a1", C.NO_ANSWER), leg("b1", C.NO_ANSWER)]
    record = outside(C.NO_ANSWER, reasons=(night,))
    (one,) = missed_number(record, legs, OFFICE)
    assert one.addresses == ("nacht@example.com",)
    mails = mails_for(CallOver(call=record, legs=tuple(legs), snapshot=OFFICE))
    assert [mail.recipient for mail in mails] == [ANNA, BEN, "nacht@example.com"]
    day = Reason(code="scenario.by_hand", values={"name": "Tag"})
    assert missed_number(outside(C.NO_ANSWER, reasons=(day,)), legs, OFFICE) == ()
    assert missed_number(outside(C.NORMAL, reasons=(night,), answered=after(2)), legs, OFFICE) == ()
    assert missed_number(outside(C.CANCELLED, reasons=(night,)), [], OFFICE) == ()
    assert missed_number(outside(C.UNREACHABLE, reasons=(night,)), [], OFFICE) != ()


def test_each_is_told_in_his_language_and_only_what_he_wishes() -> None:
    legs = (leg("a1", C.NO_ANSWER), leg("b1", C.NO_ANSWER), leg("c1", C.NO_ANSWER))
    mails = mails_for(CallOver(call=outside(C.NO_ANSWER), legs=legs, snapshot=OFFICE))
    assert [(one.recipient, one.language) for one in mails] == [
        (ANNA, Language.GERMAN),
        (BEN, Language.ENGLISH),
    ]
    quiet = office(wish("21", ANNA, NotificationEvent.BLOCKED_CALL))
    assert [
        one.recipient for one in mails_for(CallOver(call=outside(C.NO_ANSWER), legs=legs, snapshot=quiet))
    ] == [BEN]


# Changes


class Book:
    """A configuration that is edited without a disk."""

    def __init__(self, documents: Sequence[Document] = DOCUMENTS) -> None:
        from appliance.model.decode import encode
        from appliance.model.documents import KINDS

        self.clock = HybridClock(lambda: START)
        self.entities: dict[Key, Entity] = {}
        self.node = "box"
        names = {cls: kind for kind, cls in KINDS.items()}
        puts = []
        for one in documents:
            fields = encode(one)
            identity = fields.pop("id")
            puts.append(Put(kind=names[type(one)], id=identity, fields=fields))
        self.edit("setup", *puts)

    def edit(self, who: str, *changes: Change) -> Changed:
        reading = read(self.entities, 0)

        def issue(key: Key, field: str | None, value: str | None) -> Operation:
            hlc, at = self.clock.next()
            return Operation(
                id=operation_id(hlc),
                hlc=hlc,
                node=self.node,
                who=who,
                at=at,
                kind=key[0],
                entity=key[1],
                field=field,
                value=value,
            )

        draft = work_out(changes, self.entities, reading, issue)
        assert draft.problems == ()
        self.entities.update(draft.touched)
        return Changed(
            node="box",
            operations=draft.operations,
            before=reading.snapshot,
            after=draft.reading.snapshot,
        )


def told(changed: Changed) -> list[tuple[str, str]]:
    return [(one.recipient, one.letter.text) for one in mails_for(changed)]


def test_a_new_secret_is_told_but_not_shown() -> None:
    changed = Book().edit("ctl:root", Put(kind="device", id="a1", fields={"secret": "ganz-neu-geheim"}))
    ((recipient, text),) = told(changed)
    assert recipient == ANNA
    assert "Gerät a1, Kennwort: geändert" in text
    assert "ctl:root" in text
    assert "ganz-neu" not in text


def test_who_is_cut_off_is_told() -> None:
    book = Book()
    changed = book.edit("x", Put(kind="notification", id="e21", fields={"addresses": ["thief@example.com"]}))
    assert [one[0] for one in told(changed)] == ["thief@example.com", ANNA]
    changed = book.edit("x", Put(kind="notification", id="e22", fields={"events": ["missed_call"]}))
    assert [one[0] for one in told(changed)] == [BEN]
    changed = book.edit("x", Delete(kind="notification", id="e21"))
    assert [one[0] for one in told(changed)] == ["thief@example.com"]


def test_a_device_that_moves_is_told_at_both_ends() -> None:
    changed = Book().edit("x", Put(kind="device", id="a1", fields={"extension": "e22"}))
    assert sorted(one[0] for one in told(changed)) == [ANNA, BEN]


def test_the_end_of_an_extension_is_told_in_its_own_words() -> None:
    changed = Book().edit(
        "x",
        Delete(kind="notification", id="e21"),
        Delete(kind="device", id="a1"),
        Delete(kind="device", id="a2"),
        Delete(kind="extension", id="e21"),
    )
    ((recipient, text),) = told(changed)
    assert recipient == ANNA
    assert "Guten Tag Anna Berger" in text
    assert "Nebenstelle e21: gelöscht" in text


def test_a_new_office_tells_nobody() -> None:
    assert told(Book(()).edit("setup", Put(kind="extension", id="e30", fields={"number": "30"}))) == []


def test_changes_made_elsewhere_are_told_elsewhere() -> None:
    book = Book()
    book.node = "cloud"
    assert told(book.edit("x", Put(kind="extension", id="e21", fields={"name": "Änne"}))) == []


def test_what_does_not_concern_an_extension_is_not_told() -> None:
    assert told(Book().edit("x", Put(kind="site", id="main", fields={"name": "Haus"}))) == []


def test_edits_of_one_field_count_once_and_creation_sums_up() -> None:
    book = Book()
    first = book.edit("x", Put(kind="extension", id="e21", fields={"name": "A", "ring_seconds": 30}))
    second = book.edit("x", Put(kind="extension", id="e21", fields={"name": "B"}))
    device = book.edit("x", Put(kind="device", id="new", fields={"extension": "e21", "username": "new"}))
    operations = (*first.operations, *second.operations, *device.operations)
    (change,) = account_changes(operations, first.before, device.after, "box")
    assert [(one.edit, one.entity, one.field, one.value) for one in change.changes] == [
        (Edit.SET, "e21", "name", "B"),
        (Edit.SET, "e21", "ring_seconds", "30"),
        (Edit.CREATED, "new", "", ""),
    ]
    assert merge_all(operations) is not None


def test_extensions_that_nobody_knows_are_passed_over() -> None:
    empty: Snapshot = build([extension("21")])
    assert mails_for(CallOver(call=call(C.NO_ANSWER), legs=(leg("a1", C.NO_ANSWER),), snapshot=empty)) == []
    assert ExtensionId("e21") in empty.extensions
