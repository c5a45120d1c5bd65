"""A box is taken in by a one-time code, and what is edited in one place rings in the other."""

import dataclasses
import subprocess
from pathlib import Path

import pytest

from appliance.sync import credentials as kept
from tests.support.box import Box
from tests.support.hub import Cluster, Node, until
from tests.support.processes import ROOT, Process, ortsamt
from tests.support.web import Web


def _ctl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(ortsamt(*words), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_box_joins_by_a_code_and_a_phone_configured_there_lives_in_the_cloud(
    hub: Cluster, tmp_path: Path
) -> None:
    credentials = hub.tenant("enrolling")
    (tmp_path / "cloud").mkdir()
    cloud = Box(tmp_path / "cloud", {})
    web = Web(cloud)
    text = cloud.settings.read_text(encoding="utf-8")
    cloud.settings.write_text(f'node = "cloud"\nrole = "cloud"\n{text}', encoding="utf-8")
    file = kept.write(tmp_path, credentials)
    sync: Process | None = None
    box = Node(tmp_path / "box", dataclasses.replace(credentials, node="box"))
    (box.folder / "state" / "sync" / kept.FILE).unlink()
    with cloud:
        try:
            web.start()
            settings = str(cloud.settings)
            done = _ctl("sync", "--box", settings, "install", str(file))
            assert done.returncode == 0, done.stderr
            sync = Process("cloud sync", ortsamt("sync", "--box", settings, "--beat", "0.5"))
            box.start()
            made = _ctl("ctl", "--box", settings, "sync-code", "box")
            command = made.stdout.splitlines()[-1].split()
            assert command[:3] == ["ortsamt", "sync", "enrol"], made.stderr
            address, code = command[3], command[4]
            wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
            refused = _ctl("sync", "--box", str(box.settings), "enrol", address, wrong)
            assert "not the cloud that gave the code" in refused.stderr
            enrolled = _ctl("sync", "--box", str(box.settings), "enrol", address, code)
            assert "this is node box of enrolling now" in enrolled.stdout, enrolled.stderr
            again = _ctl("sync", "--box", str(box.settings), "enrol", address, code)
            assert "not valid" in again.stderr, "a code is for once"
            mode = (box.folder / "state" / "sync" / kept.FILE).stat().st_mode
            assert mode & 0o007 == 0
            box.put("21", number="21", name="Anna")
            box.ask(
                "config.set",
                kind="device",
                id="d21",
                fields={"extension": "21", "username": "21", "secret": "secret-of-21"},
            )
            trunk = {"host": "sip.example.net", "username": "u", "secret": "s"}
            box.ask("config.set", kind="trunk", id="provider", fields=trunk)
            until(lambda: cloud.control("config.list", kind="trunk"), box)
            assert cloud.control("trunks.list")[0]["status"] == "disabled", "it is the box's trunk"
            with cloud.phone("21") as anna:
                anna.call("21")
            state = cloud.control("sync.show")
            assert (state["waiting"], state["lag_s"]) == (0, 0.0)
            assert "ortsamt_sync_up 1.0" in cloud.control("metrics")
            assert state["nodes"][0]["node"] == "box"
            until(lambda: [one["equal"] for one in cloud.control("sync.show")["peers"]] == [True], box)
        finally:
            box.stop()
            if sync is not None:
                sync.stop()
            if web.process is not None:
                web.process.stop()


def test_codes_are_few_and_bound_to_a_name(hub: Cluster, tmp_path: Path) -> None:
    from appliance.errors import ConfigError, DeviceUnavailable, NotFound
    from appliance.sync import claims
    from appliance.sync.enrolment import TRIES, Enrolment

    user = claims.new_key(claims.USER).public
    with pytest.raises(ConfigError, match="cannot take in"):
        Enrolment(tmp_path).code("box")
    hub.hub.add_tenant("codes")
    kept.write(tmp_path, hub.hub.credentials("codes", "cloud"))
    enrolment = Enrolment(tmp_path)
    code = enrolment.code("box")
    with pytest.raises(NotFound):
        enrolment.redeem(code, "another", user)
    made = enrolment.redeem(code.lower(), "box", user)
    assert (made.node, made.slot, made.signing_seed, made.seed) == ("box", 1, "", "")
    for number in range(2, 8):
        enrolment.redeem(enrolment.code(f"box{number}"), f"box{number}", user)
    with pytest.raises(ConfigError, match="8 nodes"):
        enrolment.code("one-more")
    replaced = claims.new_key(claims.USER).public
    assert enrolment.redeem(enrolment.code("box"), "box", replaced).slot == 1
    assert enrolment.nodes()[0]["former"] == [user], "to be revoked at the hub"
    for _ in range(TRIES - 1):
        with pytest.raises(NotFound):
            enrolment.redeem("AAAA-AAAA-AAAA", "box", user)
    with pytest.raises(DeviceUnavailable, match="too many"):
        enrolment.redeem("AAAA-AAAA-AAAA", "box", user)
