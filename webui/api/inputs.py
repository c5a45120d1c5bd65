"""What methods take whose own params live where the web process must not look: the wiring, the fax."""

from dataclasses import dataclass
from datetime import datetime

from appliance.model.distributions import Scenario
from appliance.model.languages import Language
from appliance.model.parties import SteerAct


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """``extension`` by its number, ``dialled`` as on its key pad."""

    dialled: str
    extension: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """``dialled`` as on the key pad, or a ``tel:`` link; ``device``: which telephone rings."""

    dialled: str
    extension: str = ""
    device: str = ""
    auto_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """``to``: where to transfer, or digits; ``other``: the call to join; ``device``: which telephone."""

    call: str
    act: SteerAct
    extension: str = ""
    device: str = ""
    to: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """A virtual switch by its id."""

    switch: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """``extension`` by its number; recordings are deleted unless the office keeps them."""

    extension: str
    keep_recordings: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingBack:
    """``mobile`` by its id, empty for the extension's first; ``dialled`` empty for a dial tone."""

    extension: str = ""
    dialled: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCaller:
    """The number of an extension; empty: of all."""

    caller: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestingPort:
    """Which port, and whether its bell is tried too."""

    port: str
    ring: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCall:
    """One call by its id."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfBan:
    """A ban as the list shows it."""

    address: str
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposing:
    """A call that was (``call``) or is imagined; ``suppose``: ``21=dnd night=on``."""

    call: str = ""
    caller: str = ""
    to: str = ""
    at: str = ""
    trunk: str = ""
    suppose: str = ""
    language: Language | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """In which language."""

    language: Language | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAnnouncement:
    """One announcement."""

    announcement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapes:
    """Recordings; ``party``: the other's number ends so."""

    extension: str = ""
    call: str | None = None
    party: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Taping:
    """``act``: start, stop, pause, resume."""

    call: str
    act: str
    extension: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTape:
    """One recording; for whom: the number of an extension."""

    tape: str
    extension: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayingTape:
    """Which recording, to the number of which extension."""

    tape: str
    to: str = ""
    extension: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderating:
    """``party``: leg or number of a participant; ``dialled``: who is to be added."""

    room: str
    act: str
    party: str = ""
    dialled: str = ""
    extension: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviting:
    """An appointment for a conference, mailed to each address."""

    room: str
    addresses: tuple[str, ...]
    begins: datetime
    minutes: int = 60
    subject: str = ""
    text: str = ""
    organizer: str = ""
    uid: str = ""
    language: Language | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNote:
    """A note on a call."""

    call: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noting:
    """What is written on a call, and who gets it by mail."""

    call: str
    text: str
    reference: str = ""
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """What is not given stays."""

    call: str
    note: str
    text: str | None = None
    reference: str | None = None
    emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Faxes:
    """Which faxes; ``direction``: in or out."""

    box: str | None = None
    direction: str | None = None
    job: str | None = None
    before: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OfFax:
    """One fax."""

    fax: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Faxing:
    """Uploaded files, one after another, to each number; ``cover`` is the text of the first page."""

    to: tuple[str, ...]
    box: str = ""
    uploads: tuple[str, ...] = ()
    subject: str = ""
    cover: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """What somebody would dial."""

    dialled: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """By number ``extension`` or document ``handset``; neither: whoever comes. ``ipei``: only that one."""

    system: str = ""
    extension: str = ""
    handset: str = ""
    ipei: str = ""
    pin: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingHandset:
    """An enrolled handset by its IPEI, the extension by its number."""

    ipei: str
    extension: str
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlingConflict:
    """``field`` null: whether it exists at all; ``take``: the lost operation that shall hold."""

    kind: str
    id: str
    field: str | None = None
    take: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest so many."""

    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNode:
    """``node`` in the box's box.toml."""

    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingWith:
    """``address``: the other box's own one, perhaps with ``:port``; ``code``: the one it gave."""

    address: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Which number (empty: all), from which day; ``scenarios`` and ``override`` as they are being drawn."""

    id: str = ""
    first: str = ""
    days: int = 7
    scenarios: tuple[Scenario, ...] | None = None
    override: str | None = None
    switches: dict[str, bool] | None = None
