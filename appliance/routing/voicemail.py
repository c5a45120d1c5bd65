"""Voicemail: which box takes a call, with which greeting, and who hears messages instead of leaving one."""

from appliance.model.documents import Application, Extension, Language, Status, VoicemailBox
from appliance.model.ids import VoicemailBoxId
from appliance.model.plan import CallKind, Outcome, Plan, Run
from appliance.routing.draft import Draft
from appliance.routing.graph import Link
from appliance.routing.selection import is_for, settings_of


def find_box(draft: Draft, ref: str) -> VoicemailBox | None:
    """The box of this id; None, and the reason, when there is none."""
    box = draft.snapshot.voicemail_boxes.get(VoicemailBoxId(ref))
    if box is None:
        draft.because("target.no_box", ref=ref)
    return box


def box_in_the_end(draft: Draft, extension: Extension | None) -> VoicemailBox | None:
    """The box that takes the extension's calls when nobody does, if it wants that."""
    if extension is None or not extension.voicemail:
        return None
    return draft.snapshot.voicemail_of.get(extension.id)


def box_dialled(draft: Draft, number: str) -> VoicemailBox | None:
    """The box with this number, or that of the extension with it; empty: the caller's own."""
    snapshot = draft.snapshot
    if not number:
        return snapshot.voicemail_of.get(draft.extension.id) if draft.extension is not None else None
    extension = snapshot.extension_by_number.get(number)
    of_extension = snapshot.voicemail_of.get(extension.id) if extension is not None else None
    return snapshot.voicemail_by_number.get(number) or of_extension


def deposit_link(draft: Draft, box: VoicemailBox) -> Link:
    """The box answers and takes a message; nothing follows."""
    return draft.link(deposit(draft, box), {Outcome.DONE: ()})


def deposit(draft: Draft, box: VoicemailBox) -> Run:
    """Leave a message; ``Run.prompt`` is the greeting, empty for the box's own words."""
    draft.because("voicemail.takes", number=box.number or box.id, name=box.name)
    return Run(
        application=Application.VOICEMAIL,
        prompt=_greeting(draft, box),
        language=language_of_box(draft, box),
        argument=box.id,
    )


def menu(draft: Draft, box: VoicemailBox | None) -> Run:
    """Hear messages; without a box the caller is asked for its number."""
    if box is not None:
        draft.because("voicemail.menu", number=box.number or box.id, name=box.name)
    else:
        draft.because("voicemail.which")
    return Run(
        application=Application.MAILBOX,
        prompt="",
        language=language_of_box(draft, box) if box is not None else draft.language,
        argument=box.id if box is not None else "",
    )


def plan_box(draft: Draft, box: VoicemailBox) -> Plan:
    """A colleague dialled the box's number: owners hear it, others leave a message."""
    owner = draft.extension is not None and draft.extension.id in box.owners
    run = menu(draft, box) if owner else deposit(draft, box)
    return draft.finish(CallKind.SERVICE, (run,), called=box.number)


def language_of_box(draft: Draft, box: VoicemailBox) -> Language:
    """The box's language, else its first owner's, else the site's."""
    if box.language is not None:
        return box.language
    owner = draft.snapshot.extensions.get(box.owners[0]) if box.owners else None
    return (owner.language if owner is not None else None) or draft.snapshot.site.language


def _greeting(draft: Draft, box: VoicemailBox) -> str:
    if not box.greetings:
        return box.greeting
    owner = draft.snapshot.extensions.get(box.owners[0]) if box.owners else None
    status = settings_of(draft, owner).status if owner is not None else Status.ONLINE
    for position, one in enumerate(box.greetings, start=1):
        if one.enabled and one.scenario in ("", draft.scenario) and is_for(draft, one.calls, status):
            draft.because("voicemail.greeting", position=position, prompt=one.greeting)
            return one.greeting
    return box.greeting
