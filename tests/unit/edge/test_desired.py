"""What is said to the edge: an edge that believes every line ends up knowing exactly what is wanted."""

import dataclasses
import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from appliance.sip.edge import desired as desired_module
from appliance.sip.edge.desired import LAMP_GAP_S, DesiredState, EdgeKnowledge, Kept
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
    watched: set[Aor] = field(default_factory=set)
    shown: dict[Aor, set[str]] = field(default_factory=dict)
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
                self.notify(Aor(said["Presentity-User"]))
            else:
                self.boxes[said["From-User"]] = (said["Messages-New"], said["Messages-Saved"])
        else:
            raise AssertionError(f"what is {line!r}?")

    def notify(self, aor: Aor) -> None:
        """Show those who watch what is published now."""
        assert aor in self.watched, f"{aor} was published for nobody"
        self.shown[aor] = {f"{key} {state}" for key, state in self.lamps.items() if key.startswith(f"{aor}/")}

    def subscribe(self, aor: Aor) -> None:
        self.watched.add(aor)
        self.notify(aor)


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
        self.desired.connected()
        self.desired.reconnected(EdgeKnowledge(), just_started=True)

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
        kept = self.desired.publish_dialog(aor, info)
        assert kept is (Kept.DUE if aor in self.edge.watched else Kept.QUIET)
        self.dialogs[aor, call_id] = state
        if state is DialogState.TERMINATED:
            del self.dialogs[aor, call_id]

    @rule(aor=aors, new=st.integers(0, 3), old=st.integers(0, 3))
    def publish_mwi(self, aor: Aor, new: int, old: int) -> None:
        self.desired.publish_mwi(aor, new, old)
        self.boxes[aor] = (str(new), str(old))

    @rule(aor=aors)
    def subscribe(self, aor: Aor) -> None:
        self.edge.subscribe(aor)
        self.desired.watch(aor)

    @rule(budget=st.integers(1, 400), later_s=st.floats(0, 0.2))
    def batch(self, budget: int, later_s: float) -> None:
        self.now_s += later_s
        for line in self.desired.take(self.now_s, budget):
            self.edge.hear(line)

    @rule(budget=st.integers(1, 400))
    def connection_lost_with_a_batch(self, budget: int) -> None:
        self.desired.take(self.now_s, budget)
        self.reconnect()

    @rule(
        unheard=st.sets(aors),
        meanwhile=st.none() | aors,
        ended=st.none() | st.tuples(aors, call_ids),
        new_core=st.booleans(),
    )
    def reconnect(
        self,
        unheard: frozenset[Aor] = frozenset(),
        meanwhile: Aor | None = None,
        ended: tuple[Aor, str] | None = None,
        new_core: bool = False,
    ) -> None:
        """Subscriptions come while the core is away, and between its hello and the answer that lacks them."""
        if not self.edge.ready:
            self.restart(set(self.edge.watched))
            return
        for aor in unheard:
            self.edge.subscribe(aor)
        if new_core:
            self.desired = DesiredState("ortsamt")
            self.dialogs.clear()
            self.boxes = dict(self.edge.boxes)
            for box, (new, old) in self.boxes.items():
                self.desired.publish_mwi(Aor(box), int(new), int(old))
            self.desired.set_credentials(self.credentials)
            self.complete = True
        known = EdgeKnowledge(
            accounts=dict(self.edge.auth),
            aliases=dict(self.edge.who),
            aors=frozenset(self.edge.aors),
            lamps=frozenset(self.edge.noted),
            watched=frozenset(self.edge.watched),
        )
        self.desired.connected()
        if meanwhile is not None:
            self.subscribe(meanwhile)
        if ended is not None:
            info = DialogInfo(
                call_id=ended[1],
                state=DialogState.TERMINATED,
                direction=DialogDirection.INITIATOR,
                remote="x",
            )
            self.desired.publish_dialog(ended[0], info)
            self.dialogs.pop(ended, None)
        self.desired.reconnected(known, just_started=False)

    @rule(saved=st.sets(aors))
    def restart(self, saved: set[Aor]) -> None:
        """Subscriptions that were not written down are lost; the others still show what they showed."""
        kept = saved & self.edge.watched
        shown = {aor: self.edge.shown[aor] for aor in kept}
        self.edge = BelievingEdge(watched=set(kept), shown=shown)
        self.desired.connected()
        self.desired.reconnected(EdgeKnowledge(watched=frozenset(kept)), just_started=True)

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
        for aor in self.edge.watched:
            states = [text.rpartition(" ")[2] for text in self.edge.shown[aor]]
            wanted_states = [state.value for (key, _), state in self.dialogs.items() if key == aor]
            assert sorted(states) == sorted(wanted_states), aor
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


def watched_state() -> DesiredState:
    """Somebody watches 20, and nothing is due."""
    desired = DesiredState("ortsamt")
    desired.watch(Aor("20"))
    return desired


def ringing(aor: str) -> tuple[Aor, DialogInfo]:
    return Aor(aor), DialogInfo(
        call_id=f"line-{aor}", state=DialogState.EARLY, direction=DialogDirection.RECIPIENT, remote="1"
    )


def told(desired: DesiredState, at_s: float = 1.0) -> list[tuple[str, str]]:
    """Key and state of each published line, all that is due."""
    said = [json.loads(line[2:]) for line in desired.take(at_s, 10_000_000) if line.startswith(b"P|")]
    return sorted((one["Presentity-User"], one["State"]) for one in said)


def test_what_nobody_watches_is_kept_for_the_first_who_does() -> None:
    desired = DesiredState("ortsamt")
    assert desired.publish_dialog(*ringing("20")) is Kept.QUIET
    assert desired.publish_dialog(*ringing("21")) is Kept.QUIET
    assert desired.wait_s(0.0) is None
    desired.watch(Aor("20"))
    assert told(desired) == [("20", "early")]
    desired.watch(Aor("20"))
    assert desired.wait_s(0.0) is None


def test_too_many_watched_keys_mean_that_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desired_module, "MAX_WATCHED", 2)
    desired = DesiredState("ortsamt")
    for name in ("20", "21", "22"):
        desired.publish_dialog(*ringing(name))
    desired.watch(Aor("90"))
    assert told(desired) == []
    desired.watch(Aor("91"))
    assert told(desired) == [("20", "early"), ("21", "early"), ("22", "early")]


@pytest.mark.parametrize("watched", [None, frozenset(Aor(f"x{number}") for number in range(2))])
def test_an_edge_that_cannot_say_who_watches_is_told_all(
    monkeypatch: pytest.MonkeyPatch, watched: frozenset[Aor] | None
) -> None:
    monkeypatch.setattr(desired_module, "MAX_WATCHED", 2)
    desired = DesiredState("ortsamt")
    desired.publish_dialog(*ringing("20"))
    desired.connected()
    desired.reconnected(EdgeKnowledge(watched=watched), just_started=False)
    assert told(desired) == [("20", "early")]
    assert desired.publish_dialog(*ringing("21")) is Kept.DUE


@given(st.lists(st.sampled_from(DialogState), min_size=1, max_size=40))
def test_between_two_batches_only_the_newest_state_of_a_call_is_kept(states: list[DialogState]) -> None:
    desired = watched_state()
    for state in states:
        desired.publish_dialog(
            Aor("20"), DialogInfo(call_id="c", state=state, direction=DialogDirection.RECIPIENT, remote="1")
        )
    published = [line for line in desired.take(0.0, 100_000) if line.startswith(b"P|")]
    assert [json.loads(line[2:])["State"] for line in published] == [states[-1].value]


def test_a_flickering_lamp_is_told_no_faster_than_its_gap() -> None:
    desired = watched_state()

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
    desired.reconnected(EdgeKnowledge(), just_started=True)
    desired.update_credentials({Account("20"): Credential(ha1="0" * 32, aor=Aor("20"))})
    assert desired.take(0.0, 10_000) == [b"C|20|" + b"0" * 32 + b"|20"]
    desired.set_credentials({Account("20"): Credential(ha1="1" * 32, aor=Aor("20"))})
    assert desired.take(0.0, 10_000) == [b"C|20|" + b"1" * 32 + b"|20", b"K|"]


def test_a_new_core_takes_back_what_the_old_one_published_and_no_more() -> None:
    desired = DesiredState("ortsamt")
    desired.publish_dialog(*ringing("21"))
    desired.connected()
    lamps = frozenset({"20/lost", "21/line-21"})
    desired.reconnected(EdgeKnowledge(lamps=lamps, watched=frozenset({Aor("22")})), just_started=False)
    assert told(desired) == [("20", "terminated"), ("21", "early")]


def test_what_was_published_is_ended_though_nobody_is_known_to_watch() -> None:
    desired = DesiredState("ortsamt")
    desired.publish_dialog(*ringing("20"))
    desired.connected()
    desired.reconnected(EdgeKnowledge(lamps=frozenset({"20/line-20"})), just_started=False)
    assert told(desired) == [("20", "early")]
    over = dataclasses.replace(ringing("20")[1], state=DialogState.TERMINATED)
    assert desired.publish_dialog(Aor("20"), over) is Kept.DUE
    assert told(desired, at_s=2.0) == [("20", "terminated")]


def test_watchers_of_an_edge_that_was_restarted_see_idle_what_has_no_call() -> None:
    desired = DesiredState("ortsamt")
    desired.publish_dialog(*ringing("21"))
    desired.connected()
    desired.reconnected(EdgeKnowledge(watched=frozenset({Aor("20"), Aor("21")})), just_started=True)
    assert told(desired) == [("20", "terminated"), ("21", "early")]
