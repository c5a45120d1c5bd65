"""A request on its way to the core, and how it is kept to what belongs to the one who asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.control.contacts import OFFICE
from appliance.errors import ConfigError
from appliance.model.accounts import Scope
from webui.directory import Directory, Identity
from webui.errors import forbidden, missing

Ask = Callable[[str, Mapping[str, Any]], Any]


@dataclass(slots=True, kw_only=True)
class Asked:
    """``params`` may be changed before the core sees them."""

    identity: Identity
    scope: Scope
    params: dict[str, Any]
    ask: Ask
    extensions: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.extensions = frozenset() if self.scope is Scope.ANY else self.identity.extensions(self.scope)

    @property
    def directory(self) -> Directory:
        """The configuration."""
        return self.identity.directory

    @property
    def parties(self) -> frozenset[str]:
        """How records name what is in scope."""
        return frozenset(self.directory.parties(self.extensions))

    def has_call(self, call: Mapping[str, Any], legs: Any = ()) -> bool:
        """Whether a call is one of these extensions'."""
        parties = self.parties
        return not parties.isdisjoint(
            {call["caller_number"], call["called"], call["dialled"], *(leg["endpoint"] for leg in legs)}
        )


Before = Callable[[Asked], None]
"""Changes params or raises, when the scope is not ANY."""
After = Callable[[Asked, Any], Any]
"""Leaves out of an answer what is not in scope, or raises."""


def number_in(name: str) -> Before:
    """The param is the number of an extension in scope; the first own one when it is not given."""

    def before(asked: Asked) -> None:
        numbers = asked.directory.numbers
        wanted = asked.params.get(name)
        if not wanted:
            if not asked.identity.own:
                raise ConfigError("no extension belongs to this account", field=name, hint="give it one")
            asked.params[name] = numbers[asked.identity.own[0]]
        elif wanted not in {numbers[one] for one in asked.extensions if one in numbers}:
            raise missing(f"extension {wanted}")

    return before


def records_in(asked: Asked) -> None:
    """Only records of these parties."""
    asked.params["parties"] = sorted(asked.parties)


def record_in(asked: Asked, found: Any) -> Any:
    """A whole record, of these parties."""
    if not asked.has_call(found["call"], found["legs"]):
        raise missing(f"call {asked.params['call']}")
    return found


def call_known(asked: Asked) -> None:
    """The param ``call`` names a record of these parties."""
    record_in(asked, asked.ask("records.call", {"call": asked.params["call"]}))


def calls_in(asked: Asked, found: Any) -> Any:
    """Calls in progress, of these parties."""
    return [call for call in found if asked.has_call(call, call["legs"])]


def call_running(asked: Asked) -> None:
    """The param ``call`` names a call of these parties in progress."""
    wanted = asked.params.get("call")
    if all(call["call"] != wanted for call in calls_in(asked, asked.ask("calls.list", {}))):
        raise missing(f"call {wanted}")


def books_in(asked: Asked) -> None:
    """Only the own address books and, where it is to be seen, the office's; those asked for or all."""
    numbers = asked.directory.numbers
    own = [numbers[one] for one in asked.identity.own if one in asked.extensions and one in numbers]
    visible = [*own, *((OFFICE,) if asked.directory.sees_office(asked.identity.own) else ())]
    wanted = asked.params.get("books") or visible
    if not set(wanted) <= set(visible) or not wanted:
        raise missing("such address book")
    asked.params["books"] = list(wanted)


def book_in(asked: Asked) -> None:
    """The param ``book`` is an own one."""
    numbers = asked.directory.numbers
    if asked.params.get("book") not in {numbers[one] for one in asked.identity.own}:
        raise forbidden("change this address book")
    if asked.params.get("contact"):
        contact_own(asked)


def book_seen(asked: Asked) -> None:
    """The param ``book`` is an own one or the office's."""
    asked.params.setdefault("book", OFFICE)
    asked.params["books"] = [asked.params["book"]]
    books_in(asked)
    del asked.params["books"]


def contact_own(asked: Asked) -> None:
    """The param ``contact`` names one in an own book."""
    found = asked.ask("contacts.get", {"contact": asked.params["contact"]})
    if found["book"] not in {asked.directory.numbers[one] for one in asked.identity.own}:
        raise missing(f"contact {asked.params['contact']}")


def contact_in(asked: Asked, found: Any) -> Any:
    """A contact of an own book or the office's."""
    books = {asked.directory.numbers[one] for one in asked.identity.own}
    if asked.directory.sees_office(asked.identity.own):
        books.add(OFFICE)
    if found["book"] not in books:
        raise missing(f"contact {asked.params['contact']}")
    return found


def of_extension(asked: Asked, found: Any) -> Any:
    """Rows with an extension."""
    return [one for one in found if one["extension"] in asked.extensions]


def registration_in(asked: Asked) -> None:
    """The param ``aor`` is the username of a device of these extensions."""
    if asked.directory.devices.get(asked.params.get("aor", "")) not in asked.extensions:
        raise missing("such registration")


def boxes_in(asked: Asked, found: Any) -> Any:
    """Voicemail boxes of these owners."""
    return [one for one in found if not asked.extensions.isdisjoint(one["owners"])]


def _own_boxes(asked: Asked) -> set[str]:
    return {one["box"] for one in boxes_in(asked, asked.ask("voicemail.boxes", {}))}


def messages_in(asked: Asked, found: Any) -> Any:
    """Messages in boxes of these owners."""
    boxes = _own_boxes(asked)
    return [one for one in found if one["box"] in boxes]


def message_known(asked: Asked) -> None:
    """The param ``message`` names one in a box of these owners."""
    wanted = asked.params["message"]
    found = messages_in(asked, asked.ask("voicemail.list", {"deleted": True}))
    if all(one["message"] != wanted for one in found):
        raise missing(f"message {wanted}")


def _fax_box_in(asked: Asked, box: str) -> bool:
    return asked.directory.fax_boxes.get(box, "") in asked.extensions


def fax_box_given(asked: Asked) -> None:
    """The param ``box`` names a fax box in scope; the only or first one when it is not given."""
    boxes = [box for box in asked.directory.fax_boxes if _fax_box_in(asked, box)]
    wanted = asked.params.setdefault("box", boxes[0] if boxes else "")
    if wanted not in boxes:
        raise missing(f"fax box {wanted}")


def fax_known(asked: Asked) -> None:
    """The param ``fax`` names one in a box in scope."""
    if not _fax_box_in(asked, asked.ask("fax.show", {"fax": asked.params["fax"]})["box"]):
        raise missing(f"fax {asked.params['fax']}")


def rooms_in(asked: Asked, found: Any) -> Any:
    """Conference rooms of these owners."""
    return [one for one in found if asked.directory.rooms.get(one["room"], "") in asked.extensions]


def room_known(asked: Asked) -> None:
    """The param ``room`` names one of these owners, who dial for themselves."""
    if asked.directory.rooms.get(asked.params["room"], "") not in asked.extensions:
        raise missing(f"conference room {asked.params['room']}")
    if asked.params.get("extension"):
        number_in("extension")(asked)


def note_known(asked: Asked) -> None:
    """The param ``note`` names one of the own on a call in scope."""
    call_known(asked)
    found = asked.ask("notes.list", {"call": asked.params["call"], "limit": 1000})
    wanted = asked.params["note"]
    if all(one["note"] != wanted or one["author"] != author_of(asked) for one in found):
        raise missing(f"note {wanted}")


def author_of(asked: Asked) -> str:
    """The name notes are signed with."""
    return asked.identity.account.name or asked.identity.account.id
