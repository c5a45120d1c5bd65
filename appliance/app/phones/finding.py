"""Phones that are seen and belong to nobody: they wait until somebody adopts them."""

from dataclasses import replace
from typing import Any

import structlog

from appliance.app.phones.premises import Premises
from appliance.errors import OrtsamtError
from appliance.model.decode import encode
from appliance.model.phones import VENDORS
from appliance.provisioning import render
from appliance.provisioning.catalogue import vendors
from appliance.provisioning.mdns import NamedPhone
from appliance.provisioning.pnp import Search
from appliance.provisioning.recognise import Seen, recognise
from appliance.sip.edge.events import AuthFailed
from appliance.store.phones import Discovered

MAX_NEW_PER_MINUTE = 100
"""Phones never seen before that are taken down; a flood of invented ones is not written to the disk."""
_log = structlog.get_logger("phones")


class PhoneFinding:
    """Takes down who searches (SIP PnP), fetches or tries to register."""

    def __init__(self, here: Premises) -> None:
        self._here = here
        self._minute, self._new = 0, 0

    def searched(self, search: Search, address: str, port: int) -> str:
        """SIP PnP: where a phone shall fetch; one that nobody knows is taken down and not answered."""
        settings = self._here.snapshot.provisioning
        if not (settings.enabled and settings.pnp):
            return ""
        root = self._here.root
        device = self._here.foreign(search.mac)
        if device is not None:
            return f"{root}{device.first_file}"
        phone = self._here.snapshot.phone_by_mac.get(search.mac)
        if phone is not None and phone.enabled:
            return f"{root}{render.fill(vendors()[phone.vendor].pnp, phone.mac, phone.model)}"
        seen = recognise(search.agent or f"{search.vendor} {search.model}/{search.version}", search.mac)
        vendor = search.vendor.casefold()
        seen = replace(
            seen,
            vendor=seen.vendor or next((one for one in VENDORS if one in vendor), ""),
            model=seen.model or search.model,
            version=seen.version or search.version,
        )
        self.discover(seen, address, "pnp", contact=f"{search.contact} {address}:{port}")
        return ""

    def named(self, phone: NamedPhone, address: str) -> None:
        """A phone told the network its name (mDNS)."""
        mac = phone.mac or self._here.neighbour(address)
        if mac and self._here.snapshot.provisioning.enabled and not self._here.known(mac):
            self.discover(Seen(vendor=phone.vendor, model=phone.model, mac=mac), address, "mdns")

    def auth_failed(self, event: AuthFailed) -> None:
        """A phone tried to register with an account that is none, or with a wrong password."""
        mac = self._here.neighbour(event.source_ip)
        if not mac or self._here.known(mac):
            return
        seen = recognise(event.user_agent, mac)
        if seen.vendor:
            self.discover(seen, event.source_ip, "register", account=event.account)

    def glimpse(self, seen: Seen, address: str) -> None:
        """A phone that asks for what all may have, and says who it is."""
        if seen.mac and not self._here.known(seen.mac):
            self.discover(seen, address, "http")

    def discover(self, seen: Seen, address: str, how: str, *, account: str = "", contact: str = "") -> None:
        """Take a phone down: ``pnp``, ``http``, ``register``, ``mdns``."""
        if not seen.mac:
            return
        now = self._here.store.now()
        with self._here.guard:
            minute = int(now.timestamp()) // 60
            if minute != self._minute:
                self._minute, self._new = minute, 0
            if self._new >= MAX_NEW_PER_MINUTE:
                return
            try:
                new = self._here.store.seen(
                    Discovered(
                        mac=seen.mac,
                        vendor=seen.vendor,
                        model=seen.model[:40],
                        version=seen.version[:40],
                        dect=seen.dect,
                        address=address,
                        how=how,
                        account=account,
                        contact=contact[:250],
                        first=now,
                        last=now,
                    )
                )
            except OrtsamtError as error:
                _log.warning("a phone that was seen cannot be kept", error=str(error))
                return
            self._new += new
        if new:
            _log.info("phone seen", mac=seen.mac, vendor=seen.vendor, model=seen.model, how=how)
            self._here.publish(
                "phone",
                {"what": "discovered", "mac": seen.mac, "vendor": seen.vendor, "model": seen.model,
                 "address": address, "how": how},
            )  # fmt: skip

    def discovered(self, vendor: str = "") -> list[dict[str, Any]]:
        """Phones that wait to be adopted, the one seen last first."""
        known = self._here.snapshot.phone_by_mac
        return [
            {name: value for name, value in encode(one).items() if name != "contact"}
            for one in self._here.store.discovered()
            if (not vendor or one.vendor == vendor) and one.mac not in known
        ]
