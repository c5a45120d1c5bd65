"""Mobile phones of the office: those that call in to dial on, and those that are rung with an extension."""

from collections.abc import Sequence
from dataclasses import replace

from appliance.model.documents import Application, Extension, Mobile, Permission
from appliance.model.ids import CallthroughId
from appliance.model.plan import ExternalTarget, RingTarget, Run
from appliance.routing.destinations import destination_of, permission_of
from appliance.routing.draft import Draft
from appliance.routing.numbers import PublicNumber
from appliance.routing.path import Path, caller_shown
from appliance.routing.trunks import external_target


def callthrough_run(draft: Draft, ref: str) -> Run | None:
    """What answers a mobile of the office; None (and the reason) for everybody who may not dial on."""
    document = draft.snapshot.callthroughs.get(CallthroughId(ref))
    if document is None:
        draft.because("target.no_callthrough", ref=ref)
        return None
    caller = draft.caller.number or draft.caller.name or "?"
    mobile = None if draft.caller.withheld else draft.snapshot.mobile_by_number.get(draft.caller.number)
    owner = draft.snapshot.extensions.get(mobile.extension) if mobile is not None else None
    application = Application.CALLTHROUGH
    if owner is None:
        if not document.anywhere:
            draft.because("callthrough.unknown", caller=caller)
            return None
        draft.because("callthrough.anywhere", caller=caller)
    elif document.callback:
        draft.because("callthrough.callback", caller=caller, number=owner.number, name=owner.name)
        application = Application.CALL_BACK
    else:
        draft.because("callthrough.mobile", caller=caller, number=owner.number, name=owner.name)
    spoken = (owner.language if owner is not None else None) or draft.language
    return Run(application=application, prompt="", language=document.language or spoken, argument=document.id)


def mobiles_of(path: Path, extension: Extension) -> tuple[ExternalTarget, ...]:
    """The mobiles that ring with this extension, by its right, showing the caller where that is allowed."""
    draft = path.draft
    rung = (_target(path, extension, one) for one in draft.snapshot.mobiles.values())
    return tuple(one for one in rung if one is not None)


def _target(path: Path, extension: Extension, mobile: Mobile) -> ExternalTarget | None:
    draft = path.draft
    rings = mobile.extension == extension.id and (mobile.rings or mobile.reverse)
    if not rings or mobile.number == draft.caller.number:
        return None
    destination = destination_of(mobile.number, draft.dialling)
    permission, _ = permission_of(draft, extension, mobile.number, destination)
    if permission is not Permission.ALLOW:
        draft.because("mobile.barred", ref=mobile.number, number=extension.number, name=extension.name)
        return None
    if mobile.reverse:
        draft.because("mobile.calls_in", ref=mobile.number, number=extension.number, name=extension.name)
    else:
        draft.because("mobile.rings", ref=mobile.number, number=extension.number, name=extension.name)
    identity = caller_shown(draft, extension.caller_number or draft.snapshot.site.default_caller_number)
    found = external_target(
        draft, PublicNumber(number=mobile.number), identity, path.diverted, charged=extension.id
    )
    if found is None:
        return None
    if mobile.reverse:
        return replace(found, calls_in=extension.id)
    return replace(found, confirms=extension.id)


def patience(draft: Draft, targets: Sequence[RingTarget], seconds: int) -> int:
    """How long it rings: no shorter than a mobile needs to call in."""
    needed = [
        draft.snapshot.mobile_by_number[one.number].reverse_seconds
        for one in targets
        if isinstance(one, ExternalTarget) and one.calls_in is not None
    ]
    return max([seconds, *needed])
