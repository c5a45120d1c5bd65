"""Box and cloud come to one configuration over a real hub, whatever is cut, killed, restored or stolen."""

import asyncio
import random
import shutil
from collections.abc import Callable
from datetime import timedelta

import msgspec
import nats.errors
import pytest

from appliance.store.operations import HLC_COUNTER_BITS
from appliance.sync import cluster, envelope, subjects
from appliance.sync.claims import claims_of
from appliance.sync.credentials import Credentials
from appliance.sync.hub_link import HubLost, connected
from tests.support import loops
from tests.support.hub import Cluster, Node, converged, until

Pair = Callable[[], tuple[Node, Node]]
YEAR_S = timedelta(days=365).total_seconds()


def _connected(*nodes: Node) -> None:
    until(lambda: all(node.show().get("state") == "connected" for node in nodes), *nodes)


def test_what_is_edited_apart_is_on_both_sides_after_a_cut_and_a_conflict_is_settled_for_both(
    pair: Pair,
) -> None:
    box, cloud = pair()
    box.start()
    cloud.start()
    box.put("21", number="21", name="Anna")
    until(lambda: cloud.names() == {"21": "Anna"}, box, cloud)
    box.kill_sync()
    box.put("21", name="Berta")
    for number in range(200, 500):
        box.put(str(number), number=str(number), name="made at the box")
    cloud.put("21", name="Clara")
    cloud.put("22", number="22", name="made in the cloud")
    box.start_sync()
    until(lambda: converged(box, cloud), box, cloud)
    assert box.names() == cloud.names()
    assert len(box.names()) == 302
    (conflict,) = box.ask("sync.conflicts")
    assert cloud.ask("sync.conflicts") == [conflict]
    lost = conflict["lost"][0]
    assert {conflict["holds"]["value"], lost["value"]} == {"Berta", "Clara"}
    cloud.ask("sync.settle", kind="extension", id="21", field="name", take=lost["operation"])
    until(lambda: box.names()["21"] == lost["value"] and not box.ask("sync.conflicts"), box, cloud)
    assert box.show()["refused"] == 0


def test_kill_9_of_every_process_at_random_loses_and_doubles_nothing(hub: Cluster, pair: Pair) -> None:
    box, cloud = pair()
    box.start()
    cloud.start()
    dice = random.Random(7)
    acknowledged: dict[str, str] = {}
    victims: list[Callable[[], object]] = [box.kill_sync, cloud.kill_sync, box.kill_store, cloud.kill_store]
    victims.append(lambda: hub.kill("n0"))
    for turn in range(10):
        for node in (box, cloud):
            for _ in range(3):
                number = str(dice.randrange(100, 999))
                name = f"{node.name} {turn} {number}"
                node.put(f"{node.name}-{number}", number=f"{number}{'1' if node is box else '2'}", name=name)
                acknowledged[f"{node.name}-{number}"] = name
        dice.choice(victims)()
        for node in (box, cloud):
            assert node.store is not None
            assert node.sync is not None
            if not node.store.alive:
                node.start_store()
            if not node.sync.alive:
                node.start_sync()
        if not hub.processes["n0"].alive:
            hub.start_server("n0")
    until(lambda: converged(box, cloud) and box.names() == cloud.names() == acknowledged, box, cloud)


def test_a_restored_backup_gets_everything_back_and_new_edits_of_it_go_out(pair: Pair) -> None:
    box, cloud = pair()
    box.start()
    cloud.start()
    box.put("21", number="21", name="Anna")
    until(lambda: converged(box, cloud), box, cloud)
    box.stop()
    database = box.folder / "state" / "configuration.db"
    for part in database.parent.glob("configuration.db*"):
        shutil.copy(part, box.folder / part.name)
    box.start()
    box.put("21", name="after the backup")
    cloud.put("22", number="22", name="in the cloud")
    until(lambda: converged(box, cloud), box, cloud)
    box.stop()
    for part in database.parent.glob("configuration.db*"):
        part.unlink()
    for part in box.folder.glob("configuration.db*"):
        shutil.copy(part, database.parent / part.name)
    box.start_store()
    assert box.names() == {"21": "Anna"}
    box.put("23", number="23", name="made on the backup")
    box.start_sync()
    until(lambda: converged(box, cloud), box, cloud)
    wanted = {"21": "after the backup", "22": "in the cloud", "23": "made on the backup"}
    assert box.names() == cloud.names() == wanted


def test_a_hub_that_lost_everything_is_filled_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("lost")
    hub = Cluster(folder / "hub")
    nodes: list[Node] = []
    try:
        hub.start()
        cloud_credentials = hub.tenant("office")
        cloud = Node(folder / "cloud", cloud_credentials)
        box = Node(folder / "box", hub.node(cloud_credentials, "box", 1))
        nodes += [box, cloud]
        for node in nodes:
            node.start()
        box.put("21", number="21", name="Anna")
        cloud.put("22", number="22", name="Ben")
        until(lambda: converged(box, cloud), box, cloud)
        cloud.kill_sync()
        hub.kill("n0")
        shutil.rmtree(hub.hub.folder / "n0" / "streams")
        box.put("21", name="while it was gone")
        hub.start()
        cloud.start_sync()
        until(lambda: converged(box, cloud), box, cloud)
        assert cloud.names() == {"21": "while it was gone", "22": "Ben"}
        cloud.put("22", name="after")
        until(lambda: box.names()["22"] == "after", box, cloud)
    finally:
        for node in nodes:
            node.stop()
        hub.stop()


def test_what_the_hub_stored_but_another_lacks_is_sent_again(pair: Pair) -> None:
    box, cloud = pair()
    box.start()
    cloud.start()
    box.put("21", number="21", name="Anna")
    until(lambda: converged(box, cloud), box, cloud)
    # As after a fault nobody foresaw: the box believes that everything is sent.
    box.kill_sync()
    box.put("21", name="Berta")
    box.ask("sync.keep", places={"sent": "1000000"})
    box.start_sync()
    until(lambda: cloud.names()["21"] == "Berta", box, cloud)


def test_a_clock_a_year_wrong_wins_nothing_it_has_not_seen(pair: Pair) -> None:
    box, cloud = pair()
    box.start_store(offset_s=YEAR_S)
    cloud.start()
    box.start_sync()
    box.put("21", number="21", name="Anna")
    until(lambda: cloud.names() == {"21": "Anna"}, box, cloud)
    cloud.put("21", name="Berta")
    until(lambda: box.names() == {"21": "Berta"}, box, cloud)
    cloud.put("22", number="22", name="Ben")
    newest = [one for one in cloud.ask("config.log") if one["entity"] == "22"]
    stamp = int(newest[-1]["id"].split("-")[0], 16) >> HLC_COUNTER_BITS
    anna = [one for one in cloud.ask("config.log") if one["entity"] == "21"]
    assert (int(anna[0]["id"].split("-")[0], 16) >> HLC_COUNTER_BITS) - stamp > 300 * 86_400_000


def test_fields_and_kinds_of_a_newer_version_pass_through(pair: Pair) -> None:
    box, cloud = pair()
    box.start()
    cloud.start()
    row = ["0001-newer", 1 << 60 >> 4, "cloud", "x", 1, "hologram", "h1", "id", '"h1"', []]
    cloud.ask("sync.take", operations=[row], places={})
    cloud.ask("sync.keep", places={})
    until(lambda: "0001-newer" in box.operations() or None, box, cloud, timeout=60)


async def _say(credentials: Credentials, server: str, data: bytes) -> None:
    async with connected(credentials, server) as link:
        await link.publish(
            subjects.operations_of(credentials.tenant, credentials.node), data, str(random.random())
        )


def test_garbage_forged_and_newer_envelopes_are_named_and_stop_nothing(hub: Cluster, pair: Pair) -> None:
    box, cloud = pair()
    cloud.start()
    _connected(cloud)
    thief = box.credentials
    server = thief.servers[0]
    row = ["f-1", 5, "box", "x", 1, "extension", "66", "id", '"66"', []]
    forged = envelope.pack([row], tenant=thief.tenant, node="box", key=bytes(32))
    other = envelope.pack([row], tenant=thief.tenant, node="cloud", key=bytes.fromhex(thief.key))
    for data in (b"", b"garbage", b"Zgarbage", b"J" + b"[" * 9000, forged, other):
        loops.run(_say(thief, server, data))
    until(lambda: cloud.show()["refused"] == 6, cloud)
    assert "66" not in cloud.names()
    box.start()
    box.put("21", number="21", name="Anna")
    until(lambda: cloud.names() == {"21": "Anna"}, box, cloud)
    newer = b"J" + msgspec.json.encode({"v": 2, "node": "box", "ops": "in another way"})
    loops.run(_say(thief, server, newer))
    until(lambda: cloud.show()["fault"] == "sync.newer", cloud)
    cloud.put("22", number="22", name="still goes out")
    until(lambda: "22" in cloud.ask("config.log") or len(cloud.names()) == 2, cloud)


def test_a_hostile_tenant_reaches_nothing_of_others(hub: Cluster, pair: Pair) -> None:
    box, cloud = pair()
    cloud.start()
    cloud.put("21", number="21", name="secret")
    until(lambda: cloud.show().get("sent", 0) > 0, cloud)
    victim = cloud.credentials
    villain = hub.tenant(f"villain-{random.randrange(10**6)}")

    async def attack() -> list[str]:
        heard: list[str] = []

        async def hear(subject: str, _data: bytes) -> None:
            heard.append(subject)

        async with connected(villain, villain.servers[0]) as link:
            client = link._client
            for subject in (">", "cfg.>", "node.>", "$SYS.>", f"{subjects.inbox('box')}.>"):
                await link.listen(subject, hear)
            stream = subjects.configuration_stream(0)
            name = subjects.consumer(victim.tenant, 0)
            for subject in (
                subjects.operations_of(victim.tenant, "cloud"),
                subjects.records_of(victim.tenant, "cloud", "0" * 64, "c"),
                subjects.records_of(victim.tenant, "cloud", "0" * 32, "m"),
                f"{subjects.API}.CONSUMER.MSG.NEXT.{stream}.{name}",
                f"{subjects.API}.CONSUMER.DELETE.{stream}.{name}",
                f"{subjects.API}.CONSUMER.CREATE.{stream}.{name}.cfg.{victim.tenant}.>",
                f"$JS.API.STREAM.INFO.{stream}",
                f"$JS.API.STREAM.MSG.GET.{stream}",
                f"$JS.API.STREAM.DELETE.{stream}",
                f"{subjects.API}.CONSUMER.CREATE.{stream}.{subjects.consumer(villain.tenant, 0)}.cfg.>",
                "$SYS.REQ.CLAIMS.LIST",
            ):
                with pytest.raises(nats.errors.Error):
                    await client.request(subject, b"{}", timeout=0.3)
            # Its own consumer, whose filter says another's subjects inside.
            own = subjects.consumer(villain.tenant, 0)
            config = {"name": own, "ack_policy": "none", "filter_subject": f"cfg.{victim.tenant}.>"}
            asked = msgspec.json.encode({"stream_name": stream, "config": config})
            subject = f"{subjects.API}.CONSUMER.CREATE.{stream}.{own}.cfg.{villain.tenant}.>"
            answer = await client.request(subject, asked, timeout=3)
            assert b'"error"' in answer.data
            cloud.put("21", name="secret again")
            await asyncio.sleep(0.3)
        return heard

    assert loops.run(attack()) == []
    assert box.credentials.tenant == victim.tenant


def test_a_stolen_box_is_let_in_no_more(hub: Cluster, pair: Pair) -> None:
    box, cloud = pair()
    box.start()
    cloud.start()
    _connected(box, cloud)
    hub.hub.revoke(box.credentials.tenant, str(claims_of(box.credentials.jwt)["sub"]))
    assert loops.run(cluster.tell_account(hub.hub, box.credentials.tenant)) == 1
    until(lambda: box.show()["fault"] == "sync.refused", box)
    cloud.put("22", number="22", name="Ben")
    assert cloud.show()["state"] == "connected"
    assert box.names() == {}
    # A new key by a new code, and it is back.
    box.use(hub.node(cloud.credentials, "box", 1))
    until(lambda: box.names() == {"22": "Ben"}, box, cloud, timeout=60)


def test_two_boxes_with_one_identity_are_told_and_lose_nothing(
    pair: Pair, tmp_path_factory: pytest.TempPathFactory
) -> None:
    box, cloud = pair()
    twin = Node(tmp_path_factory.mktemp("twin") / "box", box.credentials)
    try:
        for node in (box, cloud, twin):
            node.start()
        box.put("21", number="21", name="of the box")
        twin.put("22", number="22", name="of its twin")
        until(lambda: box.show().get("twin") or twin.show().get("twin"), box, twin)
        until(lambda: len(cloud.names()) == 2, box, cloud, twin)
        twin.stop()
        until(lambda: converged(box, cloud) and not box.show()["twin"], box, cloud)
    finally:
        twin.stop()


def test_websocket_is_the_way_out_where_nothing_else_is(hub: Cluster, pair: Pair) -> None:
    box, cloud = pair()
    servers = box.credentials.servers
    assert servers[-1].startswith("wss://")
    box.use(_with(box.credentials, servers=("tls://127.0.0.1:1", servers[-1])))
    box.start()
    cloud.start()
    box.put("21", number="21", name="Anna")
    until(lambda: cloud.names() == {"21": "Anna"}, box, cloud)
    assert box.show()["server"].startswith("wss://")


def test_a_certificate_of_somebody_else_is_named(hub: Cluster, pair: Pair) -> None:
    box, _ = pair()

    async def attempt(credentials: Credentials) -> str:
        try:
            async with connected(credentials, credentials.servers[0]):
                return ""
        except HubLost as error:
            return error.error_id

    stranger = _with(box.credentials, authority="")
    assert loops.run(attempt(stranger)) == "sync.certificate"
    assert loops.run(attempt(box.credentials)) == ""


def _with(credentials: Credentials, **changed: object) -> Credentials:
    return msgspec.convert({**msgspec.to_builtins(credentials), **changed}, Credentials)
