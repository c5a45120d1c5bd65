"""``ortsamt ctl`` and ``check-config`` as a person uses them, against real stores in another process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.model.causes import Cause
from appliance.model.ids import CallId, LegId
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord, Direction, LegRecord
from appliance.store.records import RecordStore
from tests.support.processes import ROOT, Process, ortsamt


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A running keeper and the commands for it."""

    folder: Path
    environment: dict[str, str]

    def ctl(self, *words: str) -> Done:
        return self.run("ctl", *words)

    def good(self, *words: str) -> str:
        done = self.ctl(*words)
        assert (done.code, done.err) == (0, "")
        return done.out

    def bad(self, *words: str, code: int = 1) -> str:
        done = self.ctl(*words)
        assert done.code == code
        assert "Traceback" not in done.err
        return done.err

    def run(self, *words: str) -> Done:
        done = subprocess.run(
            ortsamt(*words),
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=ROOT,
            timeout=60,
            check=False,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def file(self, name: str, content: str) -> str:
        (self.folder / name).write_text(content)
        return str(self.folder / name)


def _record_a_call(folder: Path) -> None:
    records = RecordStore(folder / "records.db")
    start = datetime.now(UTC) - timedelta(hours=1)
    call = CallRecord(
        call=CallId("c1"),
        kind=CallKind.INBOUND,
        started=start,
        caller_number="+4922147110",
        caller_name="Zoë",
        withheld=False,
        dialled="471",
        called="+49221471",
        answered=start + timedelta(seconds=4),
        ended=start + timedelta(seconds=70),
        cause=Cause.NORMAL,
    )
    records.put_call(call)
    records.put_leg(
        LegRecord(
            leg=LegId("l1"),
            call=call.call,
            direction=Direction.INCOMING,
            endpoint="trunk:provider",
            party="+4922147110",
            started=start,
            ended=call.ended,
            cause=Cause.NORMAL,
        )
    )
    records.close()


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """One keeper for all tests of this file: each uses entities of its own."""
    folder = tmp_path_factory.mktemp("box")
    _record_a_call(folder)
    socket = folder / "s"
    environment = {**os.environ, "ORTSAMT_SOCKET": str(socket), "COLUMNS": "200"}
    environment.pop("ORTSAMT_BOX", None)
    command = [sys.executable, "-m", "tests.support.keeper", str(folder), str(socket)]
    with Process("keeper", command, cwd=ROOT) as process:
        process.wait_line("ready", timeout=20)
        yield Box(folder=folder, environment=environment)


def test_set_get_list_delete(keeper: Box) -> None:
    assert keeper.good("set", "extension", "21", "number=21", "name=Anna Berg") == "extension 21 created\n"
    assert (
        keeper.good("set", "extension", "21", "ring_seconds=30", "call_waiting=no")
        == "extension 21 changed\n"
    )
    assert keeper.good("set", "extension", "21", "ring_seconds=30") == "extension 21 is so already\n"
    shown = json.loads(keeper.good("get", "extension", "21", "--json"))
    wanted = {
        "id": "21",
        "number": "21",
        "name": "Anna Berg",
        "language": None,
        "caller_number": None,
        "call_waiting": False,
        "ring_seconds": 30,
    }
    assert {name: shown[name] for name in wanted} == wanted
    keeper.good("set", "extension", "21", "language=de")
    keeper.good("unset", "extension", "21", "ring_seconds")
    assert "does not exist" in keeper.bad("unset", "extension", "22", "name")
    listed = {one["id"]: one for one in json.loads(keeper.good("list", "extension", "--json"))}
    assert (listed["21"]["ring_seconds"], listed["21"]["language"]) == (120, "de")
    heading, *rows = keeper.good("list", "extension").splitlines()
    assert heading.split()[:3] == ["ID", "NUMBER", "NAME"]
    assert any(row.startswith("21") and "Anna Berg" in row for row in rows)
    assert keeper.good("delete", "extension", "21") == "extension 21 deleted\n"
    assert "extension 21 does not exist" in keeper.bad("get", "extension", "21")


def test_a_distribution_is_set_as_json_and_shown_as_a_line(keeper: Box) -> None:
    keeper.good("set", "extension", "31", "number=31")
    steps = '[{"targets":[{"kind":"extension","ref":"31"}],"seconds":15}]'
    keeper.good("set", "number", "main", "number=+4922131", f"steps={steps}")
    assert "31 (15 s)" in keeper.good("get", "number", "main")
    refused = keeper.bad("delete", "extension", "31")
    assert refused == "ortsamt: extension 31: is used by number main (change or delete those first)\n"


def test_secrets_are_shown_only_when_asked_for(keeper: Box) -> None:
    keeper.good("set", "extension", "41", "number=41")
    keeper.good("set", "device", "d41", "extension=41", "username=41")
    secret = json.loads(keeper.good("get", "device", "d41", "--json", "--reveal"))["secret"]
    assert len(secret) == 20
    for words in (["get", "device", "d41"], ["list", "device"], ["log"], ["log", "--json"], ["export"]):
        assert secret not in keeper.good(*words)
    keeper.good("set", "device", "d41", "secret=********", "name=kept")
    assert json.loads(keeper.good("get", "device", "d41", "--json", "--reveal"))["secret"] == secret
    assert secret in keeper.good("export", "--reveal")


def test_every_mistake_is_one_clean_line(keeper: Box) -> None:
    said = keeper.bad("set", "extension", "51", "nmae=x", "ring_seconds=soon", "number=51")
    assert said.splitlines() == [
        "ortsamt: extension 51: nmae: unknown field (did you mean 'name'?)",
        "ortsamt: extension 51: ring_seconds: expected 'int', got 'str' (a whole number)",
    ]
    assert "did you mean 'extension'?" in keeper.bad("list", "extention")
    assert "is not field=value" in keeper.bad("set", "extension", "51", "number")
    assert "unknown method 'status'" in keeper.bad("status")
    assert keeper.ctl("nonsense").code == 2


def test_who_changed_what_and_undo(keeper: Box) -> None:
    keeper.good("set", "extension", "61", "number=61", "name=before")
    keeper.good("set", "extension", "61", "name=after")
    log = json.loads(keeper.good("log", "extension", "61", "--json", "--since", "1h"))
    assert [(one["action"], one["field"], one["value"]) for one in log] == [
        ("create", None, "61"),
        ("set", "number", "61"),
        ("set", "name", "before"),
        ("set", "name", "after"),
    ]
    assert all(one["who"].startswith("ctl:") for one in log)
    assert keeper.good("undo", log[-1]["id"]) == "undone by 1 operations\n"
    assert "before" in keeper.good("get", "extension", "61")
    assert "was changed again" in keeper.bad("undo", log[-1]["id"])
    assert "does not exist" in keeper.bad("undo", "nonsense")


def test_import_is_all_or_nothing_and_can_be_tried(keeper: Box) -> None:
    wrong = keeper.file(
        "wrong.toml",
        '[extension.71]\nnumber = "71"\n[extension.72]\nnumber = 72\n'
        '[device.d71]\nextension = "99"\nusername = "d71"\n'
        "[robot.r]\nx = 1\n",
    )
    said = keeper.bad("import", wrong)
    assert [line.split(": ")[1] for line in said.splitlines()] == ["robot", "extension 72", "device d71"]
    assert "does not exist" in keeper.bad("get", "extension", "71")
    tried = keeper.ctl("import", "--dry-run", wrong)
    assert tried.code == 1
    assert "create extension 71" in tried.out
    assert tried.out.count("problem: ") == 3
    right = keeper.file("right.json", json.dumps({"extension": {"71": {"number": "71", "name": "Zoë"}}}))
    assert "name: - -> Zoë" in keeper.good("import", "--dry-run", right)
    assert "does not exist" in keeper.bad("get", "extension", "71")
    assert "1 changed" in keeper.good("import", right)
    assert keeper.good("import", right) == "nothing to change\n"


@pytest.mark.parametrize("name", ["all.json", "all.toml"])
def test_an_export_can_replace_everything_and_changes_nothing(keeper: Box, name: str) -> None:
    keeper.good("set", "extension", "81", "number=81", 'name=Zoë "Z" \\ x')
    keeper.good("set", "device", "d81", "extension=81", "username=81")
    file = str(keeper.folder / name)
    keeper.good("export", file)
    assert keeper.good("import", "--replace", file) == "nothing to change\n"
    keeper.good("set", "extension", "82", "number=82")
    keeper.good("set", "extension", "81", "ring_seconds=5")
    planned = keeper.good("import", "--replace", "--dry-run", file)
    assert "delete extension 82" in planned
    assert "ring_seconds: 5 -> -" in planned
    keeper.good("import", "--replace", file)
    assert "does not exist" in keeper.bad("get", "extension", "82")


def test_events_are_printed_as_they_happen(keeper: Box) -> None:
    command = ortsamt("ctl", "watch", "configuration", "--json")
    with Process("watch", command, cwd=ROOT, env=keeper.environment) as watch:
        deadline = time.monotonic() + 20
        while not watch.lines and time.monotonic() < deadline:  # until the subscription is there
            keeper.good("set", "extension", "91", "number=91", f"name={time.monotonic()}")
        keeper.good("set", "extension", "91", "name=seen")
        event = json.loads(watch.wait_line('"seen"')[0] and watch.lines[-1])
        assert event["event"] == "configuration"
        assert (event["payload"]["entity"], event["payload"]["field"]) == ("91", "name")


def test_records_are_found_by_number_and_time(keeper: Box) -> None:
    heading, row = keeper.good("records").splitlines()
    assert heading.split()[0] == "CALL"
    assert "+4922147110" in row
    assert " 66 " in row
    assert (
        json.loads(keeper.good("records", "--number", "0221 47110", "--since", "2h", "--json"))[0]["call"]
        == "c1"
    )
    assert keeper.good("records", "--since", "5m") == "no calls\n"
    assert "trunk:provider" in keeper.good("records", "c1")
    assert "has no record" in keeper.bad("records", "c2")
    assert keeper.ctl("records", "--since", "tomorrow-ish").code == 2


def test_without_a_core_the_answer_is_clear(keeper: Box) -> None:
    said = keeper.bad("list", "extension", "--socket", str(keeper.folder / "none"), code=2)
    assert "the core is not running" in said
    assert len(said.splitlines()) == 1


def test_output_into_a_closed_pipe_is_no_error(keeper: Box) -> None:
    words = " ".join(ortsamt("ctl", "kinds", "--json"))
    done = subprocess.run(
        ["sh", "-c", f"{words} | head -1"],
        capture_output=True,
        text=True,
        env=keeper.environment,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_ctl_does_not_load_the_engine() -> None:
    code = (
        "import sys; from appliance.cli import main; main(['ctl', '--socket', '/nowhere', 'list', 'site']); "
    )
    code += "print([one for one in ('pjsua2', 'structlog', 'sqlite3', 'phonenumbers') if one in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


class TestCheckConfig:
    def test_all_is_well(self, keeper: Box) -> None:
        box = keeper.file("box.toml", 'node = "koeln"\n')
        office = keeper.file("office.toml", '[extension.21]\nnumber = "21"\n')
        done = keeper.run("check-config", "--box", box, office)
        assert (done.code, done.out) == (0, "no problems found\n")

    def test_every_problem_of_every_file_is_a_line(self, keeper: Box) -> None:
        box = keeper.file("bad-box.toml", "[network]\nsip_prot = 1\ntls_port = 70000\n")
        office = keeper.file(
            "bad.json", '{"extension": {"21": {"number": "21"}, "22": {"number": "21", "nme": 1}}}'
        )
        broken = keeper.file("broken.json", "{")
        done = keeper.run("check-config", "--box", box, office, broken, "/nowhere.toml")
        assert done.code == 1
        assert [line.split(": ")[0] for line in done.out.splitlines()] == [
            "bad-box.toml",
            "extension 22",
            broken,
            "/nowhere.toml",
        ]
        assert "did you mean 'sip_port'?" in done.out
        assert "did you mean 'name'?" in done.out


def test_the_number_plan_shows_who_has_what_and_what_is_free(keeper: Box) -> None:
    keeper.good("set", "trunk", "blocks", "kind=static", "host=sip.example.net")
    keeper.good("set", "block", "b", "first=+498912300", "size=10", "trunk=blocks")
    keeper.good("set", "extension", "71", "number=71", "name=Plan", "caller_number=+498912305")
    steps = '[{"targets": [{"kind": "extension", "ref": "71"}]}]'
    keeper.good("set", "number", "b4", "number=+498912304", f"steps={steps}", "name=Empfang")
    keeper.good("set", "switch", "plan", "number=72", "name=Plan")
    plan = json.loads(keeper.good("numbers", "--json"))
    found = {one["number"]: one for one in plan["public"]}
    assert found["+498912304"]["rings"] == ["extension 71"]
    assert found["+498912305"]["shown_by"] == ["71"]
    assert (found["+498912306"]["free"], found["+498912306"]["block"]) == (True, "b")
    inside = {one["number"]: one["of"] for one in plan["internal"]}
    assert (inside["71"], inside["72"]) == ("extension 71", "switch plan")
    assert inside["*21"] == "the feature code for forward_always"
    free = keeper.good("numbers", "--free")
    assert "+498912306" in free
    assert "+498912304" not in free
    assert "Empfang" in keeper.good("numbers")
    refused = keeper.bad("set", "service", "echo72", "number=72", "application=echo")
    assert "service echo72" in refused
    assert "'72' already belongs to" in refused
    assert "switch plan" in refused


def test_rewriting_is_tried_without_calling_anybody(keeper: Box) -> None:
    rules = '[{"name": "Durchwahl", "pattern": "077.", "strip": 3, "prepend": "0"}]'
    keeper.good("set", "site", "main", f"rewriting={rules}")
    assert json.loads(keeper.good("rewrite", "077 123", "--json")) == {
        "dialled": "077 123",
        "digits": "0123",
        "rule": "Durchwahl",
    }
    assert "030123" in keeper.good("rewrite", "030123")
    assert "dialled: is not a number" in keeper.bad("rewrite", "")
    keeper.good("unset", "site", "main", "rewriting")


def test_what_is_odd_is_shown_with_its_remedy(keeper: Box) -> None:
    scenarios = '[{"name": "Nie", "when": [{"first": "2001-01-01", "last": "2001-01-02"}]}, {"name": "Leer"}]'
    keeper.good("set", "number", "odd", "number=+498955512", f"scenarios={scenarios}")
    shown = keeper.good("problems")
    assert "notice: number odd: scenarios" in shown
    keeper.good("delete", "number", "odd")
    assert "number odd" not in keeper.good("problems")
