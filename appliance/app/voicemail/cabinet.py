"""Where messages lie, and whom to tell: what every part of voicemail needs."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from appliance.model.documents import VoicemailBox
from appliance.model.ids import VoicemailBoxId
from appliance.model.messages import DRAFTS, FOLDER, GREETINGS, Message
from appliance.model.snapshot import Snapshot
from appliance.model.voicemail import RECORDED
from appliance.store.voicemail import VoicemailStore

OWN_WORDS = ("voicemail_greeting",)
OWN_WORDS_ALONE = ("voicemail_greeting_only",)
LEAST_FREE_BYTES = 20_000_000
"""Below that no recording is begun: calls and records need the rest."""


class News(Protocol):
    """Who hears of what happens in boxes. Called on any thread."""

    def arrived(self, message: Message, box: VoicemailBox, snapshot: Snapshot) -> bool:
        """A new message; True when it was handed on by mail, audio and all."""

    def full(self, box: VoicemailBox, snapshot: Snapshot) -> None:
        """A box takes no more messages; told once until there is room again."""

    def counted(self, box: VoicemailBoxId) -> None:
        """The messages of a box have changed."""

    def disk(self, *, full: bool) -> None:
        """Messages can be kept again, or not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cabinet:
    """The store, the folder of everything recorded, and the office as it is now."""

    store: VoicemailStore
    folder: Path
    snapshot: Callable[[], Snapshot]
    news: News
    change: Callable[[str, str, Mapping[str, object], str], object]
    """Change fields of a document: kind, id, fields, who. Raises OrtsamtError."""
    guard: threading.RLock = field(default_factory=threading.RLock)
    """Held where two at one box must not come between each other."""

    def box(self, box: VoicemailBoxId) -> VoicemailBox | None:
        """The box as it is configured now."""
        return self.snapshot().voicemail_boxes.get(box)

    def file(self, message: Message) -> Path:
        """Where a message's audio lies."""
        return self.folder / FOLDER / message.box / f"{message.message}.wav"

    def recorded(self, name: str) -> Path:
        """The file of ``voice/…``. Raises ValueError for what is not below the folder."""
        path = (self.folder / f"{name.removeprefix('voice/')}.wav").resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise ValueError(f"{name} leads out of the folder of recordings")
        return path

    def draft(self, name: str) -> Path:
        """The file of a greeting that was just recorded. Raises ValueError for anything else."""
        path = self.recorded(name)
        if path.parent != (self.folder / DRAFTS).resolve():
            raise ValueError(f"{name} is no draft")
        return path

    def greeting_file(self, box: VoicemailBoxId, slot: str | int) -> Path:
        """Where a greeting recorded by phone lies."""
        return self.folder / GREETINGS / box / f"{slot}.wav"

    def greeting(self, box: VoicemailBox, greeting: str) -> tuple[str, ...]:
        """The prompts of a greeting; the box's own words where there is no such recording."""
        if greeting.startswith(RECORDED):
            slot = greeting.removeprefix(RECORDED)
            if self.greeting_file(box.id, slot).is_file():
                return (f"voice/{GREETINGS}/{box.id}/{slot}",)
        elif greeting:
            return (greeting,)
        return OWN_WORDS if box.takes_messages else OWN_WORDS_ALONE

    def discard(self, message: Message) -> None:
        """Delete a message for good."""
        self.store.remove([message.message])
        with contextlib.suppress(OSError):
            self.file(message).unlink(missing_ok=True)
