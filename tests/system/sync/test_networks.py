"""Links as networks have them: packets swallowed, no way out, slow and flapping; in namespaces."""

import subprocess
import time
from pathlib import Path

from tests.support.hub import Cluster, Node, converged, until
from tests.support.network import WORLD, Internet
from tests.support.processes import ROOT, ortsamt


def test_a_box_finds_its_way_back_over_any_link(tmp_path: Path) -> None:
    with Internet() as internet:
        hub = Cluster(tmp_path / "hub", host=WORLD, inside=internet.world)
        hub.hub.add_tenants(["office"])
        hub.hub.write_servers(hub.plans)
        credentials = hub.hub.credentials("office", "cloud")
        cloud = Node(tmp_path / "cloud", credentials, inside=internet.world)
        box = Node(tmp_path / "box", hub.node(credentials, "box", 1), inside=internet.office)
        try:
            hub.start_server("n0")
            make = [
                *internet.world,
                *ortsamt("hub", "--hub", str(hub.hub.folder), "streams", "--replicas", "1"),
            ]
            until(lambda: subprocess.run(make, cwd=ROOT, capture_output=True, check=False).returncode == 0)
            for node in (box, cloud):
                node.start()
                node.wait_connected()
            box.put("21", number="21", name="Anna")
            until(lambda: cloud.names() == {"21": "Anna"}, box, cloud)

            # Packets are swallowed: nobody says so, the box finds out, and is back when they pass again.
            internet.swallow()
            box.put("21", name="while packets were swallowed")
            cloud.put("22", number="22", name="in the cloud")
            until(lambda: box.show()["fault"] == "sync.hub", box)
            internet.restore()
            began = time.monotonic()
            until(lambda: box.show()["state"] == "connected", box)
            assert time.monotonic() - began < 10, "knocked at every two seconds; the rest is a loaded machine"
            until(lambda: converged(box, cloud), box, cloud)

            # No way out at all, three times for moments, over a slow link.
            slow = ["tc", "qdisc", "add", "dev", internet.wire, "root", "tbf"]
            slow += ["rate", "2mbit", "burst", "16kb", "latency", "500ms"]
            subprocess.run([*internet.office, *slow], check=True)
            for turn in range(3):
                internet.unplug()
                for number in range(30):
                    entity = f"{turn}{number:03}"
                    box.put(entity, number=entity, name="x" * 60)
                internet.plug()
                cloud.put("22", name=f"turn {turn}")
            until(lambda: converged(box, cloud), box, cloud)
            assert box.names() == cloud.names()
            assert len(cloud.names()) == 92
        finally:
            for node in (box, cloud):
                node.stop()
            hub.stop()
