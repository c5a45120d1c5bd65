"""Who is told by mail of what happens in voicemail boxes. Pure."""

from pathlib import Path

from appliance.model.documents import VoicemailBox
from appliance.model.languages import Language
from appliance.model.mail import NotificationEvent
from appliance.model.messages import Message
from appliance.model.snapshot import Snapshot
from appliance.notify.attachments import Attachment
from appliance.notify.messages import Letter
from appliance.notify.queue import NewMail
from appliance.notify.voicemail_letter import file_name, full_letter, language_of, message_letter


def mails_of_message(
    message: Message, box: VoicemailBox, snapshot: Snapshot, audio: Path | None
) -> list[NewMail]:
    """A message has come; ``audio`` goes with the mails and must stay until they are sent."""
    language = language_of(box, snapshot)
    letter = message_letter(message, box, snapshot, language, attached=audio is not None)
    attachments: tuple[Attachment, ...] = ()
    if audio is not None:
        name = file_name(message, snapshot)
        attachments = (Attachment(path=str(audio), name=name, type="audio/wav"),)
    key = f"voicemail:{message.message}"
    return _mails(box, snapshot, NotificationEvent.VOICEMAIL, language, letter, attachments, key)


def mails_of_full(box: VoicemailBox, snapshot: Snapshot) -> list[NewMail]:
    """The box takes no more messages."""
    language = language_of(box, snapshot)
    letter = full_letter(box, snapshot, language)
    return _mails(box, snapshot, NotificationEvent.MAILBOX_FULL, language, letter, (), "")


def _mails(
    box: VoicemailBox,
    snapshot: Snapshot,
    event: NotificationEvent,
    language: Language,
    letter: Letter,
    attachments: tuple[Attachment, ...],
    key: str,
) -> list[NewMail]:
    """One for each address of the box, and of owners who wish to be told."""
    if snapshot.mail is None or not snapshot.mail.enabled:
        return []
    addresses = list(box.emails)
    for owner in box.owners:
        wish = snapshot.notifications.get(owner)
        if wish is not None and event in wish.events:
            addresses += wish.addresses
    return [
        NewMail(
            recipient=one,
            event=event.value,
            language=language,
            letter=letter,
            attachments=attachments,
            key=key,
        )
        for one in {address.lower(): address for address in addresses}.values()
    ]
