"""Which documents a document names by id: what keeps others from being deleted.

``snapshot.check`` reports every one of these that is dead; a test holds the two together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.model.documents import Device, Document, Number, TargetKind
from appliance.model.features import PagingGroup, PickupGroup
from appliance.model.mail import Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """``field`` (the path inside the naming document) names the document (kind, id)."""

    field: str
    kind: str
    id: str


def references(document: Document) -> Iterator[Reference]:
    """Every document named by this one, whether it exists or not."""
    match document:
        case Device():
            yield Reference(field="extension", kind="extension", id=document.extension)
        case PickupGroup() | PagingGroup():
            for i, member in enumerate(document.members):
                yield Reference(field=f"members[{i}]", kind="extension", id=member)
        case Notification():
            yield Reference(field="id", kind="extension", id=document.id)
        case Number():
            for i, step in enumerate(document.steps):
                for j, target in enumerate(step.targets):
                    if target.kind is not TargetKind.EXTERNAL:
                        yield Reference(
                            field=f"steps[{i}].targets[{j}].ref", kind=target.kind.value, id=target.ref
                        )
