"""Documents over the API: which right a kind needs, whose a document is, what its owner may change of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.model.accounts import Resource

Fields = Mapping[str, Any]
Owners = Callable[[str, Fields], tuple[str, ...]]
"""Id and fields of a document → extensions (for accounts: the account) it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    """``own_fields``: what owners may change; None: everything. ``locked``: what the API never writes."""

    resource: Resource
    owners: Owners | None = None
    own_fields: frozenset[str] | None = None
    made_fields: frozenset[str] | None = None
    """With ``own_fields``: what else owners may give when they make one; None: they make and delete none."""
    locked: frozenset[str] = frozenset()

    def made_by_owners(self) -> bool:
        """Whether owners may make and delete such documents."""
        return self.owners is not None and (self.own_fields is None or self.made_fields is not None)


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    """What may be an id; the rest is refused by the core."""
    return tuple(one for one in values if isinstance(one, str) and one)


def _by_field(name: str) -> Owners:
    return lambda _id, fields: _texts([fields.get(name)])


def _by_id(identity: str, _fields: Fields) -> tuple[str, ...]:
    return (identity,)


def _box_owners(identity: str, fields: Fields) -> tuple[str, ...]:
    owners = fields.get("owners")
    return _texts(owners) if isinstance(owners, list | tuple) and owners else (identity,)


_OFFICE = KindRule(resource=Resource.OFFICE)
_CONNECTIONS = KindRule(resource=Resource.CONNECTIONS)

KIND_RULES: Mapping[str, KindRule] = {
    "site": _OFFICE,
    "audio": KindRule(resource=Resource.AUDIO, locked=frozenset({"file", "length_ms"})),
    "class_of_service": _OFFICE,
    "extension": KindRule(
        resource=Resource.EXTENSIONS,
        owners=_by_id,
        own_fields=frozenset(
            {
                "accept_only", "call_waiting", "dial_out", "diverting_shows", "forwardings", "language",
                "music_on_hold", "pin", "profile", "profiles", "ring_seconds", "ringings", "rules", "status",
                "status_text", "waiting_seats", "waiting_seconds", "withhold",
            }
        ),
    ),
    "device": KindRule(
        resource=Resource.DEVICES, owners=_by_field("extension"), own_fields=frozenset({"name"})
    ),
    "analog": KindRule(
        resource=Resource.DEVICES, owners=_by_field("extension"), own_fields=frozenset({"name"})
    ),
    "dect_system": KindRule(resource=Resource.DEVICES),
    "dect_handset": KindRule(
        resource=Resource.DEVICES, owners=_by_field("extension"), own_fields=frozenset({"name"})
    ),
    "mobile": KindRule(  # whether a caller's number is enough without a PIN is for the office to say
        resource=Resource.MOBILES, made_fields=frozenset({"extension"}),
        owners=_by_field("extension"),
        own_fields=frozenset({"name", "number", "rings", "reverse", "reverse_seconds"}),
    ),
    "callthrough": _OFFICE,
    "switch": _OFFICE,
    "rotation": _OFFICE,
    "number": _OFFICE,
    "trunk": _CONNECTIONS,
    "route": _CONNECTIONS,
    "gsm_module": _CONNECTIONS,
    "limit": _CONNECTIONS,
    "block": _CONNECTIONS,
    "service": _OFFICE,
    "fax_box": KindRule(
        resource=Resource.FAX, owners=_by_field("extension"), own_fields=frozenset({"name", "recipients"})
    ),
    "voicemail_box": KindRule(
        resource=Resource.VOICEMAIL,
        made_fields=frozenset({"owners"}),
        owners=_box_owners,
        own_fields=frozenset(
            {
                "attach", "delete_after_mail", "emails", "greeting", "greetings", "language", "min_seconds",
                "name", "pin", "silence_seconds", "takes_messages",
            }
        ),
    ),
    "conference_room": KindRule(
        resource=Resource.CONFERENCES, made_fields=frozenset({"number", "owner"}),
        owners=_by_field("owner"),
        own_fields=frozenset({"name", "pin", "moderator_pin", "music"}),
    ),
    "recording": _OFFICE,
    "journal": _CONNECTIONS,
    "backup": KindRule(resource=Resource.BOX),
    "recording_rule": _OFFICE,
    "menu": _OFFICE,
    "feature_code": _OFFICE,
    "park_lot": _OFFICE,
    "pickup_group": _OFFICE,
    "paging_group": _OFFICE,
    "wake_up": KindRule(resource=Resource.WAKE_UPS, owners=_by_field("extension")),
    "announcement": _OFFICE,
    "speed_dial": _OFFICE,
    "mail": KindRule(resource=Resource.MAIL),
    "notification": KindRule(resource=Resource.NOTIFICATIONS, owners=_by_id),
    "permission_group": KindRule(resource=Resource.ACCOUNTS),
    "provisioning": KindRule(resource=Resource.DEVICES),
    "phone_template": KindRule(resource=Resource.DEVICES),
    "phone": KindRule(resource=Resource.DEVICES, locked=frozenset({"token"})),
    "instance": KindRule(  # each says who it is; people may only shut one out
        resource=Resource.BOX,
        locked=frozenset(
            {"role", "address", "floating", "sip_port", "tls_port", "link_port", "certificate", "salt"}
        ),
    ),
    "account": KindRule(
        resource=Resource.ACCOUNTS, own_fields=frozenset({"name", "language"}),
        locked=frozenset({"password", "totp"}),
    ),
}  # fmt: skip
"""Kind → rule; a test holds it to the kinds there are. Accounts belong to themselves."""

OTHER = KindRule(resource=Resource.BOX)
"""Of a kind without a rule of its own: for those who run the box."""


def rule_of(kind: str) -> KindRule:
    """The rule of a kind."""
    return KIND_RULES.get(kind, OTHER)
