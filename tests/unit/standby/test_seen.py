"""What a box on stand-by sees of the configuration, and what it passes on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.app.settings import edge_settings, phone_reach
from appliance.model.box import BoxSettings, Network, Paths, Standby
from appliance.model.snapshot import Snapshot
from appliance.sip.edge.events import Aor, Contact
from appliance.sip.edge.protocol import add_params
from appliance.sip.edge.render import render
from appliance.store.configuration import ConfigurationStore
from appliance.store.operations import Operation

OFFICE: list[tuple[str, str, dict[str, Any]]] = [
    ("site", "main", {"area_code": "221", "default_caller_number": "+492215550100"}),
    ("extension", "21", {"number": "21", "name": "Anna"}),
    ("trunk", "main", {"host": "203.0.113.9", "kind": "static"}),
    ("gsm_module", "mobile", {"number": "+491761112233"}),
    ("trunk", "mobile", {"kind": "gsm", "module": "mobile"}),
]


def office(path: Path) -> ConfigurationStore:
    store = ConfigurationStore(path / "configuration.db", "box-a")
    for kind, entity, fields in OFFICE:
        store.put(kind, entity, fields, "test")
    return store


def test_on_stand_by_only_what_is_plugged_in_is_used(tmp_path: Path) -> None:
    store = office(tmp_path)
    told: list[tuple[Snapshot, tuple[Operation, ...]]] = []
    store.subscribe(lambda snapshot, operations: told.append((snapshot, operations)))

    def used() -> dict[str, bool]:
        return {str(key): one.enabled for key, one in store.snapshot().trunks.items()}

    assert used() == {"main": True, "mobile": True}
    store.stand_by(True)
    store.stand_by(True)
    assert used() == {"main": False, "mobile": True}
    assert [operations for _, operations in told] == [()], "told once, without an operation"
    store.put("extension", "21", {"name": "Anna A."}, "test")
    assert used() == {"main": False, "mobile": True}, "an edit does not change it"
    store.stand_by(False)
    assert used() == {"main": True, "mobile": True}
    assert told[-1][0] is store.snapshot()
    store.close()


def test_the_other_box_is_given_all_but_its_own_and_passes_it_on(tmp_path: Path) -> None:
    store = office(tmp_path)
    (tmp_path / "b").mkdir()
    other = ConfigurationStore(tmp_path / "b" / "configuration.db", "box-b")
    found, more = store.log.since(0, "box-b", 3)
    assert len(found) == 3
    rest, none = store.log.since(found[-1][0], "box-b", 1000)
    assert (more, none) == (len(rest), 0)
    everything = [one for _, one in (*found, *rest)]
    assert len(other.merge(everything, received=False)) == len(everything)
    assert other.snapshot().site == store.snapshot().site
    assert other.log.since(0, "box-a", 1000) == ((), 0), "nothing goes back to where it came from"
    assert other.log.outgoing_count(0) == len(everything), "the cloud gets it from either"
    store.close()
    other.close()


def test_phones_and_the_edge_know_the_floating_address(tmp_path: Path) -> None:
    box = BoxSettings(
        node="box-a",
        network=Network(listen=("192.168.7.1",)),
        standby=Standby(address="192.168.7.10/24"),
        paths=Paths(state=str(tmp_path), runtime=str(tmp_path)),
    )
    assert phone_reach(box).address == "192.168.7.10"
    text = render(edge_settings(box))["kamailio.cfg"]
    assert "ip_free_bind=1" in text
    own = text.index("listen=udp:192.168.7.1:5060\n")
    floating = text.index("listen=udp:192.168.7.10:5060 advertise 192.168.7.1:5060\n")
    assert own < floating
    alone = render(edge_settings(replace(box, standby=Standby())))["kamailio.cfg"]
    assert "ip_free_bind" not in alone
    assert "192.168.7.10" not in alone


def contact(**fields: Any) -> Contact:
    values: dict[str, Any] = {
        "aor": Aor("21"), "uri": "sip:21@192.168.7.50:5060", "source_ip": "192.168.7.50",
        "source_port": 5060, "transport": "udp", "user_agent": "", "expires_s": 120,
    }  # fmt: skip
    return Contact(**{**values, **fields})


def test_a_phone_is_reached_where_it_sent_from_but_a_stream_that_is_gone_is_not() -> None:
    socket = "udp:192.168.7.10:5060"
    direct = add_params(contact(), socket)
    assert direct[:4] == ("location", "21", "sip:21@192.168.7.50:5060", 120)
    assert direct[-2:] == ("sip:192.168.7.50:5060", socket)
    behind = contact(uri="sip:21@10.1.1.1:5060")
    assert add_params(behind, socket)[7] != 0, "its way through the NAT is kept open"
    assert add_params(behind, socket, pinged=False)[7] == 0
    stream = contact(transport="tcp", uri="sip:21@192.168.7.50:5060;transport=tcp", source_port=40000)
    assert add_params(stream, "tcp:192.168.7.10:5060")[-2] == ""
