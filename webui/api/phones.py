"""One-time links for IP phones: an address that lets one phone fetch its settings once, from anywhere."""

import re
from dataclasses import dataclass

import bottle

from appliance.errors import ConfigError
from appliance.model.accounts import Action, Resource
from appliance.model.decode import decode
from webui.api.asked import Ask
from webui.api.offer import needs
from webui.directory import Identity
from webui.http import answer, body_json
from webui.links import OneTimeLinks
from webui.provisioning import PREFIX, PURPOSE

_HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(:[0-9]{1,5})?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkingPhone:
    """``host``: how the phone reaches the box, where it is not as the browser; ``https`` or not."""

    minutes: int = 60
    host: str = ""
    https: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.minutes <= 7 * 1440:
            raise ValueError("minutes: out of range: 1 to 10080")
        if self.host and not _HOST.match(self.host):
            raise ValueError("host: is no host name or address: for example pbx.example.org")


class PhoneLinks:
    """Handlers; each gets who asks."""

    def __init__(self, ask: Ask, links: OneTimeLinks) -> None:
        self._ask = ask
        self._links = links

    def link(self, identity: Identity, mac: str) -> bottle.HTTPResponse:
        """Make a link; it is used up by the first fetch of the file with the account."""
        needs(identity, Resource.DEVICES, Action.MANAGE)
        asked = decode(LinkingPhone, body_json(bottle.request), where="phone")
        host = asked.host or bottle.request.get_header("Host", "")
        if not _HOST.match(host):
            raise ConfigError("the address of the box is not known", field="host", hint="name it")
        found = self._ask("phones.preview", {"mac": mac})
        secret, kept = self._links.make(PURPOSE, found["mac"], identity.who, asked.minutes * 60)
        folder = f"{'https' if asked.https else 'http'}://{host}{PREFIX}once/{secret}/"
        return answer({"folder": folder, "url": folder + found["file"], "expires": kept.expires}, 201)

    def revoke(self, identity: Identity, mac: str) -> bottle.HTTPResponse:
        """Forget the links of a phone that were not taken."""
        needs(identity, Resource.DEVICES, Action.MANAGE)
        found = self._ask("phones.preview", {"mac": mac})
        return answer({"revoked": self._links.revoke(PURPOSE, found["mac"])})
