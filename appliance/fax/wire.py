"""What the fax process and its line process say to each other: one JSON object a line.

The line process does nothing but audio; what may take time (disk, mail, conversion) is the other's.
"""

import msgspec

from appliance.model.fax import FaxCause, FaxFigures, FaxResult


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Tagged by its name."""


class BoxLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the line needs to know of a box that receives."""

    ident: str
    ecm: bool


class Boxes(_Message, frozen=True, kw_only=True):
    """The boxes that receive, by id; replaces those known before."""

    boxes: dict[str, BoxLine]


class Send(_Message, frozen=True, kw_only=True):
    """Call and send this file."""

    fax: str
    box: str
    dial: str
    tiff: str
    ident: str
    ecm: bool


class Drop(_Message, frozen=True, kw_only=True):
    """End this fax."""

    fax: str


class Rest(_Message, frozen=True, kw_only=True):
    """End, unless there is a call."""


Order = Boxes | Send | Drop | Rest


class Ready(_Message, frozen=True, kw_only=True):
    """The line process runs. ``priority``: of its audio threads."""

    priority: str


class Beat(_Message, frozen=True, kw_only=True):
    """Its loop turns; once a second."""


class Incoming(_Message, frozen=True, kw_only=True):
    """A fax comes in. ``tiff``: where its pages are written; ``leg``: call control's, for records."""

    fax: str
    box: str
    tiff: str
    caller: str
    name: str
    leg: str
    relay: str = ""
    """To be sent on to this number when it has come."""


class Answered(_Message, frozen=True, kw_only=True):
    """The far end of a fax that we send has answered."""

    fax: str
    leg: str


class PageDone(_Message, frozen=True, kw_only=True):
    """So many pages are complete."""

    fax: str
    figures: FaxFigures


class Over(_Message, frozen=True, kw_only=True):
    """The call is over."""

    fax: str
    cause: FaxCause
    figures: FaxFigures
    detail: str
    seconds: float

    @property
    def result(self) -> FaxResult:
        """As a result."""
        return FaxResult(cause=self.cause, figures=self.figures, detail=self.detail)


News = Ready | Beat | Incoming | Answered | PageDone | Over

_orders = msgspec.json.Decoder(Order)
_news = msgspec.json.Decoder(News)


def write(message: Order | News) -> bytes:
    """A message as a line."""
    return msgspec.json.encode(message) + b"\n"


def read_order(line: bytes) -> Order:
    """Raises msgspec.DecodeError for nonsense."""
    order: Order = _orders.decode(line)
    return order


def read_news(line: bytes) -> News:
    """Raises msgspec.DecodeError for nonsense."""
    news: News = _news.decode(line)
    return news
