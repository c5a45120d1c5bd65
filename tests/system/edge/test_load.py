"""Many calls at once through the edge, played by sipp on both sides: none fails, none is left behind."""

import re
import socket
from pathlib import Path

from tests.support.edge import Edge, eventually
from tests.support.processes import Process

CALLS, CALLS_PER_S = 450, 150
SCENARIO = Path(__file__).with_name("caller.xml")


def test_hundred_and_fifty_calls_a_second_all_succeed(shared_edge: Edge, tmp_path: Path) -> None:
    settings = shared_edge.settings
    assert shared_edge.link is not None
    users = tmp_path / "users.csv"
    lines = [f"{user};99;[authentication username={user} password=secret-{user}]" for user in range(20, 60)]
    users.write_text("\n".join(["SEQUENTIAL", *lines, ""]), encoding="ascii")
    limits = f"-i 127.0.0.1 -r {CALLS_PER_S} -m {CALLS} -nostdin -timeout 30 -timeout_error".split()
    core_port = settings.core_address.rpartition(":")[2]
    core = Process(
        "sipp core", ["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", core_port, "-nostdin"], cwd=tmp_path
    )
    eventually(lambda: taken(int(core_port)), "the core listens")
    caller = Process(
        "sipp phones",
        ["sipp", f"127.0.0.1:{settings.sip_port}", "-sf", str(SCENARIO), "-inf", str(users), *limits],
        cwd=tmp_path,
    )
    try:
        code = caller.wait(40)
        found = re.findall(r"(Successful|Failed) call +\| +\d+ +\| +(\d+)", caller.output)
        assert dict(found) == {"Successful": str(CALLS), "Failed": "0"}
        assert code == 0
        stats = shared_edge.link.stats
        eventually(lambda: stats().result(5).transactions == 0, "every transaction ends")
    finally:
        caller.stop()
        core.stop()


def taken(port: int) -> bool:
    """Whether somebody listens on a UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
