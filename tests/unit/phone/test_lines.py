"""The line protocol: what people type and programs send becomes commands, events become JSON."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.phone import commands, events
from appliance.phone.commands import GRAMMAR
from appliance.phone.lines import LineError, event_line


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("call 22", commands.Call(number="22")),
        ("dial sip:22@box", commands.Call(number="sip:22@box")),
        ('call 22 "X-A: 1" "X-B: 2"', commands.Call(number="22", headers=("X-A: 1", "X-B: 2"))),
        ("ANSWER", commands.Answer()),
        ("answer #3", commands.Answer(call=3)),
        ("reject 603 #2", commands.Reject(status=603, call=2)),
        ("reject #2 status 603", commands.Reject(status=603, call=2)),
        ("digits 12#", commands.Digits(digits="12#")),
        ("digits 1 info", commands.Digits(digits="1", method=commands.DigitMethod.INFO)),
        ("digits 1 method info", commands.Digits(digits="1", method=commands.DigitMethod.INFO)),
        ('play "my file.wav"', commands.Play(path="my file.wav")),
        ("refresh true", commands.Refresh(update=True)),
        ("?", commands.Help()),
        ('{"do": "transfer", "number": "22", "call": 2}', commands.Transfer(number="22", call=2)),
        (
            '{"do": "call", "number": "22", "headers": ["A: b"]}',
            commands.Call(number="22", headers=("A: b",)),
        ),
        ('{"do": "quit"}', commands.Quit()),
    ],
)
def test_lines_become_commands(line: str, command: commands.Command) -> None:
    assert GRAMMAR.parse(line) == command


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "empty"),
        ("anser", "did you mean 'answer'?"),
        ("call", "number"),
        ("tone loud", "hz"),
        ("hangup 1 2", "too much"),
        ('play "open', "cannot be read"),
        ("{", "not JSON"),
        ("{}", "no 'do'"),
        ('{"do": "call", "nummer": "1"}', "did you mean 'number'?"),
        ('{"do": "tone", "hz": "x"}', "hz"),
        ("call " + "1" * 70000, "too long"),
    ],
)
def test_wrong_lines_say_what_is_wrong(line: str, says: str) -> None:
    with pytest.raises(LineError) as caught:
        GRAMMAR.parse(line)
    assert says in str(caught.value)


@given(st.text(max_size=200))
def test_no_line_raises_anything_else(line: str) -> None:
    with contextlib.suppress(LineError):
        GRAMMAR.parse(line)


@given(
    st.dictionaries(
        st.sampled_from(["do", "number", "call", "hz"]), st.none() | st.integers() | st.text(max_size=9)
    )
)
def test_no_object_raises_anything_else(raw: dict[str, object]) -> None:
    with contextlib.suppress(LineError):
        GRAMMAR.parse(json.dumps(raw))


def test_events_become_one_line_of_json() -> None:
    line = event_line(events.Heard(call=2, kind=events.Hearing.TONE, hz=(440.0,), dbfs=-15.0))
    assert "\n" not in line
    assert json.loads(line) == {"event": "heard", "call": 2, "kind": "tone", "hz": [440.0], "dbfs": -15.0}
    assert (
        json.loads(event_line(events.RegistrationFailed(user="2\n1", status=403, reason="ü")))["reason"]
        == "ü"
    )


def test_the_help_names_every_command() -> None:
    text = GRAMMAR.help()
    for command in commands.Command.__args__:
        assert f"  {command.__name__.lower()}" in text
