"""What is said to the edge: an edge that believes every line ends up knowing exactly what is wanted."""

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from appliance.sip.edge.desired import LAMP_GAP_S, DesiredState, EdgeKnowledge
from appliance.sip.edge.events import Account, Aor, Credential, DialogDirection, DialogInfo, DialogState


@dataclass
class BelievingEdge:
    """Does what templates/evapi.cfg.j2 does with the lines."""

    auth: dict[str, str] = field(default_factory=dict)
    who: dict[str, str] = field(default_factory=dict)
    aors: set[str] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)
    lamps: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, tuple[str, str]] = field(default_factory=dict)
    ready: bool = False

    def hear(self, line: bytes) -> None:
        kind, _, rest = line.decode().partition("|")
        fields = rest.split("|")
        if kind == "C":
            self.auth[fields[0]] = fields[1]
            self.aors.add(fields[2])
            self.who.pop(fields[0], None)
            if fields[2] != fields[0]:
                self.who[fields[0]] = fields[2]
        elif kind == "D":
            self.auth.pop(fields[0], None)
            self.who.pop(fields[0], None)
        elif kind == "X":
            self.aors.discard(fields[0])
        elif kind == "B":
            self.noted.add(fields[0])
        elif kind == "b":
            self.noted.discard(fields[0])
        elif kind == "K":
            self.ready = True
        elif kind == "P":
            said = json.loads(rest)
            if said["Event-Package"] == "dialog":
                key = f"{said['Presentity-User']}/{said['Call-ID']}"
                self.lamps[key] = said["State"]
                if said["State"] == "terminated":
                    del self.lamps[key]
            else:
                self.boxes[said["From-User"]] = (said["Messages-New"], said["Messages-Saved"])
        else:
            raise AssertionError(f"what is {line!r}?")


accounts = st.sampled_from([Account(name) for name in ("20", "21", "20-desk", "21-dect")])
aors = st.sampled_from([Aor(name) for name in ("20", "21", "22")])
credentials = st.builds(
    lambda digit, aor: Credential(ha1=digit * 32, aor=aor), st.sampled_from("0123456789abcdef"), aors
)
call_ids = st.sampled_from(["c1", "c2", 'odd "id" | <x>'])


class Conversation(RuleBasedStateMachine):
    """Wishes, batches, lost connections and restarts in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.desired = DesiredState("ortsamt")
        self.edge = BelievingEdge()
        self.now_s = 0.0
        self.credentials: dict[Account, Credential] = {}
        self.complete = False
        self.dialogs: dict[tuple[Aor, str], DialogState] = {}
        self.boxes: dict[str, tuple[str, str]] = {}
        self.desired.reconnected(None)

    @rule(wanted=st.dictionaries(accounts, credentials))
    def set_credentials(self, wanted: dict[Account, Credential]) -> None:
        self.desired.set_credentials(wanted)
        self.credentials = dict(wanted)
        self.complete = True

    @rule(account=accounts, credential=credentials)
    def update_credential(self, account: Account, credential: Credential) -> None:
        self.desired.update_credentials({account: credential})
        self.credentials[account] = credential

    @rule(account=accounts)
    def remove_credential(self, account: Account) -> None:
        self.desired.remove_credentials(iter([account]))
        self.credentials.pop(account, None)

    @rule(aor=aors, call_id=call_ids, state=st.sampled_from(DialogState))
    def publish_dialog(self, aor: Aor, call_id: str, state: DialogState) -> None:
        info = DialogInfo(call_id=call_id, state=state, direction=DialogDirection.INITIATOR, remote="x")
        assert self.desired.publish_dialog(aor, info)
        self.dialogs[aor, call_id] = state
        if state is DialogState.TERMINATED:
            del self.dialogs[aor, call_id]

    @rule(aor=aors, new=st.integers(0, 3), old=st.integers(0, 3))
    def publish_mwi(self, aor: Aor, new: int, old: int) -> None:
        self.desired.publish_mwi(aor, new, old)
        self.boxes[aor] = (str(new), str(old))

    @rule(budget=st.integers(1, 400), later_s=st.floats(0, 0.2))
    def batch(self, budget: int, later_s: float) -> None:
        self.now_s += later_s
        for line in self.desired.take(self.now_s, budget):
            self.edge.hear(line)

    @rule(budget=st.integers(1, 400))
    def connection_lost_with_a_batch(self, budget: int) -> None:
        self.desired.take(self.now_s, budget)
        self.reconnect()

    @rule()
    def reconnect(self) -> None:
        if not self.edge.ready:
            self.restart()
            return
        self.desired.reconnected(
            EdgeKnowledge(
                accounts=dict(self.edge.auth),
                aliases=dict(self.edge.who),
                aors=frozenset(self.edge.aors),
                lamps=frozenset(self.edge.noted),
            )
        )

    @rule()
    def restart(self) -> None:
        self.edge = BelievingEdge()
        self.desired.reconnected(None)

    @invariant()
    def ends_in_agreement(self) -> None:
        """Only checked when all has been said; saying all is part of every example."""
        if self.desired.wait_s(self.now_s) is not None:
            return
        assert self.edge.auth == {name: credential.ha1 for name, credential in self.credentials.items()}
        assert self.edge.ready == self.complete
        wanted = {credential.aor for credential in self.credentials.values()}
        assert self.edge.aors == wanted
        assert self.edge.who == {
            name: credential.aor
            for name, credential in self.credentials.items()
            if str(name) != credential.aor
        }
        assert sorted(self.edge.lamps.values()) == sorted(state.value for state in self.dialogs.values())
        assert self.edge.boxes == self.boxes
        assert set(self.edge.lamps) == self.edge.noted

    def teardown(self) -> None:
        for _ in range(1000):
            pause_s = self.desired.wait_s(self.now_s)
            if pause_s is None:
                break
            self.batch(10_000, pause_s + 0.001)
        assert self.desired.wait_s(self.now_s) is None
        self.ends_in_agreement()


TestConversation = Conversation.TestCase


@given(st.lists(st.sampled_from(DialogState), min_size=1, max_size=40))
def test_between_two_batches_only_the_newest_state_of_a_call_is_kept(states: list[DialogState]) -> None:
    desired = DesiredState("ortsamt")
    for state in states:
        desired.publish_dialog(
            Aor("20"), DialogInfo(call_id="c", state=state, direction=DialogDirection.RECIPIENT, remote="1")
        )
    published = [line for line in desired.take(0.0, 100_000) if line.startswith(b"P|")]
    assert [json.loads(line[2:])["State"] for line in published] == [states[-1].value]


def test_a_flickering_lamp_is_told_no_faster_than_its_gap() -> None:
    desired = DesiredState("ortsamt")

    def publish(state: DialogState) -> None:
        desired.publish_dialog(
            Aor("20"), DialogInfo(call_id="c", state=state, direction=DialogDirection.RECIPIENT, remote="1")
        )

    publish(DialogState.EARLY)
    assert desired.take(10.0, 1000)
    publish(DialogState.CONFIRMED)
    assert desired.take(10.0, 1000) == []
    pause_s = desired.wait_s(10.0)
    assert pause_s is not None
    assert pause_s == pytest.approx(LAMP_GAP_S)
    assert desired.take(10.0 + pause_s, 1000)
    assert desired.wait_s(10.0 + pause_s) is None


def test_accounts_come_before_ready_and_ready_only_when_they_are_complete() -> None:
    desired = DesiredState("ortsamt")
    desired.reconnected(None)
    desired.update_credentials({Account("20"): Credential(ha1="0" * 32, aor=Aor("20"))})
    assert desired.take(0.0, 10_000) == [b"C|20|" + b"0" * 32 + b"|20"]
    desired.set_credentials({Account("20"): Credential(ha1="1" * 32, aor=Aor("20"))})
    assert desired.take(0.0, 10_000) == [b"C|20|" + b"1" * 32 + b"|20", b"K|"]
