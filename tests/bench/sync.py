"""Exchange in figures: ./dev bench sync [latency cut kills sites] [--rounds N] [--sites N] [--minutes M].

latency: a change at the box until the cloud's configuration has it. cut: so many minutes without a link and
5000 changes on each side, from the link's return until both are equal. kills: kill -9 of a process at random
while both sides edit. sites: connections with a feed each, in one process.
A cluster of three servers each time.
"""

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from appliance.sync import subjects
from appliance.sync.hub_link import HubLink, HubLost, connected
from tests.support.cut import Link
from tests.support.hub import Cluster, Node, converged, until

CHANGES = 5000


def main(words: list[str]) -> int:
    """Measure what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["latency", "cut"])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="ortsamt-bench-") as folder:
        cluster = Cluster(Path(folder) / "hub", 3)
        if "sites" in arguments.what:
            cluster.hub.add_tenants(f"site{number}" for number in range(arguments.sites))
            cluster.hub.write_servers(cluster.plans)
        try:
            cluster.start()
            for what in arguments.what:
                if what == "sites":
                    asyncio.run(sites(cluster, arguments.sites))
                    continue
                credentials = cluster.tenant(f"bench-{what}")
                link = Link(cluster.plans[0].port)
                box = cluster.node(credentials, "box", 1)
                box = replace(box, servers=(f"tls://127.0.0.1:{link.port}",)) if what == "cut" else box
                nodes = (
                    Node(Path(folder) / what / "box", box),
                    Node(Path(folder) / what / "cloud", credentials),
                )
                try:
                    for node in nodes:
                        node.start()
                    for node in nodes:
                        node.wait_connected()
                    if what == "latency":
                        latency(*nodes)
                    elif what == "cut":
                        cut(*nodes, link, arguments.minutes)
                    else:
                        kills(cluster, *nodes, arguments.rounds)
                finally:
                    for node in nodes:
                        node.stop()
                    link.close()
        finally:
            cluster.stop()
    return 0


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def figures(seconds: list[float]) -> str:
    """Percentiles in milliseconds."""
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return f"p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, most {ordered[-1] * 1000:.1f} ms"


def latency(box: Node, cloud: Node, changes: int = 500) -> None:
    """One change after the other, each way."""
    box.put("21", number="21", name="-")
    until(lambda: converged(box, cloud), box, cloud)
    for near, far in ((box, cloud), (cloud, box)):
        taken = []
        for number in range(changes):
            name = f"{near.name} {number}"
            began = time.perf_counter()
            near.put("21", name=name)
            until(lambda name=name, far=far: far.names()["21"] == name, near, far, pause=0.0005)  # type: ignore[misc]
            taken.append(time.perf_counter() - began)
        print(f"{near.name} to {far.name}, {changes} changes, from asking to live: {figures(taken)}")
    for node in (box, cloud):
        assert node.sync is not None
        print(f"sync process of {node.name}: {memory_mb(node.sync.pid):.0f} MB")


def cut(box: Node, cloud: Node, link: Link, minutes: float) -> None:
    """Edit on both sides of a cut."""
    people = {str(n): {"number": str(n), "name": "-"} for n in range(2000, 2500)}
    box.ask("config.import", configuration={"extension": people})
    until(lambda: converged(box, cloud), box, cloud)
    before, sent = time.monotonic(), link.bytes
    link.break_()
    for node in (box, cloud):
        for turn in range(CHANGES // len(people)):
            names = {n: {"name": f"{node.name} {turn}"} for n in people}
            node.ask("config.import", configuration={"extension": names})
    print(f"{CHANGES} changes a side in {time.monotonic() - before:.1f} s; the link is cut for {minutes} min")
    time.sleep(max(0.0, before + minutes * 60 - time.monotonic()))
    link.mend()
    back = time.monotonic()
    until(lambda: box.show()["state"] == "connected", box, pause=0.01)
    linked = time.monotonic()
    until(lambda: box.ask("sync.digests") == cloud.ask("sync.digests"), box, cloud, timeout=120)
    done = time.monotonic()
    assert converged(box, cloud)
    assert box.names() == cloud.names()
    print(
        f"connected {linked - back:.1f} s after the link was back, equal {done - linked:.1f} s later;"
        f" {(link.bytes - sent) / CHANGES / 2:.0f} bytes per operation;"
        f" {len(box.ask('sync.conflicts'))} conflicts, the same on both sides:"
        f" {box.ask('sync.conflicts') == cloud.ask('sync.conflicts')}"
    )
    for node in (box, cloud):
        assert node.sync is not None
        print(f"sync process of {node.name}: {memory_mb(node.sync.pid):.0f} MB")


def kills(cluster: Cluster, box: Node, cloud: Node, rounds: int) -> None:
    """Kill one of seven processes each round, at a random moment of an edit; count what is lost."""
    dice = random.Random(1)
    acknowledged: dict[str, str] = {}
    servers = list(cluster.processes)
    began = time.monotonic()
    for turn in range(rounds):
        for node in (box, cloud):
            number = f"{dice.randrange(100)}"
            entity, name = f"{node.name}-{number}", f"{turn}"
            node.put(entity, number=f"{5 if node is box else 6}{number:0>3}", name=name)
            acknowledged[entity] = name
        time.sleep(dice.random() * 0.05)
        victim = dice.choice(["box sync", "cloud sync", "box store", "cloud store", *servers])
        if victim in cluster.processes:
            cluster.kill(victim)
            cluster.start_server(victim)
        else:
            node = box if victim.startswith("box") else cloud
            if victim.endswith("sync"):
                node.kill_sync()
                node.start_sync()
            else:
                node.kill_store()
                node.start_store()
        if turn % 50 == 49 or turn == rounds - 1:
            until(lambda: converged(box, cloud), box, cloud, timeout=120)
            assert box.names() == cloud.names() == acknowledged, f"round {turn}"
            print(f"{turn + 1} kills: {len(box.operations())} operations, all on both sides,"
                  f" {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip


async def sites(cluster: Cluster, count: int) -> None:
    """Many tenants with a connection and a feed each; what a change costs then."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    steps = [one for one in (1, 50, 100, 200, 400, 800, 1600, 3200) if one < count] + [count]
    async with AsyncExitStack() as stack:
        links: list[HubLink] = []
        tasks = []
        came = asyncio.Event()
        refused = 0

        async def listen(link: HubLink) -> None:
            async for _ in link.feed(subjects.configuration_stream(0), "cfg", ""):
                came.set()

        for step in steps:
            began = time.monotonic()
            while len(links) < step:
                number = len(links)
                credentials = cluster.hub.credentials(f"site{number}", "cloud")
                server = credentials.servers[number % len(cluster.plans)]
                try:
                    link = await stack.enter_async_context(connected(credentials, server))
                except HubLost:
                    refused += 1
                    continue
                links.append(link)
                tasks.append(asyncio.create_task(listen(link)))
            opened = time.monotonic() - began
            await asyncio.sleep(2)
            taken = []
            for _ in range(200):
                number = random.randrange(len(links))
                came.clear()
                start = time.perf_counter()
                subject = subjects.operations_of(f"site{number}", "cloud")
                await links[number].publish(subject, b"x" * 300, f"{start}")
                await asyncio.wait_for(came.wait(), 30)
                taken.append(time.perf_counter() - start)
            memory = [memory_mb(one.pid) for one in cluster.processes.values()]
            print(f"{step} sites: {figures(taken)}; servers {', '.join(f'{one:.0f}' for one in memory)} MB;"
                  f" the last {opened:.1f} s to open", flush=True)  # fmt: skip
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        lost = [one for one in ended if not isinstance(one, asyncio.CancelledError)]
        print(f"{refused} connections were tried again, {len(lost)} feeds lost on the way:", *lost[:3])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
