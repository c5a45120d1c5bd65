"""Phones that are seen and belong to nobody; devices of others, which are served."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.app.phones.facts import Reach
from appliance.app.phones.finding import MAX_NEW_PER_MINUTE, PhoneFinding
from appliance.app.phones.gate import Gate
from appliance.app.phones.names import Names
from appliance.app.phones.premises import Premises
from appliance.app.phones.serving import PhoneServing
from appliance.control.phones import Fetching
from appliance.provisioning.facts import RenderedFile
from appliance.provisioning.pnp import read_search
from appliance.provisioning.recognise import recognise
from appliance.provisioning.sources import ForeignDevice
from appliance.sip.edge.events import AuthFailed
from appliance.store.configuration import ConfigurationStore
from appliance.store.contacts import ContactStore
from appliance.store.edits import Put
from appliance.store.phones import PhoneStore
from tests.unit.provisioning.test_pnp import SNOM

PHONE, BASE, PC = "805ec0000001", "7c2f80000001", "d05099000001"
NEIGHBOURS = {"10.0.0.1": PHONE, "10.0.0.2": PC, "10.0.0.3": BASE}


class Bases:
    """One DECT base of somebody else."""

    def device(self, mac: str) -> ForeignDevice | None:
        return next((one for one in self.devices() if one.mac == mac), None)

    def devices(self) -> tuple[ForeignDevice, ...]:
        def render(name: str, base_url: str) -> RenderedFile | None:
            return RenderedFile(name=name, media_type="text/xml", content=base_url.encode())

        return (
            ForeignDevice(
                mac=BASE,
                vendor="gigaset",
                model="N670",
                token="b" * 40,
                first_file=f"{BASE}.xml",
                render=render,
            ),
        )


@pytest.fixture
def told() -> list[object]:
    return []


@pytest.fixture
def here(tmp_path: Path, told: list[object]) -> Iterator[Premises]:
    configuration = ConfigurationStore(tmp_path / "c.db", "box")
    store = PhoneStore(tmp_path / "p.db")
    yield Premises(
        configuration=configuration, store=store, gate=Gate(store, lambda _: "", lambda *_: None),
        reach=Reach(address="10.0.0.9", sip_port=5060, tls_port=5061, http_port=80, https_port=443),
        publish=lambda _, what: told.append(what), neighbour=lambda one: NEIGHBOURS.get(one, ""),
        sources=[Bases()],
    )  # fmt: skip
    store.close()
    configuration.close()


def _failed(address: str, agent: str = "Yealink SIP-T54W 96.86.0.70") -> AuthFailed:
    return AuthFailed(source_ip=address, account="300", user_agent=agent)


def test_a_phone_that_tries_to_register_is_noticed(here: Premises, told: list[object]) -> None:
    finding = PhoneFinding(here)
    finding.auth_failed(_failed("10.0.0.1"))
    finding.auth_failed(_failed("10.0.0.1"))
    (one,) = finding.discovered()
    assert (one["mac"], one["vendor"], one["model"], one["how"]) == (PHONE, "yealink", "T54W", "register")
    assert one["account"] == "300"
    assert len(told) == 1
    finding.auth_failed(_failed("10.0.0.2", "friendly-scanner"))  # no phone
    finding.auth_failed(_failed("10.0.0.3"))  # somebody's already
    finding.auth_failed(_failed("10.0.0.4"))  # behind a router: nobody knows its MAC address
    assert len(finding.discovered()) == 1


def test_a_search_is_answered_for_devices_of_the_office_alone(here: Premises) -> None:
    finding = PhoneFinding(here)
    search = read_search(SNOM.replace(b"00135E874B49", BASE.encode()))
    assert finding.searched(search, "10.0.0.3", 5060) == f"http://10.0.0.9/prov/{BASE}.xml"
    stranger = read_search(SNOM)
    assert finding.searched(stranger, "10.0.0.7", 5060) == ""
    (one,) = finding.discovered()
    assert (one["mac"], one["model"], one["how"]) == ("00135e874b49", "OEM", "pnp")
    here.configuration.apply([Put(kind="provisioning", id="main", fields={"pnp": False})], "test")
    assert finding.searched(search, "10.0.0.3", 5060) == ""


def test_a_flood_of_invented_phones_is_not_written_down(here: Premises) -> None:
    finding = PhoneFinding(here)
    for number in range(MAX_NEW_PER_MINUTE + 50):
        finding.discover(recognise("", f"0c383e{number:06x}"), "10.0.0.66", "http")
    assert MAX_NEW_PER_MINUTE <= len(here.store.discovered()) < MAX_NEW_PER_MINUTE + 50


@pytest.mark.parametrize("file", [f"{BASE}.xml", "provisioning.xml", "0101234567.xml"])
def test_a_base_of_somebody_else_is_served_whatever_it_asks_for(
    here: Premises, tmp_path: Path, file: str
) -> None:
    contacts = ContactStore(tmp_path / "n.db")
    serving = PhoneServing(here, PhoneFinding(here), Names(contacts))
    agent = f"Gigaset N670 IP PRO/83.V2.49.1;{BASE.upper()}"
    assert serving.fetch(Fetching(file=file, address="10.0.0.3", agent=agent)).result == "refused"
    here.gate.open(BASE, 5)
    served = serving.fetch(Fetching(file=file, address="10.0.0.3", agent=agent))
    assert (served.result, base64.b64decode(served.content)) == (
        "content", f"http://10.0.0.9/prov/{'b' * 40}/".encode(),
    )  # fmt: skip
    other = f"Gigaset N670 IP PRO/83.V2.49.1;{PHONE.upper()}"
    assert serving.fetch(Fetching(file=file, address="10.0.0.8", agent=other)).result != "content"
    contacts.close()
