"""``ortsamt explain`` as it is typed: of a file, and of a core behind a real control socket."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance.control.server import ControlServer
from appliance.model.decode import encode
from appliance.model.documents import Language
from appliance.routing.explain import explain
from tests.unit.routing.office import outside

ROOT = Path(__file__).parents[3]
OFFICE = {
    "site": {"main": {"area_code": "221"}},
    "extension": {"anna": {"number": "21", "name": "Anna"}, "bernd": {"number": "22"}},
    "device": {"desk": {"extension": "bernd", "username": "bernd"}},
    "number": {
        "main": {
            "number": "+4922147100",
            "steps": [{"targets": [{"kind": "extension", "ref": "bernd"}], "seconds": 15}],
        }
    },
    "trunk": {"line": {"host": "sip.example.net", "username": "x"}},
}


def ortsamt(*words: str, socket: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("ORTSAMT_SOCKET", None)
    if socket is not None:
        environment["ORTSAMT_SOCKET"] = str(socket)
    return subprocess.run(
        [sys.executable, "-m", "appliance.cli", "explain", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "office.json"
    path.write_text(json.dumps(OFFICE))
    return path


def test_what_is_not_so_can_be_supposed(file: Path) -> None:
    call = ("--from", "030901820", "--to", "022147100", "--config", str(file), "--language", "en")
    told = ortsamt(*call, "--suppose", "22=dnd")
    assert "22 is 'do not disturb': the own phones do not ring." in told.stdout
    assert "End: busy" in told.stdout
    refused = ortsamt(*call, "--suppose", "22=sleepy")
    assert refused.returncode != 0
    assert "22=sleepy" in refused.stderr


def test_a_file_is_explained_in_the_language_of_the_site(file: Path) -> None:
    told = ortsamt(
        "--from", "030901820", "--to", "022147100", "--at", "saturday 12:00", "--config", str(file)
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("Anruf von außen an +4922147100\n")
    assert "Nebenstelle 22 (desk)" in told.stdout


def test_and_in_english_or_as_json(file: Path) -> None:
    told = ortsamt("--from", "21", "--to", "22", "--language", "en", "--json", "--config", str(file))
    assert told.returncode == 0
    explained = json.loads(told.stdout)
    assert explained["summary"] == "Internal call to 22"
    assert explained["steps"][0]["step"] == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--from", "29", "--to", "22"), "neither an extension nor a public number"),
        (("--from", "21", "--to", "22", "--at", "someday"), "saturday 12:00"),
        (("--from", "21", "--to", "22", "--trunk", "lina"), "did you mean 'line'?"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(file: Path, words: tuple[str, ...], complaint: str) -> None:
    told = ortsamt(*words, "--config", str(file))
    assert told.returncode == 1
    assert complaint in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_every_mistake_in_the_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[extension.a]\nnumer = "1"\n[trunk.t]\nhost = "x"\nprofile = "generic"\n[toy.x]\n')
    told = ortsamt("--from", "1", "--to", "2", "--config", str(path))
    assert told.returncode == 1
    assert "did you mean 'number'?" in told.stderr
    assert "trunk t: username" in told.stderr
    assert "unknown kind" in told.stderr


def test_dead_references_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "office.json"
    path.write_text(json.dumps({**OFFICE, "extension": {"anna": {"number": "21"}}}))
    told = ortsamt("--from", "21", "--to", "022147100", "--config", str(path))
    assert told.returncode == 0
    assert "warning: device desk: extension: extension 'bernd' does not exist" in told.stderr


def test_the_running_core_is_asked(tmp_path: Path) -> None:
    asked: list[Mapping[str, Any]] = []

    def answer(params: Mapping[str, Any]) -> Any:
        asked.append(params)
        return encode(explain(outside("022147100"), Language.ENGLISH))

    server = ControlServer(tmp_path / "control.sock")
    server.register("explain", answer)
    server.start()
    try:
        told = ortsamt("--from", "030901820", "--to", "022147100", "--trunk", "first", socket=server.path)
    finally:
        server.stop()
    assert told.returncode == 0, told.stderr
    assert asked == [{"from": "030901820", "to": "022147100", "trunk": "first"}]
    assert told.stdout.startswith("Call from outside to +4922147100\n")


def test_without_a_core_it_says_so(tmp_path: Path) -> None:
    told = ortsamt("--from", "21", "--to", "22", "--socket", str(tmp_path / "none.sock"))
    assert told.returncode == 2
    assert "not running" in told.stderr
