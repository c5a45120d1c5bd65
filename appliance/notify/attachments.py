"""Files that go with a mail: named in the queue, read when the mail is sent."""

from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import msgspec

MAX_BYTES = 20_000_000
"""What is larger is left out; most relays would refuse the mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of ours. It must stay where it is until the mail is sent; ``name`` is shown to the recipient."""

    path: str
    name: str
    type: str = "application/pdf"


def attach(mail: EmailMessage, attachments: tuple[Attachment, ...]) -> None:
    """Put the files into the mail; one that is gone or too large is left out, the mail goes all the same."""
    for one in attachments:
        path = Path(one.path)
        try:
            if path.stat().st_size > MAX_BYTES:
                continue
            data = path.read_bytes()
        except OSError:
            continue
        kind, _, sub = one.type.partition("/")
        mail.add_attachment(data, maintype=kind, subtype=sub, filename=one.name)


def written(attachments: tuple[Attachment, ...]) -> str:
    """As the queue keeps them."""
    return msgspec.json.encode(attachments).decode()


def read(text: str) -> tuple[Attachment, ...]:
    """What :func:`written` wrote."""
    return msgspec.json.decode(text, type=tuple[Attachment, ...])
