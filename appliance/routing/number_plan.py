"""The number plan as people look at it: what is assigned, what is free."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from appliance.model.documents import Block, Number
from appliance.model.ids import E164, NumberId, TrunkId
from appliance.model.snapshot import Snapshot, internal_numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One public number: who has it as a distribution, and whose caller number it is."""

    number: str
    document: NumberId | None = None
    name: str = ""
    rings: tuple[str, ...] = ()
    """Where it leads by its own steps: ``extension 21``."""
    shown_by: tuple[str, ...] = ()
    """Internal numbers of extensions that present it."""

    @property
    def free(self) -> bool:
        """True if nothing uses it."""
        return self.document is None and not self.shown_by


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockReport:
    """A block with every number of it."""

    block: Block
    trunk: TrunkId
    assignments: tuple[Assignment, ...]

    @property
    def free(self) -> tuple[str, ...]:
        """The numbers that nothing uses."""
        return tuple(one.number for one in self.assignments if one.free)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPlan:
    """All blocks, the public numbers outside of them, and the internal numbers with their owners."""

    blocks: tuple[BlockReport, ...] = ()
    outside: tuple[Assignment, ...] = ()
    internal: Mapping[str, str] = field(default_factory=dict)


def numbers_of(block: Block) -> Iterator[E164]:
    """Every number of a block."""
    first = int(block.first[1:])
    for number in range(first, first + block.size):
        yield E164(f"+{number}")


def _rings(number: Number) -> tuple[str, ...]:
    targets = (target for step in number.steps for target in step.targets)
    return tuple(dict.fromkeys(f"{target.kind.value} {target.ref}" for target in targets))


def number_plan(snapshot: Snapshot) -> NumberPlan:
    """Put the number plan together."""
    shown: dict[str, list[str]] = {}
    for extension in snapshot.extensions.values():
        if extension.caller_number is not None:
            shown.setdefault(extension.caller_number, []).append(extension.number)

    def assigned(number: str) -> Assignment:
        document = snapshot.number_by_e164.get(number)
        return Assignment(
            number=number,
            document=document.id if document is not None else None,
            name=document.name if document is not None else "",
            rings=_rings(document) if document is not None else (),
            shown_by=tuple(shown.get(number, ())),
        )

    blocks = tuple(
        BlockReport(
            block=block, trunk=block.trunk, assignments=tuple(assigned(one) for one in numbers_of(block))
        )
        for block in sorted(snapshot.blocks.values(), key=lambda one: (len(one.first), one.first))
    )
    inside = {one.number for report in blocks for one in report.assignments}
    internal: dict[str, str] = {}
    for internal_number, where, _ in internal_numbers(snapshot):
        internal.setdefault(internal_number, where)
    return NumberPlan(
        blocks=blocks,
        outside=tuple(assigned(one) for one in sorted({*snapshot.number_by_e164, *shown} - inside)),
        internal=dict(sorted(internal.items())),
    )
