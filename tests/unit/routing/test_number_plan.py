"""The number plan as a report: blocks, what is assigned in them, what lies outside."""

from appliance.model.documents import Block
from appliance.model.ids import E164, BlockId, TrunkId
from appliance.routing.number_plan import number_plan, numbers_of
from tests.unit.routing.office import office

BLOCK = Block(id=BlockId("koeln"), first=E164("+49221471090"), size=10, trunk=TrunkId("first"))


def test_every_number_of_a_block_is_listed_with_who_has_it() -> None:
    (report,) = number_plan(office(BLOCK)).blocks
    assert [one.number for one in report.assignments] == list(numbers_of(BLOCK))
    taken = {one.number: one.document for one in report.assignments if not one.free}
    assert taken == {"+49221471099": "n+49221471099"}
    assert len(report.free) == 9


def test_numbers_outside_of_all_blocks_and_those_only_shown_are_listed() -> None:
    plan = number_plan(office(BLOCK))
    assert [one.number for one in plan.outside] == ["+4922147100", "+49221471021"]
    assert plan.outside[0].name == "Zentrale"
    assert plan.outside[1].shown_by == ("21",)
    assert plan.internal["22"] == "extension e22"
    assert plan.internal["*1"] == "service s*1"
