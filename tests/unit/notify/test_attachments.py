"""Files that go with a mail."""

import email
import email.policy
from datetime import UTC, datetime
from pathlib import Path

from appliance.model.languages import Language
from appliance.notify.attachments import Attachment
from appliance.notify.messages import Letter, mime
from appliance.notify.queue import MailQueue, NewMail

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LETTER = Letter(subject="Fax", text="ein Fax", html="<p>ein Fax</p>", line="Fax")


def new(*files: Attachment, key: str = "", recipient: str = "anna@example.com") -> NewMail:
    return NewMail(
        recipient=recipient, event="fax", language=Language.GERMAN, letter=LETTER, attachments=files, key=key
    )


def test_files_wait_by_name_go_alone_and_are_read_when_sent(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4 x")
    file = Attachment(path=str(path), name="Fax von Köln.pdf")
    gone = Attachment(path=str(tmp_path / "gone.pdf"), name="gone.pdf")
    queue = MailQueue(tmp_path / "mail.db", iter([f"<{n}@example.com>" for n in range(99)]).__next__)
    queue.put([new(file, gone), new(), new(), new()], NOW)
    taken = queue.take(NOW, 2, lambda _language, lines: LETTER)
    assert [len(mail.attachments) for mail in taken] == [2, 0]
    queue.close()
    content = mime(
        taken[0].letter,
        sender="box@example.com",
        sender_name="Box",
        recipient="anna@example.com",
        message_id="<1@example.com>",
        date=NOW,
        attachments=taken[0].attachments,
    )
    read = email.message_from_bytes(content, policy=email.policy.default)
    (part,) = read.iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("Fax von Köln.pdf", "application/pdf")
    assert part.get_content() == b"%PDF-1.4 x"


def test_a_mail_with_a_key_is_queued_once_for_each_address(tmp_path: Path) -> None:
    queue = MailQueue(tmp_path / "mail.db", iter([f"<{n}@example.com>" for n in range(99)]).__next__)
    for _ in range(2):
        queue.put([new(key="fax-1"), new(key="fax-1", recipient="ben@example.com"), new(key="fax-2")], NOW)
    assert queue.counts().waiting == 3
    queue.close()
