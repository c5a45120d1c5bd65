"""Keys of a phone as the one whose phone it is sees and changes them."""

from collections.abc import Callable
from typing import Any

import structlog

from appliance.app.phones.facts import label_of, template_of, wanted_keys, with_model
from appliance.app.phones.premises import Premises
from appliance.control.phones import SettingKeys
from appliance.errors import ConfigError, DeviceUnavailable, NotFound, Problem
from appliance.model.decode import encode
from appliance.model.ids import DeviceId, PhoneTemplateId
from appliance.model.phones import MAX_KEYS, IpPhone, KeyKind, PhoneKey, PhoneTemplate
from appliance.model.snapshot import Snapshot
from appliance.provisioning.catalogue import vendors
from appliance.provisioning.recognise import read_mac
from appliance.store.edits import Put

_log = structlog.get_logger("phones")


class OwnKeys:
    """A phone belongs to the extension of its first account. ``refresh``: have a phone fetch again."""

    def __init__(self, here: Premises, refresh: Callable[[str], object]) -> None:
        self._here = here
        self._refresh = refresh

    def shown(self, number: str) -> dict[str, Any]:
        """The phones of an extension with all their keys, and the templates it may choose."""
        snapshot = self._here.snapshot
        return {
            "phones": [
                self._phone(snapshot, self._seen(one))
                for one in snapshot.phones.values()
                if _owner(snapshot, one) == number
            ],
            "templates": [
                {"id": one.id, "name": one.name or one.id, "keys": encode(one.keys)}
                for one in snapshot.phone_templates.values()
                if one.offered
            ],
            "park_slots": list(snapshot.features.lot_of_slot),
            "switches": [
                {"number": one.number, "name": one.name} for one in snapshot.switches.values() if one.number
            ],
        }

    def change(self, asked: SettingKeys) -> dict[str, Any]:
        """Set keys and template, and have the phone fetch them; raises ConfigError, NotFound."""
        snapshot = self._here.snapshot
        mac = read_mac(asked.mac[:40])
        phone = snapshot.phone_by_mac.get(mac) if mac else None
        if phone is None or _owner(snapshot, phone) != asked.extension:
            raise NotFound(f"extension {asked.extension[:20]} has no phone {asked.mac[:20]}")
        phone = self._seen(phone)
        before = template_of(snapshot, phone)
        template = self._template(snapshot, phone, asked.template)
        fields: dict[str, object] = {}
        if asked.keys is not None:
            if asked.was is not None and asked.was != phone.keys:
                raise ConfigError(
                    "the keys were changed meanwhile", field="keys", error_id="config.changed",
                    hint="look at them again",
                )  # fmt: skip
            problems = _problems(snapshot, phone, template, asked.keys)
            if problems:
                raise ConfigError.of(problems)
            fields["keys"] = encode(asked.keys)
        if template is not before:
            fields["template"] = template.id if template is not None else None
        if fields:
            self._here.configuration.apply([Put(kind="phone", id=phone.id, fields=fields)], asked.who)
        told = bool(fields) and self._told(phone.mac)
        now = self._here.snapshot
        return {"told": told, "phone": self._phone(now, self._seen(now.phone_by_mac[phone.mac]))}

    def _template(self, snapshot: Snapshot, phone: IpPhone, wanted: str | None) -> PhoneTemplate | None:
        before = template_of(snapshot, phone)
        if wanted is None or wanted == (phone.template or ""):
            return before
        if before is not None and before.fixed:
            raise ConfigError(
                "the template of this phone is fixed", field="template", hint="an administrator can"
            )
        if not wanted:
            return None
        found = snapshot.phone_templates.get(PhoneTemplateId(wanted))
        if found is None or not found.offered:
            raise NotFound(f"there is no template {wanted[:40]} to choose")
        return found

    def _told(self, mac: str) -> bool:
        try:
            self._refresh(mac)
        except DeviceUnavailable as error:
            _log.info("a phone could not be told of its keys", mac=mac, error=error.error_id)
            return False
        return True

    def _seen(self, phone: IpPhone) -> IpPhone:
        return with_model(phone, self._here.store.fetching(phone.mac).agent)

    def _phone(self, snapshot: Snapshot, phone: IpPhone) -> dict[str, Any]:
        template = template_of(snapshot, phone)
        own = {one.place for one in phone.keys}
        fixed = _fixed_places(template)
        return {
            "mac": phone.mac, "vendor": phone.vendor, "model": phone.model, "name": phone.name,
            "places": _places(phone), "lines": [_number(snapshot, one) for one in phone.devices],
            "template": phone.template or "", "fixed": template is not None and template.fixed,
            "own": encode(phone.keys),
            "keys": [
                {
                    **_plain(one), "shown": label_of(snapshot, phone, one),
                    "own": one.place in own and one.place not in fixed, "fixed": one.place in fixed,
                }
                for one in wanted_keys(snapshot, phone)
            ],
        }  # fmt: skip


def _plain(key: PhoneKey) -> dict[str, Any]:
    return {"place": key.place, "kind": key.kind, "number": key.number, "label": key.label, "line": key.line}


def _number(snapshot: Snapshot, device_id: DeviceId) -> str:
    device = snapshot.devices.get(device_id)
    extension = snapshot.extensions.get(device.extension) if device is not None else None
    return extension.number if extension is not None else ""


def _owner(snapshot: Snapshot, phone: IpPhone) -> str:
    return _number(snapshot, phone.devices[0])


def _places(phone: IpPhone) -> int:
    """How many keys it has; the most there can be where its model is not known."""
    model = vendors()[phone.vendor].model(phone.model) if phone.model else None
    return model.keys if model is not None else MAX_KEYS


def _fixed_places(template: PhoneTemplate | None) -> frozenset[int]:
    if template is None or not template.fixed:
        return frozenset()
    return frozenset(one.place for one in template.keys)


def _problems(
    snapshot: Snapshot, phone: IpPhone, template: PhoneTemplate | None, keys: tuple[PhoneKey, ...]
) -> list[Problem]:
    """What the phone could not do, each by its field ``keys[0].number``."""
    places, fixed, had = _places(phone), _fixed_places(template), set(phone.keys)
    found: list[Problem] = []

    def add(at: int, field: str, message: str, remedy: str) -> None:
        found.append(
            Problem(where=f"phone {phone.id}", field=f"keys[{at}].{field}", message=message, remedy=remedy)
        )

    seen: set[int] = set()
    for at, key in enumerate(keys):
        if key.place in seen:
            add(at, "place", f"place {key.place} is given twice", "each key has its own")
        seen.add(key.place)
        if key in had:  # as an administrator may have set it
            continue
        if key.place > places:
            add(at, "place", f"this phone has {places} keys", f"at most {places}")
        if key.place in fixed:
            add(at, "place", "this key is fixed by the template", "choose another key")
        if key.kind is KeyKind.LINE and key.line > len(phone.devices):
            add(at, "line", f"this phone has {len(phone.devices)} lines", f"at most {len(phone.devices)}")
        if key.kind is KeyKind.BLF and key.number not in snapshot.extension_by_number:
            add(at, "number", f"there is no extension {key.number}", "choose an existing one")
        if key.kind is KeyKind.PARK and key.number not in snapshot.features.lot_of_slot:
            add(at, "number", f"there is no park slot {key.number}", "choose an existing one")
        if key.kind is KeyKind.SWITCH and all(one.number != key.number for one in snapshot.switches.values()):
            add(at, "number", f"there is no switch {key.number}", "choose an existing one")
        if key.kind is KeyKind.PROFILE and not _has_profile(snapshot, phone, key.number):
            add(at, "number", f"there is no profile '{key.number}'", "choose an existing one")
    return found


def _has_profile(snapshot: Snapshot, phone: IpPhone, place: str) -> bool:
    owner = snapshot.extension_by_number.get(_owner(snapshot, phone))
    return owner is not None and place.isdigit() and 1 <= int(place) <= len(owner.profiles)
