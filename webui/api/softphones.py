"""Softphones: an account's document by a one-time link, which a QR code says.

A password is told once: to the owner of the device, by the app that takes the link. Who asks again gets a new
password, which logs out whoever has the old one. Others need the right to see secrets.
"""

import re
from dataclasses import dataclass
from typing import Any

import bottle
import structlog

from appliance.errors import ConfigError, NotFound
from appliance.model.accounts import Action, Resource, Scope
from appliance.model.decode import decode
from appliance.store.edits import new_secret
from webui.api.asked import Ask
from webui.api.offer import needs
from webui.directory import Identity
from webui.errors import Refused, missing
from webui.http import answer, body_json, query_values
from webui.links import OneTimeLinks

PURPOSE = "softphone"
APPS = ("linphone", "acrobits")
_HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(:[0-9]{1,5})?\Z")
_HIDDEN = "********"
_log = structlog.get_logger("web")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkingSoftphone:
    """``app``: linphone or acrobits; ``host``: how the phone reaches the box, where it is not as the browser.

    ``renew`` makes a new password first. ``cloud_id`` is Acrobits' own: its QR code then says the account.
    """

    app: str = "linphone"
    minutes: int = 15
    host: str = ""
    cloud_id: str = ""
    renew: bool = False

    def __post_init__(self) -> None:
        if self.app not in APPS:
            raise ValueError(f"app: is unknown: {' or '.join(APPS)}")
        if not 1 <= self.minutes <= 7 * 1440:
            raise ValueError("minutes: out of range: 1 to 10080")
        if self.host and not _HOST.match(self.host):
            raise ValueError("host: is no host name or address: for example pbx.example.org")


class Softphones:
    """Handlers; each gets who asks, but the one that an app comes to."""

    def __init__(self, ask: Ask, links: OneTimeLinks) -> None:
        self._ask = ask
        self._links = links

    def account(self, identity: Identity, device: str) -> bottle.HTTPResponse:
        """What an app needs to log in as this device; the password only for who may see secrets."""
        query = query_values(bottle.request)
        if set(query) - {"reveal"}:
            raise ConfigError("unknown parameter", field=min(set(query) - {"reveal"})[:40], hint="reveal")
        self._of_device(identity, device, Action.READ)
        if query.get("reveal") == "true":
            needs(identity, Resource.SECRETS, Action.READ)
            return answer(self._read(device))
        return answer({**self._read(device), "secret": _HIDDEN})

    def link(self, identity: Identity, device: str) -> bottle.HTTPResponse:
        """Make a link, and what its QR code shows."""
        asked = decode(LinkingSoftphone, body_json(bottle.request), where="softphone")
        self._of_device(identity, device, Action.READ)
        own = identity.directory.devices[device] in identity.own
        if not own:
            needs(identity, Resource.SECRETS, Action.READ)
        host = asked.host or bottle.request.get_header("Host", "")
        if not _HOST.match(host):
            raise ConfigError("the address of the box is not known", field="host", hint="name it")
        if asked.renew:
            self._renew(identity, device)
        account = self._read(device)
        subject = f"device:{device}"
        if self._links.was_told(subject, account["secret"]) and (
            identity.rights.scope(Resource.SECRETS, Action.READ) is None
        ):
            raise Refused(
                409, "web.told", "this password was told before", field="renew",
                hint="renew: true makes a new one; the app that has the old one is logged out",
            )  # fmt: skip
        from appliance.provisioning import qr, softphone  # when somebody wants one

        if asked.app == "acrobits" and asked.cloud_id:
            made = softphone.SoftphoneAccount(**{**account, "host": _bare(asked.host, account["host"])})
            link = softphone.acrobits_link(made, asked.cloud_id)
            self._links.tell(subject, account["secret"], identity.who)
            return answer({"link": link, "qr": qr.svg(link), "url": "", "expires": None}, 201)
        secret, kept = self._links.make(
            PURPOSE, device, identity.who, asked.minutes * 60, f"{asked.app} {_bare(asked.host, '')}".strip()
        )
        url = f"https://{host}/once/{secret}"
        link = softphone.linphone_link(url) if asked.app == "linphone" else url
        return answer({"link": link, "qr": qr.svg(link), "url": url, "expires": kept.expires}, 201)

    def revoke(self, identity: Identity, device: str) -> bottle.HTTPResponse:
        """Forget the links of a device that were not taken."""
        self._of_device(identity, device, Action.READ)
        return answer({"revoked": self._links.revoke(PURPOSE, device)})

    def fetch(self, link: str) -> bottle.HTTPResponse:
        """An app takes its document: this once. Looking (HEAD) does not count."""
        if bottle.request.method != "GET":
            return answer({})
        self._links.look(PURPOSE, link)
        self._ask("status", {})  # without a core the link stays good
        taken = self._links.take(PURPOSE, link)
        account = self._read(taken.subject)
        self._links.tell(f"device:{taken.subject}", account["secret"], taken.who)
        _log.info("a softphone took its account", device=taken.subject, who=taken.who)
        from appliance.provisioning import softphone

        app, _, host = taken.detail.partition(" ")
        made = softphone.SoftphoneAccount(**{**account, "host": host or account["host"]})
        text = softphone.linphone_document(made) if app == "linphone" else softphone.acrobits_document(made)
        headers = {"Content-Type": "application/xml; charset=utf-8", "Cache-Control": "no-store"}
        return bottle.HTTPResponse(text.encode(), 200, headers)

    def _of_device(self, identity: Identity, device: str, action: Action) -> None:
        scope = needs(identity, Resource.DEVICES, action)
        extension = identity.directory.devices.get(device)
        if extension is None or (scope is not Scope.ANY and extension not in identity.extensions(scope)):
            raise missing(f"device {device}")

    def _read(self, device: str) -> dict[str, Any]:
        found = self._ask("softphones.account", {"device": device})
        if not isinstance(found, dict):
            raise NotFound(f"there is no device {device}")
        return found

    def _renew(self, identity: Identity, device: str) -> None:
        self._ask(
            "config.set",
            {"kind": "device", "id": device, "fields": {"secret": new_secret()}, "create": False,
             "who": identity.who},
        )  # fmt: skip


def _bare(host: str, otherwise: str) -> str:
    """A host without its port."""
    found = _HOST.match(host)
    return found.group(1) if found is not None else otherwise
