"""Whatever menus an office has and whatever callers press: nobody is stuck, and nothing stays behind."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.calls.voice.dialogue import Stage, Talk
from appliance.calls.voice.menu import SwitchTurned
from appliance.model import effects as fx
from appliance.model.documents import (
    Destination,
    Document,
    Menu,
    MenuAction,
    MenuOption,
    Switch,
    Target,
    TargetKind,
)
from appliance.model.ids import MenuId, SwitchId, TrunkId
from appliance.model.menus import KEYS
from appliance.model.plan import Caller, CallRequest, FromTrunk, Origin
from appliance.model.snapshot import build
from appliance.model.voice import Reply, Request
from appliance.routing.plan import plan
from tests.unit.calls import office
from tests.unit.calls.conversation import Conversation

NAMES = ("main", "a", "b", "c")
SILENT_STEPS = 150
"""So often a silent caller hears something or is waited for until the menu is left."""

menu_ids = st.sampled_from(NAMES).map(MenuId)
targets = st.one_of(
    st.builds(Target, kind=st.just(TargetKind.EXTENSION), ref=st.sampled_from(["21", "22", "99"])),
    st.builds(Target, kind=st.just(TargetKind.MENU), ref=menu_ids),
    st.builds(Target, kind=st.just(TargetKind.EXTERNAL), ref=st.just("+4930123456")),
)
prompts = st.lists(st.sampled_from(["welcome", "audio/x"]), max_size=2).map(tuple)


@st.composite
def options(draw: st.DrawFn) -> MenuOption:
    return MenuOption(
        key=draw(st.sampled_from(KEYS)),
        action=draw(st.sampled_from([one for one in MenuAction if one is not MenuAction.QUEUE])),
        to=draw(targets),
        menu=draw(menu_ids),
        switch=SwitchId("night"),
        prompts=draw(prompts) or ("welcome",),
        protected=draw(st.booleans()),
    )


@st.composite
def menus(draw: st.DrawFn, name: str) -> Menu:
    direct = draw(
        st.sampled_from([(), (Destination.INTERNAL,), (Destination.INTERNAL, Destination.NATIONAL)])
    )
    return Menu(
        id=MenuId(name),
        number="80" if name == "main" else "",
        greeting=draw(prompts),
        prompts=draw(prompts),
        options=draw(st.lists(options(), max_size=6, unique_by=lambda one: one.key).map(tuple)),
        direct=direct,
        pin=draw(st.sampled_from(["", "1234"])),
        barge_in=draw(st.booleans()),
        tries=draw(st.integers(1, 3)),
        otherwise=draw(st.none() | targets),
    )


offices = st.tuples(*(menus(name) for name in NAMES))
inputs = st.lists(st.sampled_from([*KEYS, "listen", "wait"]), max_size=25)


def talk_of(caller: Conversation) -> Talk | None:
    """The dialogue the caller is in."""
    for call in caller.control._x.calls.values():
        if isinstance(call.talk, Talk):
            return call.talk
    return None


def not_stuck(caller: Conversation) -> None:
    talk = talk_of(caller)
    if talk is None:
        return
    assert talk.stage is not Stage.OVER
    assert any(one.startswith("talk:") for one in caller.timers), talk.scene


def move_on(caller: Conversation) -> None:
    """Say nothing, whatever happens."""
    if isinstance(caller.hears, fx.HearsList) and talk_of(caller) is not None:
        caller.listen()
    else:
        caller.wait()


@given(found=offices, pressed=inputs, ours=st.booleans(), works=st.booleans())
def test_every_walk_ends(found: tuple[Menu, ...], pressed: list[str], ours: bool, works: bool) -> None:
    origin: Origin = office.device("22") if ours else FromTrunk(trunk=TrunkId("t1"))
    plain = office.snapshot()
    documents: list[Document] = [*found, Switch(id=SwitchId("night"))]
    documents += [*plain.extensions.values(), *plain.devices.values(), *plain.trunks.values()]
    snapshot = build(documents)
    request = CallRequest(origin=office.device("24"), caller=Caller(), dialled="80")
    steps = plan(request, snapshot, office.NOW).steps

    def outside(_request: Request) -> Reply | None:
        return SwitchTurned(on=True) if works else None

    caller = Conversation(
        *steps, outside=outside, origin=origin, documents=documents, caller=Caller(number="+4930901820")
    )
    not_stuck(caller)
    for one in pressed:
        if talk_of(caller) is None:
            break
        if one in KEYS:
            caller.press(one)
        else:
            move_on(caller)
        not_stuck(caller)
    for _ in range(SILENT_STEPS):
        if talk_of(caller) is None:
            break
        move_on(caller)
        not_stuck(caller)
    else:
        raise AssertionError("a silent caller is never let go")
    if caller.control.live_calls():
        caller.hang_up()
    assert talk_of(caller) is None
    assert not [one for one in caller.timers if one.startswith("talk:")]
