"""The AT dialogue: lines cut and merged in any way, reports in between, echo, late replies, rubbish."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.drivers.gsm import reports
from appliance.drivers.gsm.at import LONGEST_LINE, PROMPT, Channel, Command, LineReader, Reply, fields
from appliance.drivers.gsm.causes import extended_cause
from appliance.model.causes import Cause
from appliance.model.gsm import Registration


class Talk:
    """A channel, its clock, and what became of things."""

    def __init__(self) -> None:
        self.now = 0
        self.reports: list[str] = []
        self.replies: list[Reply] = []
        self.channel = Channel(self.reports.append, lambda: self.now)

    def ask(self, text: str, **options: object) -> None:
        """Submit a command."""
        self.channel.submit(Command(text=text, done=self.replies.append, **options))  # type: ignore[arg-type]

    def say(self, text: str) -> None:
        """The module writes."""
        self.channel.feed(text.encode("latin-1"))

    def written(self) -> str:
        """What was written since the last time."""
        out = bytes(self.channel.out)
        self.channel.out.clear()
        return out.decode("latin-1")


TRANSCRIPT = (
    b'AT+CSQ\r\r\nRING\r\n\r\n+CSQ: 23,99\r\n\r\n+CREG: 1,"A1","B2",7\r\n\r\nOK\r\n\x00'
    b'\r\n+CLIP: "0170",129\r\n\r\nRING\r\n'
)


@given(cuts=st.lists(st.integers(0, len(TRANSCRIPT)), max_size=20))
def test_octets_may_be_cut_anywhere(cuts: list[int]) -> None:
    talk = Talk()
    talk.ask("AT+CSQ", prefixes=("+CSQ:",))
    for begin, end in pairwise([0, *sorted(cuts), len(TRANSCRIPT)]):
        talk.channel.feed(TRANSCRIPT[begin:end])
    assert talk.replies == [Reply(lines=("+CSQ: 23,99",))]
    assert talk.reports == ["RING", '+CREG: 1,"A1","B2",7', '+CLIP: "0170",129', "RING"]


def test_commands_take_turns_and_urgent_ones_are_next() -> None:
    talk = Talk()
    talk.ask("AT+A")
    talk.ask("AT+B")
    talk.channel.submit(Command(text="AT+C", done=talk.replies.append), urgent=True)
    assert talk.written() == "AT+A\r"
    talk.say("\r\nOK\r\n")
    assert talk.written() == "AT+C\r"
    talk.say("\r\n+CME ERROR: 14\r\n")
    assert talk.written() == "AT+B\r"
    talk.say("OK\r\n")
    assert [reply.error for reply in talk.replies] == ["", "+CME ERROR: 14", ""]
    assert talk.replies[1].code == 14
    assert talk.channel.idle


@pytest.mark.parametrize("pieces", [["\r\n> "], ["\r\n>", " "], ["AT+CMGS=12\r\r\n> "]])
def test_a_message_is_written_after_the_prompt_and_its_echo_is_nothing(pieces: list[str]) -> None:
    talk = Talk()
    talk.ask("AT+CMGS=12", payload="00ABCD", prefixes=("+CMGS:",))
    talk.written()
    for piece in pieces:
        talk.say(piece)
    assert talk.written() == "00ABCD\x1a"
    talk.say("00ABCD\x1a\r\n\r\n+CMGS: 7\r\n\r\nOK\r\n")
    assert talk.replies == [Reply(lines=("+CMGS: 7",))]
    assert talk.replies[0].value() == "7"


def test_a_late_reply_is_not_taken_for_the_next_one() -> None:
    talk = Talk()
    talk.ask("AT+SLOW", timeout_ms=1000)
    talk.ask("AT+NEXT")
    talk.written()
    talk.now = 1000
    talk.channel.tick()
    assert talk.replies == [Reply(error="timeout")]
    assert talk.written() == "AT+CMEE?\r"
    talk.say("\r\nOK\r\n")  # to AT+SLOW, at last
    assert talk.written() == ""
    talk.say("\r\n+CMEE: 1\r\n\r\nOK\r\n")
    assert talk.written() == "AT+NEXT\r"
    assert talk.channel.timeouts == 0
    talk.say("\r\nERROR\r\n")
    assert talk.replies[1].error == "ERROR"


def test_a_module_that_is_silent_for_good_is_counted() -> None:
    talk = Talk()
    talk.ask("AT+SLOW", timeout_ms=1000)
    for _ in range(40):
        talk.now += 1000
        talk.channel.tick()
    assert talk.channel.timeouts >= 3
    assert talk.replies == [Reply(error="timeout")]
    talk.ask("AT+MORE")
    talk.channel.abandon("the line is gone")
    assert talk.replies[-1].error == "the line is gone"


def test_a_reply_with_octets_on_the_next_line_and_a_report_of_that_kind() -> None:
    talk = Talk()
    talk.ask("AT+CMGL=4", prefixes=("+CMGL:",), with_pdu=True)
    talk.say("+CMGL: 1,1,,23\r\n0791\r\n+CDS: 25\r\n0006\r\n+CMGL: 2,1,,23\r\n0792\r\nOK\r\n")
    assert talk.replies[0].lines == ("+CMGL: 1,1,,23", "0791", "+CMGL: 2,1,,23", "0792")
    assert talk.reports == ["+CDS: 25\n0006"]


@given(data=st.binary(max_size=300))
def test_rubbish_between_lines_is_survived(data: bytes) -> None:
    talk = Talk()
    talk.ask("AT", timeout_ms=1000)
    talk.channel.feed(data + b"\r\n")
    talk.ask("AT+CSQ", prefixes=("+CSQ:",), needs_answer=True)
    for _ in range(4):
        talk.say("\r\nOK\r\n")
    talk.say("\r\n+CSQ: 1,99\r\nOK\r\n")
    assert talk.replies[-1].lines[-1:] == ("+CSQ: 1,99",)


def test_an_endless_line_is_thrown_away() -> None:
    reader = LineReader()
    assert list(reader.feed(b"x" * (LONGEST_LINE * 3) + b"\r\nOK\r\n> ")) == ["OK", PROMPT]
    assert reader.dropped == 1


def test_more_commands_than_can_wait_fail() -> None:
    talk = Talk()
    for number in range(70):
        talk.ask(f"AT+{number}")
    assert [reply.error for reply in talk.replies] == ["too many commands wait"] * 5


@given(line=st.text(max_size=80))
def test_any_line_is_a_report_or_nothing(line: str) -> None:
    for head in (
        "",
        "+CLCC: ",
        '+QIND: "ccinfo",',
        "^DSCI: ",
        "+CLIP: ",
        "+CREG: ",
        "+CUSD: ",
        "+CMTI: ",
        "+COPS: ",
    ):
        reports.read_report(head + line)
    extended_cause(line)


S, C, REG = reports.CallStage, reports.CallReport, reports.Registered


@pytest.mark.parametrize(
    ("line", "report"),
    [
        ('+CLCC: 1,0,3,0,0,"+49170",145', C(index=1, incoming=False, stage=S.ALERTING, number="+49170")),
        ('+CLCC: 2,1,4,0,0,"002B0034",145', C(index=2, incoming=True, stage=S.INCOMING, number="+4")),
        ("+CLCC: 1,0,0,1,0", None),
        ('+QIND: "ccinfo",2,0,-1,0,0,"017",129', C(index=2, incoming=False, stage=S.RELEASED, number="017")),
        ("^DSCI: 1,1,4,0,0170,129", C(index=1, incoming=True, stage=S.INCOMING, number="0170")),
        ("^CEND:1,0,104,17", reports.CallChanged(cause=Cause.BUSY)),
        ("VOICE CALL: END: 000041", reports.CallChanged(cause=Cause.NORMAL)),
        ("VOICE CALL: BEGIN", reports.CallChanged()),
        ("MISSED_CALL: 02:18AM 0170", reports.CallChanged(cause=Cause.CANCELLED)),
        ('+CLIP: "",128,,,,1', reports.CallerShown(number="", withheld=True)),
        ('+CLIP: "",128,,,,2', reports.CallerShown(number="", withheld=False)),
        ('+CREG: 2,1,"A","B",7', REG(registration=Registration.HOME, packet=False, technology="LTE")),
        ('+CEREG: 5,"A","B",7', REG(registration=Registration.ROAMING, packet=True, technology="LTE")),
        ("+CREG: 0,3", reports.Registered(registration=Registration.DENIED, packet=False)),
        ("+CREG: 2", reports.Registered(registration=Registration.SEARCHING, packet=False)),
        ("+CSQ: 31,99", reports.Signal(dbm=-51)),
        ("+CSQ: 99,99", reports.Signal(dbm=None)),
        ('+QCSQ: "LTE",-52,-81,195,-10', reports.Signal(dbm=-52, technology="LTE")),
        ('+COPS: 0,0,"Telekom.de",7', reports.Operator(name="Telekom.de")),
        ('+COPS: 0,0,"00410042",7', reports.Operator(name="AB")),
        ('+CMTI: "ME",3', reports.SmsStored(memory="ME", index=3)),
        ('+CUSD: 0,"0031002C00350030",72', reports.Ussd(text="1,50", more=False, refused=False)),
        ("+QTONEDET: 53", reports.KeyHeard(digit="5")),
        ("+RXDTMF: #", reports.KeyHeard(digit="#")),
        ("^BOOT:1,0", None),
    ],
)  # fmt: skip
def test_what_modules_say_is_understood(line: str, report: reports.Report | None) -> None:
    assert reports.read_report(line) == report


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("+CEER: User busy", Cause.BUSY),
        ("+CEER: 5,17", Cause.BUSY),
        ("+CEER: No user responding", Cause.NO_ANSWER),
        ("+CEER: CM_CALL_ORIGINATION No network", Cause.CONGESTION),
        ("+CEER: operator determined barring", Cause.FORBIDDEN),
        ("+CEER: Client ended call", Cause.NORMAL),
        ("+CEER: odd", None),
    ],
)
def test_the_reason_of_an_end_is_understood(text: str, cause: Cause | None) -> None:
    assert extended_cause(text) is cause


def test_values_are_cut_at_commas_outside_quotes() -> None:
    assert fields('1,"a,b",,7') == ["1", "a,b", "", "7"]
