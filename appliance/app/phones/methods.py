"""The ``phones.*`` methods."""

from collections.abc import Callable, Mapping
from typing import Any

from appliance.app.phones.desk import PhoneDesk
from appliance.app.phones.facts import Reach, root_url
from appliance.control import phones as asked
from appliance.control.server import ControlServer
from appliance.model.decode import decode, encode
from appliance.model.snapshot import Snapshot
from appliance.provisioning.catalogue import vendors
from appliance.provisioning.dhcp import hints

Params = Mapping[str, Any]


def register_phones(
    server: ControlServer, desk: PhoneDesk, snapshot: Callable[[], Snapshot], reach: Reach
) -> None:
    """Offer them."""
    own = desk.own_keys

    def adopt(params: Params) -> object:
        return desk.adopt(decode(asked.Adopting, params, where="phones.adopt"))

    def fetch(params: Params) -> object:
        return encode(desk.serving.fetch(decode(asked.Fetching, params, where="phones.fetch")))

    def directory(params: Params) -> object:
        one = decode(asked.Searching, params, where="phones.directory")
        return desk.serving.directory(one.token, one.address, one.words, one.first, one.count)

    def discovered(params: Params) -> object:
        return desk.finding.discovered(decode(asked.OfDiscovered, params, where="phones.discovered").vendor)

    def open_(params: Params) -> object:
        one = decode(asked.Opening, params, where="phones.open")
        return desk.open(one.mac, one.minutes)

    def preview(params: Params) -> object:
        one = decode(asked.Previewing, params, where="phones.preview")
        return desk.preview(one.mac, one.file)

    def keys(params: Params) -> object:
        return own.shown(decode(asked.OfExtension, params, where="phones.keys").extension)

    def set_keys(params: Params) -> object:
        return own.change(decode(asked.SettingKeys, params, where="phones.set_keys"))

    def of_mac(name: str, action: Callable[[str], object]) -> Callable[[Params], object]:
        return lambda params: action(decode(asked.OfMac, params, where=name).mac)

    def reboot(mac: str) -> object:
        return desk.check_sync(mac, restart=True)

    def resync(mac: str) -> object:
        return desk.check_sync(mac, restart=False)

    server.register("phones.list", lambda _: desk.phones(), slow=True)
    server.register("phones.discovered", discovered, slow=True)
    server.register("phones.adopt", adopt, slow=True)
    server.register("phones.open", open_, slow=True)
    server.register("phones.preview", preview, slow=True)
    server.register("phones.keys", keys, slow=True)
    server.register("phones.set_keys", set_keys, slow=True)
    server.register("phones.fetch", fetch, slow=True)
    server.register("phones.directory", directory, slow=True)
    server.register("phones.forget", of_mac("phones.forget", desk.forget), slow=True)
    server.register("phones.reboot", of_mac("phones.reboot", reboot), slow=True)
    server.register("phones.resync", of_mac("phones.resync", resync), slow=True)
    server.register("phones.templates", lambda _: [_vendor(name) for name in vendors()], slow=True)
    server.register("phones.dhcp", lambda _: encode(hints(root_url(snapshot(), reach))))


def _vendor(name: str) -> dict[str, Any]:
    vendor = vendors()[name]
    return {
        "vendor": name,
        "name": vendor.name,
        "models": {model: encode(one) for model, one in vendor.models.items()},
        "files": [{"name": one.name, "why": one.why, "common": one.common} for one in vendor.files],
        "settings": [
            {"name": one.name, "each": one.each, "why": one.why, "unsure": one.unsure}
            for one in vendor.settings
        ],
        "sources": list(vendor.sources),
    }
