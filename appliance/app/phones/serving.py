"""What a phone asks for over HTTP: its files and the office's directory."""

import base64
from dataclasses import replace
from hmac import compare_digest
from typing import Any

import structlog

from appliance.app.phones.facts import phone_facts, with_model
from appliance.app.phones.finding import PhoneFinding
from appliance.app.phones.gate import Request, Verdict
from appliance.app.phones.names import Names
from appliance.app.phones.premises import Premises, new_token, plain
from appliance.control.phones import Fetched, Fetching
from appliance.errors import NotFound
from appliance.model.decode import encode
from appliance.model.ids import ExtensionId
from appliance.model.phones import IpPhone
from appliance.model.snapshot import Snapshot
from appliance.provisioning import render
from appliance.provisioning.recognise import Seen, recognise
from appliance.provisioning.sources import ForeignDevice

_log = structlog.get_logger("phones")


class PhoneServing:
    """Answers the web process; on worker threads."""

    def __init__(self, here: Premises, finding: PhoneFinding, names: Names) -> None:
        self._here = here
        self._finding = finding
        self._names = names

    def fetch(self, asked: Fetching) -> Fetched:
        """What the web process shall answer; see ``phones.fetch``."""
        snapshot = self._here.snapshot
        address, seen = plain(asked.address), recognise(asked.agent)
        if not snapshot.provisioning.enabled:
            return Fetched(result="unknown")
        named = render.named_files(asked.file)
        named_mac = next((one.mac for one in named if one.mac), "")
        # DECT bases also ask for files of their handsets, and then say who they are in the User-Agent alone.
        mac = asked.linked or named_mac or (seen.mac if seen.dect else "")
        if asked.linked and any(one.mac not in ("", mac) for one in named):
            return Fetched(result="unknown")  # a link is for one phone
        if not asked.token:
            with self._here.guard:
                if self._here.gate.blocked(address):
                    return Fetched(result="blocked")
        root = self._here.root
        own_root = f"{root}{asked.token}/" if asked.token else root
        device = self._here.foreign(mac)
        phone = None if device is not None else snapshot.phone_by_mac.get(mac)
        for one in named:
            fits = phone.vendor == one.vendor if phone is not None else not one.mac
            if one.spec.common and fits and device is None:
                self._finding.glimpse(seen, address)
                return Fetched(result="common", vendor=one.vendor, file=asked.file, base_url=own_root)
        if device is None and (phone is None or not phone.enabled):
            return self._stranger(mac, address, asked, seen)
        with self._here.guard:
            verdict = self._here.gate.decide(
                mac,
                device.token if device is not None else phone.token if phone is not None else "",
                Request(
                    address=address,
                    token=asked.token,
                    linked=bool(asked.linked),
                    agent=asked.agent[:256],
                    version=seen.version,
                ),
            )
        if verdict is not Verdict.SERVED:
            self._here.publish("phone", {"what": "refused", "mac": mac, "address": address})
            return Fetched(result=verdict.value)
        self._here.publish("phone", {"what": "fetched", "mac": mac, "address": address, "file": asked.file})
        if device is not None:
            return self._foreign_file(device, asked.file, root)
        assert phone is not None  # noqa: S101 - one of the two is there
        phone = self._with_token(phone)
        facts = phone_facts(snapshot, with_model(phone, asked.agent), self._here.reach)
        if not facts.lines:
            return Fetched(result="unknown")
        return Fetched(result="facts", file=asked.file, vendor=phone.vendor, facts=encode(facts))

    def directory(self, token: str, address: str, words: str, first: int, count: int) -> dict[str, Any]:
        """A page of the office's directory, for a phone that shows its token; raises NotFound."""
        snapshot = self._here.snapshot
        with self._here.guard:
            if self._here.gate.blocked(plain(address)):
                raise NotFound("there is no such directory")
            owner = self._owner_of(snapshot, token)
            if owner is None:
                self._here.gate.guess(plain(address), token)
                raise NotFound("there is no such directory")
        vendor, extension = owner
        found = self._names.search(snapshot, extension, words)
        return {
            "vendor": vendor,
            "title": snapshot.site.name,
            "total": len(found),
            "entries": [encode(one) for one in found[first : first + count]],
        }

    def _stranger(self, mac: str, address: str, asked: Fetching, seen: Seen) -> Fetched:
        if asked.token or not mac:
            with self._here.guard:
                self._here.gate.guess(address, asked.token or asked.file)
            return Fetched(result="unknown")
        with self._here.guard:
            self._here.gate.guess(address, mac)
        self._finding.discover(
            replace(recognise(asked.agent, mac), mac=mac) if mac else seen, address, "http"
        )
        return Fetched(result="unknown")

    def _foreign_file(self, device: ForeignDevice, name: str, root: str) -> Fetched:
        made = device.render(name, f"{root}{device.token}/")
        if made is None:
            return Fetched(result="unknown")
        content = base64.b64encode(made.content).decode()
        return Fetched(result="content", file=made.name, content=content, media_type=made.media_type)

    def _owner_of(self, snapshot: Snapshot, token: str) -> tuple[str, ExtensionId | None] | None:
        """Vendor of the device that has this token, and whose phone it is; None: nobody's."""
        if not token:
            return None
        for phone in snapshot.phones.values():
            if phone.enabled and compare_digest(phone.token, token):
                device = snapshot.devices.get(phone.devices[0])
                return phone.vendor, device.extension if device is not None else None
        for source in self._here.sources:
            for one in source.devices():
                if compare_digest(one.token, token):
                    return one.vendor, None
        return None

    def _with_token(self, phone: IpPhone) -> IpPhone:
        """A phone that was not adopted but written down gets its secret address with its first file."""
        if phone.token:
            return phone
        token = new_token()
        self._here.configuration.put("phone", phone.id, {"token": token}, "phone")
        return replace(phone, token=token)
