"""The table of the API: a method of the core is offered by adding its row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.control import (
    audio,
    configuration,
    contacts,
    dect,
    mail,
    mobile,
    phones,
    records,
    tables,
    voicemail,
)
from appliance.model.accounts import Action, Resource
from webui.api import asked as own
from webui.api import inputs
from webui.api.asked import After, Asked, Before


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``path`` names params as ``{call}``; the others come from the query (GET, DELETE) or the JSON body.

    Without ``before`` and ``after`` the row is for those alone who may do it with anybody's things.
    """

    verb: str
    path: str
    method: str
    right: tuple[Resource, Action]
    summary: str
    params: type = inputs.Nothing
    before: Before | None = None
    after: After | None = None
    everybody: bool = False
    """What is shown or done belongs to nobody: any scope is enough."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    signs: bool = False
    """The method is told who asks (``who``)."""
    author: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)
    """Param of ours → the core's, where its name is no name in Python."""
    drop: tuple[str, ...] = ()
    """Params that are for checking alone."""
    mine: str = ""
    """A param that is the number of the own first extension when it is not given."""
    text: str = ""
    """Media type of an answer that is a text and no JSON."""
    veil: bool = False
    """Records of calls, with last digits hidden from those without the right."""
    file: str = ""
    """Media type of an answer that the core hands out in pieces."""


R, C, M = Action.READ, Action.CHANGE, Action.MANAGE
_r = Resource


def _both(*steps: Before) -> Callable[[Asked], None]:
    def before(asked: Asked) -> None:
        for step in steps:
            step(asked)

    return before


ROWS: tuple[Row, ...] = (
    Row(verb="GET", path="/status", method="status", right=(_r.BOX, R), summary="Figures of the box"),
    Row(verb="GET", path="/alarms", method="alarms.list", right=(_r.BOX, R), params=inputs.Spoken,
        summary="What is wrong now, and what was"),
    Row(verb="GET", path="/metrics", method="metrics", right=(_r.BOX, R), text="text/plain; version=0.0.4",
        summary="The box in figures, as Prometheus reads them"),
    Row(verb="POST", path="/emergency/test", method="emergency.test", right=(_r.BOX, R),
        params=inputs.OfCaller, rename={"caller": "from"},
        summary="Prove without a call that emergency calls would find their way"),
    Row(verb="GET", path="/sync", method="sync.show", right=(_r.BOX, R),
        summary="How exchange with the cloud goes, and with whom"),
    Row(verb="GET", path="/sync/conflicts", method="sync.conflicts", right=(_r.HISTORY, R),
        summary="Edits made at two places at once: what holds, what was lost"),
    Row(verb="POST", path="/sync/conflicts/settle", method="sync.settle", right=(_r.HISTORY, C),
        params=inputs.SettlingConflict, signs=True, summary="Take a lost edit, or keep what holds"),
    Row(verb="POST", path="/sync/codes", method="sync.code", right=(_r.BOX, C), params=inputs.OfNode,
        summary="A one-time code that takes a box in; in the cloud"),
    Row(verb="GET", path="/survival", method="survival.show", right=(_r.BOX, R),
        summary="How the internet is, and the outages"),
    Row(verb="GET", path="/records/status", method="records.status", right=(_r.BOX, R),
        summary="How writing records goes"),
    Row(verb="GET", path="/calls", method="calls.list", right=(_r.CALLS, R), after=own.calls_in,
        summary="Calls in progress, with their legs and how these sound"),
    Row(verb="GET", path="/calls/parties", method="calls.parties", right=(_r.CALLS, R),
        after=own.of_extension, summary="Calls in progress as each extension sees them: the state of CTI"),
    Row(verb="POST", path="/calls", method="calls.place", right=(_r.CALLS, C), params=inputs.Placing,
        before=own.number_in("extension"), mine="extension",
        summary="Ring an extension and, when it answers, dial for it; tel: links are understood"),
    Row(verb="POST", path="/calls/{call}", method="calls.steer", right=(_r.CALLS, C), params=inputs.Steering,
        before=own.number_in("extension"), mine="extension",
        summary="Answer, reject, hold, resume, transfer, join, send digits, hang up"),
    Row(verb="DELETE", path="/calls/{call}", method="calls.hangup", right=(_r.CALLS, C), params=inputs.OfCall,
        before=own.call_running, summary="End a call"),
    Row(verb="POST", path="/callbacks", method="calls.call_back", right=(_r.CALLS, C),
        params=inputs.CallingBack, before=own.number_in("extension"), mine="extension",
        summary="Call a mobile back and dial for it"),
    Row(verb="POST", path="/features", method="features.do", right=(_r.CALLS, C), params=inputs.Dialling,
        before=own.number_in("extension"), signs=True, mine="extension",
        summary="Change what a code changes when an extension dials it"),
    Row(verb="POST", path="/announcements/{announcement}/play", method="announcements.play",
        right=(_r.CALLS, C), params=inputs.OfAnnouncement, summary="Play an announcement to its group"),
    Row(verb="POST", path="/explain", method="explain", right=(_r.OFFICE, R), params=inputs.Supposing,
        rename={"caller": "from"}, summary="Where a call goes or went, and why"),
    Row(verb="GET", path="/records", method="records.calls", right=(_r.RECORDS, R), params=records.Searching,
        before=own.records_in, veil=True,
        summary="Calls, the newest first; the next page: before=<last call>"),
    Row(verb="GET", path="/records/{call}", method="records.call", right=(_r.RECORDS, R),
        params=records.OfCall, after=own.record_in, veil=True, summary="A call with its legs and notes"),
    Row(verb="GET", path="/cost-centres", method="records.cost_centres", right=(_r.RECORDS, R),
        summary="Cost centres that calls were put down to"),
    Row(verb="POST", path="/records/{call}/notes", method="notes.add", right=(_r.NOTES, C),
        params=inputs.Noting, before=own.call_known, author=True, summary="Write a note on a call"),
    Row(verb="PATCH", path="/records/{call}/notes/{note}", method="notes.change", right=(_r.NOTES, C),
        params=inputs.Rewriting, before=own.note_known, drop=("call",), summary="Change a note"),
    Row(verb="DELETE", path="/records/{call}/notes/{note}", method="notes.delete", right=(_r.NOTES, M),
        params=inputs.OfNote, before=own.note_known, drop=("call",), summary="Delete a note"),
    Row(verb="GET", path="/contacts", method="contacts.list", right=(_r.CONTACTS, R),
        params=contacts.Listing, before=own.books_in,
        summary="Contacts by name, of the own books and the office's; the next page: after=<last one>"),
    Row(verb="POST", path="/contacts", method="contacts.put", right=(_r.CONTACTS, C),
        params=contacts.Putting, before=own.book_in,
        summary="Make a contact, or change one (contact); book: global or an extension's number"),
    Row(verb="GET", path="/contacts/lookup", method="contacts.lookup", right=(_r.CONTACTS, R),
        params=contacts.LookingUp, before=own.books_in,
        summary="Who has these numbers (tel: links too), and how they are dialled"),
    Row(verb="POST", path="/contacts/import", method="contacts.import", right=(_r.CONTACTS, M),
        params=contacts.ImportingContacts, before=own.book_in, summary="Contacts from a table or vCards"),
    Row(verb="GET", path="/contacts/export", method="contacts.export", right=(_r.CONTACTS, R),
        params=contacts.ExportingContacts, before=own.book_seen, text="text/plain",
        summary="A whole book as vCards or a table"),
    Row(verb="GET", path="/contacts/{contact}", method="contacts.get", right=(_r.CONTACTS, R),
        params=contacts.OfContact, after=own.contact_in, summary="One contact"),
    Row(verb="DELETE", path="/contacts/{contact}", method="contacts.delete", right=(_r.CONTACTS, M),
        params=contacts.OfContact, before=own.contact_own, summary="Delete a contact"),
    Row(verb="GET", path="/colleagues", method="colleagues.list", right=(_r.EXTENSIONS, R), everybody=True,
        summary="Everybody inside: number, name, status, and what the telephone does"),
    Row(verb="GET", path="/registrations", method="registrations.list", right=(_r.REGISTRATIONS, R),
        after=own.of_extension, summary="Registered phones"),
    Row(verb="GET", path="/analog/ports", method="analog.ports", right=(_r.DEVICES, M),
        summary="Analog ports and how they are"),
    Row(verb="POST", path="/analog/ports/{port}/test", method="analog.test", right=(_r.DEVICES, M),
        params=inputs.TestingPort, summary="Try the line of an analog port; the result is in /analog/ports"),
    Row(verb="GET", path="/dect", method="dect.list", right=(_r.DEVICES, M),
        summary="DECT systems: bases, handsets, enrolment, the tree of clocks"),
    Row(verb="POST", path="/dect/enrol", method="dect.enrol", right=(_r.DEVICES, M), params=inputs.Enrolling,
        signs=True, summary="Let a handset enrol: for an extension, a handset's document, or whoever comes"),
    Row(verb="POST", path="/dect/close", method="dect.close", right=(_r.DEVICES, M), params=dect.OfSystem,
        summary="Close the window for enrolment"),
    Row(verb="POST", path="/dect/bind", method="dect.bind", right=(_r.DEVICES, M),
        params=inputs.BindingHandset, signs=True, summary="Give an enrolled handset to an extension"),
    Row(verb="POST", path="/dect/forget", method="dect.forget", right=(_r.DEVICES, M), params=dect.Forgetting,
        summary="End the enrolment of a handset"),
    Row(verb="POST", path="/dect/page", method="dect.page", right=(_r.DEVICES, M), params=dect.Paging,
        summary="Ring a handset that somebody looks for"),
    Row(verb="POST", path="/dect/restart", method="dect.restart", right=(_r.DEVICES, M), params=dect.OfBase,
        summary="Restart a base, or all"),
    Row(verb="POST", path="/dect/update", method="dect.update", right=(_r.DEVICES, M), params=dect.OfBase,
        summary="Let a base, or all, load the firmware"),
    Row(verb="GET", path="/phones", method="phones.list", right=(_r.DEVICES, M),
        summary="IP phones that the box sets up, and how they are"),
    Row(verb="GET", path="/phones/discovered", method="phones.discovered", right=(_r.DEVICES, M),
        params=phones.OfDiscovered, summary="Phones that were seen and wait to be adopted"),
    Row(verb="DELETE", path="/phones/discovered/{mac}", method="phones.forget", right=(_r.DEVICES, M),
        params=phones.OfMac, summary="Take a phone off that list"),
    Row(verb="POST", path="/phones", method="phones.adopt", right=(_r.DEVICES, M), params=phones.Adopting,
        signs=True, summary="Adopt a phone: bind it to an extension and let it fetch its settings"),
    Row(verb="POST", path="/phones/{mac}/open", method="phones.open", right=(_r.DEVICES, M),
        params=phones.Opening, summary="Let a phone's settings be fetched once more by who comes first"),
    Row(verb="GET", path="/phones/{mac}/preview", method="phones.preview", right=(_r.DEVICES, M),
        params=phones.Previewing, summary="A phone's file without secrets, with the reason of each element"),
    Row(verb="POST", path="/phones/{mac}/reboot", method="phones.reboot", right=(_r.DEVICES, M),
        params=phones.OfMac, summary="Restart a phone"),
    Row(verb="POST", path="/phones/{mac}/resync", method="phones.resync", right=(_r.DEVICES, M),
        params=phones.OfMac, summary="Have a phone fetch its settings again"),
    Row(verb="GET", path="/phone-vendors", method="phones.templates", right=(_r.DEVICES, M),
        summary="Vendors and models that are known, and what is written for each"),
    Row(verb="GET", path="/phone-dhcp", method="phones.dhcp", right=(_r.DEVICES, M),
        summary="What a router can tell phones by DHCP, so that they find the box"),
    Row(verb="GET", path="/trunks", method="trunks.list", right=(_r.CONNECTIONS, R),
        summary="Trunks and their state"),
    Row(verb="GET", path="/bans", method="bans.list", right=(_r.SECURITY, R), summary="Who is refused now"),
    Row(verb="POST", path="/bans/lift", method="bans.remove", right=(_r.SECURITY, C), params=inputs.OfBan,
        summary="Lift a ban"),
    Row(verb="GET", path="/numbers", method="numbers.plan", right=(_r.OFFICE, R),
        summary="Who has which number, and what is free"),
    Row(verb="POST", path="/numbers/rewrite", method="numbers.rewrite", right=(_r.OFFICE, R),
        params=inputs.Trying, summary="What rewriting makes of what is dialled"),
    Row(verb="POST", path="/numbers/week", method="numbers.week", right=(_r.OFFICE, R),
        params=inputs.Drawing, summary="Which scenario of public numbers holds when, for a picture"),
    Row(verb="GET", path="/voicemail/boxes", method="voicemail.boxes", right=(_r.VOICEMAIL, R),
        after=own.boxes_in, summary="Voicemail boxes and how full they are"),
    Row(verb="GET", path="/voicemail", method="voicemail.list", right=(_r.VOICEMAIL, R),
        params=voicemail.OfBox, after=own.messages_in, summary="Messages"),
    Row(verb="PATCH", path="/voicemail/{message}", method="voicemail.mark", right=(_r.VOICEMAIL, C),
        params=voicemail.Marking, before=own.message_known, summary="Mark a message as new, old or deleted"),
    Row(verb="DELETE", path="/voicemail/{message}", method="voicemail.delete", right=(_r.VOICEMAIL, M),
        params=voicemail.OfMessage, before=own.message_known, summary="Delete a message"),
    Row(verb="GET", path="/voicemail/{message}/audio", method="voicemail.audio", right=(_r.VOICEMAIL, R),
        params=voicemail.OfMessage, before=own.message_known, file="audio/wav", summary="A message's sound"),
    Row(verb="GET", path="/recordings", method="recordings.list", right=(_r.RECORDINGS, R),
        params=inputs.Tapes, before=own.number_in("extension"), summary="Recordings of calls"),
    Row(verb="GET", path="/recordings/running", method="recordings.running", right=(_r.RECORDINGS, R),
        summary="Recordings in progress"),
    Row(verb="POST", path="/recordings", method="recordings.act", right=(_r.RECORDINGS, C),
        params=inputs.Taping, before=_both(own.number_in("extension"), own.call_running), signs=True,
        summary="Start, stop, pause or resume recording a call"),
    Row(verb="GET", path="/recordings/{tape}/audio", method="recordings.read", right=(_r.RECORDINGS, R),
        params=inputs.OfTape, before=own.number_in("extension"), signs=True, file="audio/wav",
        summary="A recording's sound"),
    Row(verb="POST", path="/recordings/{tape}/play", method="recordings.play", right=(_r.RECORDINGS, R),
        params=inputs.PlayingTape, before=_both(own.number_in("extension"), own.number_in("to")), signs=True,
        summary="Ring an extension and play a recording to it"),
    Row(verb="DELETE", path="/recordings/{tape}", method="recordings.delete", right=(_r.RECORDINGS, M),
        params=inputs.OfTape, before=own.number_in("extension"), signs=True, summary="Delete a recording"),
    Row(verb="POST", path="/recordings/verify", method="recordings.verify", right=(_r.HISTORY, R),
        summary="Look whether recordings were tampered with"),
    Row(verb="GET", path="/conferences", method="conferences.list", right=(_r.CONFERENCES, R),
        after=own.rooms_in, summary="Conference rooms and who is in them"),
    Row(verb="POST", path="/conferences/{room}", method="conferences.act", right=(_r.CONFERENCES, C),
        params=inputs.Moderating, before=own.room_known, summary="Mute, deafen, add, drop, lock, end"),
    Row(verb="POST", path="/conferences/{room}/invitations", method="conferences.invite",
        right=(_r.CONFERENCES, C), params=inputs.Inviting, before=own.room_known,
        summary="Invite by mail with an appointment"),
    Row(verb="GET", path="/audio", method="audio.list", right=(_r.AUDIO, R), params=audio.OfUse,
        everybody=True, summary="Own recordings: announcements, music, replaced prompts"),
    Row(verb="GET", path="/audio/{id}/content", method="audio.read", right=(_r.AUDIO, R), params=audio.Named,
        everybody=True, file="audio/wav", summary="An own recording's sound"),
    Row(verb="POST", path="/audio", method="audio.add", right=(_r.AUDIO, M), params=audio.Adding, signs=True,
        summary="Make an own recording of an upload or of a text that is spoken"),
    Row(verb="DELETE", path="/audio/{id}", method="audio.remove", right=(_r.AUDIO, M), params=audio.Named,
        signs=True, summary="Delete an own recording"),
    Row(verb="GET", path="/prompts", method="audio.prompts", right=(_r.AUDIO, R), everybody=True,
        summary="Built-in prompts and what replaces them"),
    Row(verb="GET", path="/update", method="update.show", right=(_r.BOX, R),
        summary="The software that runs, and how an update stands"),
    Row(verb="POST", path="/update/stage", method="update.stage", right=(_r.BOX, M), params=inputs.Staging,
        summary="Verify an uploaded bundle and keep it; install: when nobody telephones, not before 'at'"),
    Row(verb="POST", path="/update/fetch", method="update.fetch", right=(_r.BOX, M), params=inputs.Fetching,
        summary="Fetch a bundle from the web in the background"),
    Row(verb="POST", path="/update/install", method="update.install", right=(_r.BOX, M),
        params=inputs.Installing, summary="Install the bundle that is there when nobody telephones"),
    Row(verb="DELETE", path="/update", method="update.cancel", right=(_r.BOX, M),
        summary="Forget an update that does not run yet"),
    Row(verb="GET", path="/fax/status", method="fax.status", right=(_r.BOX, R), summary="The fax service"),
    Row(verb="GET", path="/fax", method="fax.journal", right=(_r.FAX, R), params=inputs.Faxes,
        before=own.fax_box_given, summary="Faxes, the newest first"),
    Row(verb="POST", path="/fax", method="fax.send", right=(_r.FAX, C), params=inputs.Faxing,
        before=own.fax_box_given, summary="Send uploaded files as a fax"),
    Row(verb="GET", path="/fax/{fax}", method="fax.show", right=(_r.FAX, R), params=inputs.OfFax,
        before=own.fax_known, summary="A fax with its attempts"),
    Row(verb="GET", path="/fax/{fax}/document", method="fax.document", right=(_r.FAX, R), params=inputs.OfFax,
        before=own.fax_known, file="application/pdf", summary="A fax's pages as PDF"),
    Row(verb="POST", path="/fax/{fax}/cancel", method="fax.cancel", right=(_r.FAX, C), params=inputs.OfFax,
        before=own.fax_known, summary="Give a fax up"),
    Row(verb="POST", path="/fax/{fax}/retry", method="fax.retry", right=(_r.FAX, C), params=inputs.OfFax,
        before=own.fax_known, summary="Try a fax again now"),
    Row(verb="GET", path="/modules", method="modules.list", right=(_r.CONNECTIONS, R),
        summary="GSM modules: signal, operator, balance"),
    Row(verb="POST", path="/modules/{module}/restart", method="modules.restart", right=(_r.CONNECTIONS, C),
        params=mobile.OfModule, summary="Restart a GSM module"),
    Row(verb="POST", path="/modules/{module}/ask", method="modules.ask", right=(_r.CONNECTIONS, C),
        params=mobile.Asking, summary="Send a USSD code, for example for the balance"),
    Row(verb="GET", path="/sms", method="sms.list", right=(_r.SMS, R), params=mobile.Listing,
        summary="SMS in and out"),
    Row(verb="POST", path="/sms", method="sms.send", right=(_r.SMS, C), params=mobile.Sending,
        summary="Send an SMS"),
    Row(verb="GET", path="/mail/status", method="mail.status", right=(_r.MAIL, R),
        summary="How notification by mail goes"),
    Row(verb="GET", path="/mail/queue", method="mail.queue", right=(_r.MAIL, R), params=mail.OfQueue,
        summary="Mails that wait or were sent"),
    Row(verb="POST", path="/mail/test", method="mail.test", right=(_r.MAIL, C), params=mail.Testing,
        summary="Send a test mail and see the conversation"),
    Row(verb="POST", path="/mail/retry", method="mail.retry", right=(_r.MAIL, C),
        summary="Try everything that waits now"),
    Row(verb="GET", path="/configuration/problems", method="config.problems", right=(_r.OFFICE, R),
        summary="What is wrong or odd about the configuration"),
    Row(verb="GET", path="/configuration/log", method="config.log", right=(_r.HISTORY, R),
        params=configuration.OfLog, summary="The operation log"),
    Row(verb="POST", path="/configuration/undo", method="config.undo", right=(_r.HISTORY, C),
        params=configuration.Undoing, signs=True, summary="Take an operation back"),
    Row(verb="GET", path="/configuration/export", method="config.export", right=(_r.HISTORY, R),
        fixed={"reveal": False}, summary="Everything, without secrets"),
    Row(verb="POST", path="/configuration/import", method="config.import", right=(_r.HISTORY, M),
        params=configuration.Importing, signs=True, summary="Make all changes of a file, or none"),
    Row(verb="POST", path="/configuration/import-table", method="config.import_csv",
        right=(_r.EXTENSIONS, M), params=tables.ImportingTable, signs=True,
        summary="Extensions from a table (CSV)"),
    Row(verb="GET", path="/configuration/export-table", method="config.export_csv", right=(_r.EXTENSIONS, M),
        params=tables.ExportingTable, fixed={"reveal": False}, summary="Extensions as a table (CSV)"),
)  # fmt: skip

NOT_OFFERED: Mapping[str, str] = {
    "audio.begin": "PUT /uploads/audio does it",
    "audio.piece": "PUT /uploads/audio does it",
    "audio.info": "GET /audio has it",
    "config.kinds": "/openapi.json has more",
    "config.list": "/config/{kind}",
    "config.get": "/config/{kind}/{id}",
    "config.set": "/config/{kind}/{id}",
    "config.delete": "/config/{kind}/{id}",
    "edge.reload_tls": "PUT /certificate does it",
    "fax.news": "for the fax process",
    "fax.upload": "PUT /uploads/fax does it",
    "update.upload": "PUT /uploads/update does it",
    "selftest.open": "for the test call of the update service",
    "selftest.close": "for the test call of the update service",
    "fax.test": "for the self-test on the command line",
    "fax.tested": "for the self-test on the command line",
    "mail.put": "for the fax process",
    "softphones.account": "/softphones/{device} does it",
    "phones.directory": "for phones: /prov/",
    "phones.fetch": "for phones: /prov/",
    "notes.list": "GET /records/{call} and GET /records?noted=true have them",
    "sync.open": "between the box's own processes",
    "sync.give": "between the box's own processes",
    "sync.give_again": "between the box's own processes",
    "sync.take": "between the box's own processes",
    "sync.keep": "between the box's own processes",
    "sync.digests": "between the box's own processes",
    "sync.buckets": "between the box's own processes",
    "sync.report": "between the box's own processes",
    "sync.redeem": "POST /sync/enrolments",
}
"""Methods of the core without a row, and why; a test holds both to the methods there are."""
