"""Steps put in order: chains with side ways, laid out as the graph of a plan.

A chain is tried link by link; a link that nobody answers leads to the next one. ``then`` says what comes in
between after one particular outcome, and the next link (or the chain's endings) comes after that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from appliance.model.plan import AskPin, Feature, Outcome, Play, Reject, Ring, Run, Step, Wait

UNANSWERED = (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNREACHABLE, Outcome.REJECTED)
"""Outcomes after which somebody else may be tried."""
_ONWARD = (*UNANSWERED, Outcome.DONE, Outcome.GRANTED)
_POSSIBLE: dict[type, tuple[Outcome, ...]] = {
    Ring: (*UNANSWERED, Outcome.NO_LINE, Outcome.LIMITED),
    Play: (Outcome.DONE,),
    Run: (Outcome.DONE,),
    AskPin: (Outcome.GRANTED, Outcome.DENIED),
    Wait: (Outcome.DONE,),
    Feature: (Outcome.DONE,),
    Reject: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One step without its ``next``, and the side ways from it; an empty one: nothing follows."""

    step: Step
    then: Mapping[Outcome, "Chain"] = field(default_factory=dict)
    branches: Mapping[str, "Chain"] = field(default_factory=dict)
    """Where an application may send the caller; what follows the step follows these chains too."""


Chain = tuple[Link, ...]


@dataclass(slots=True, eq=False)
class _Node:
    step: Step
    next: dict[Outcome, "_Node"] = field(default_factory=dict)
    branches: dict[str, "_Node"] = field(default_factory=dict)


def lay(chain: Chain, endings: Mapping[Outcome, Chain]) -> tuple[Step, ...]:
    """The steps of a chain (at least one link), the first at position 0; ``endings`` follow its last link."""
    start = _lay(chain, {outcome: _lay(ending, {}) for outcome, ending in endings.items()})
    order: dict[_Node, int] = {}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node not in order:
            order[node] = len(order)
            waiting.extend(reversed((*node.branches.values(), *node.next.values())))
    return tuple(_step(node, order) for node in order)


def _lay(chain: Chain, after: Mapping[Outcome, _Node]) -> _Node:
    following = after
    node: _Node | None = None
    for link in reversed(chain):
        node = _Node(link.step)
        laid: dict[int, _Node] = {}
        for outcome in _POSSIBLE[type(link.step)]:
            aside = link.then.get(outcome)
            if aside:
                # Two outcomes may share one side way.
                node.next[outcome] = laid.setdefault(id(aside), laid.get(id(aside)) or _lay(aside, following))
            elif aside is None and outcome in following:
                node.next[outcome] = following[outcome]
        node.branches = {label: _lay(chain, following) for label, chain in link.branches.items()}
        following = dict.fromkeys(_ONWARD, node)
    assert node is not None, "an empty chain has no beginning"  # noqa: S101 - our own defect
    return node


def _step(node: _Node, order: Mapping[_Node, int]) -> Step:
    if isinstance(node.step, Reject):
        return node.step
    if isinstance(node.step, Run) and node.branches:
        branches = {label: order[after] for label, after in node.branches.items()}
        node.step = replace(node.step, branches=branches)
    return replace(node.step, next={outcome: order[after] for outcome, after in node.next.items()})


def shifted(step: Step, by: int) -> Step:
    """The step as it is when so many others come before the whole plan."""
    if isinstance(step, Reject):
        return step
    onward = {outcome: position + by for outcome, position in step.next.items()}
    if isinstance(step, Run):
        branches = {label: position + by for label, position in step.branches.items()}
        return replace(step, next=onward, branches=branches)
    return replace(step, next=onward)
