"""Notes that people write on calls, running or over: what was said, and the matter it belongs to."""

from dataclasses import dataclass
from datetime import datetime

from appliance.model.ids import CallId, NoteId
from appliance.model.mail import MAX_ADDRESSES, check_address
from appliance.model.validation import check_count, has_control, require

MAX_TEXT = 4000
MAX_WORDS = 120
_LINES = str.maketrans("\t\n", "  ")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNote:
    """A note. Raises ValueError for what cannot be one."""

    note: NoteId
    call: CallId
    author: str
    """Who wrote it, as people know them."""
    text: str
    """Any number of lines."""
    reference: str = ""
    """The matter, as another system calls it: a ticket, an order, a customer; empty: none."""
    written: datetime
    changed: datetime | None = None
    """When it was last changed; None: never."""
    mailed: tuple[str, ...] = ()
    """The addresses it was sent to."""

    def __post_init__(self) -> None:
        require(self.text.strip(), "text: is empty: write something, or delete the note")
        require(len(self.text) <= MAX_TEXT, f"text: is too long: at most {MAX_TEXT} characters")
        require(
            not has_control(self.text.translate(_LINES)), "text: has control characters: use printable ones"
        )
        require(self.author.strip(), "author: is missing: say who writes it")
        for field in ("author", "reference"):
            value: str = getattr(self, field)
            require(len(value) <= MAX_WORDS, f"{field}: is too long: at most {MAX_WORDS} characters")
            require(not has_control(value), f"{field}: has control characters: use printable ones")


def check_recipients(field: str, addresses: tuple[str, ...]) -> None:
    """Raise ValueError unless all of these are mail addresses, and no more than one mail may have."""
    check_count(field, addresses, MAX_ADDRESSES)
    for address in addresses:
        check_address(field, address)
