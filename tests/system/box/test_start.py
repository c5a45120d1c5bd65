"""What keeps the box from starting is said in one line with a remedy, exit code 1, no traceback."""

import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.box import Box, tone_of
from tests.support.processes import ROOT, ortsamt

NOWHERE = "/sys/kernel"
"""A folder in which not even root can make a file."""


def refusal(box: Box, *words: str, **environment: str) -> str:
    """The one line with which ``ortsamt WORDS --box …`` refuses to start."""
    done = subprocess.run(
        ortsamt(*words, "--box", str(box.settings)),
        capture_output=True,
        text=True,
        timeout=90,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    plain = [line for line in said.splitlines() if not line.startswith("{")]  # log lines are JSON
    assert len(plain) == 1, said
    assert plain[0].startswith("ortsamt: ")
    assert plain[0].endswith(")"), "no hint"
    return plain[0]


def prepared(folder: Path, **paths: str) -> Box:
    """A box that was never started; its folders are there unless ``paths`` names others."""
    box = Box(folder, settings={"paths": paths})
    for name in ("state", "run"):
        (folder / name).mkdir()
    return box


@pytest.mark.parametrize("part", ["run", "edge"])
def test_a_state_folder_that_is_a_file(tmp_path: Path, part: str) -> None:
    box = prepared(tmp_path, state=str(tmp_path / "box.toml"))
    assert "box.toml" in refusal(box, part)


@pytest.mark.parametrize("part", ["run", "edge"])
def test_a_state_folder_that_cannot_be_written(tmp_path: Path, part: str) -> None:
    told = refusal(prepared(tmp_path, state=NOWHERE), part)
    assert NOWHERE in told
    assert "rights" in told


def test_a_state_folder_that_is_not_there(tmp_path: Path) -> None:
    box = prepared(tmp_path, state=str(tmp_path / "disk" / "state"))
    assert "does not exist (create it or check that its disk is mounted)" in refusal(box, "run")


@pytest.mark.parametrize("part", ["run", "edge"])
def test_a_runtime_folder_that_cannot_be_made(tmp_path: Path, part: str) -> None:
    told = refusal(prepared(tmp_path, runtime=f"{NOWHERE}/run"), part)
    assert f"{NOWHERE}/run" in told


@pytest.mark.parametrize(
    ("part", "port", "kind"),
    [
        ("run", "core_port", socket.SOCK_DGRAM),
        ("run", "trunk_port", socket.SOCK_DGRAM),
        ("run", "trunk_port", socket.SOCK_STREAM),
        ("edge", "sip_port", socket.SOCK_DGRAM),
        ("edge", "sip_port", socket.SOCK_STREAM),
        ("edge", "tls_port", socket.SOCK_STREAM),
        ("edge", "edge_core_port", socket.SOCK_DGRAM),
        ("edge", "evapi_port", socket.SOCK_STREAM),
    ],
)
def test_a_taken_port_is_named(tmp_path: Path, part: str, port: str, kind: socket.SocketKind) -> None:
    box = prepared(tmp_path)
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", box.ports[port]))
        if kind is socket.SOCK_STREAM:
            other.listen()
        told = refusal(box, part)
    protocol = "UDP" if kind is socket.SOCK_DGRAM else "TCP"
    assert f"{protocol} port {box.ports[port]}" in told
    assert "taken" in told


def misspelt(text: str) -> str:
    return text.replace("sip_port", "sipp_port")


@pytest.mark.parametrize(
    ("part", "change", "told"),
    [
        ("run", misspelt, "network.sipp_port: unknown field"),
        ("edge", misspelt, "network.sipp_port: unknown field"),
        ("check-config", misspelt, "network.sipp_port: unknown field"),
        ("run", lambda text: text.replace("[network]", "[netwerk]"), "netwerk: unknown field"),
        ("run", lambda text: text + "\nthis is not TOML\n", "is not valid TOML"),
        ("run", lambda text: text.replace("127.0.0.1", "my-box"), "is not an IP address"),
    ],
)
def test_mistakes_in_box_toml(tmp_path: Path, part: str, change: Callable[[str], str], told: str) -> None:
    box = prepared(tmp_path)
    box.settings.write_text(change(box.settings.read_text()))
    done = subprocess.run(
        ortsamt(part, "--box", str(box.settings)),
        capture_output=True,
        text=True,
        timeout=90,
        cwd=ROOT,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert told in said
    assert "box.toml" in said
    assert "Traceback" not in said
    if "unknown" in told:
        assert "did you mean" in said


@pytest.mark.parametrize("name", ["configuration.db", "records.db"])
@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to look like one" * 100])
def test_a_broken_database_is_left_alone_and_named(tmp_path: Path, name: str, content: bytes) -> None:
    box = prepared(tmp_path)
    broken = tmp_path / "state" / name
    broken.write_bytes(content)
    told = refusal(box, "run")
    assert str(broken) in told
    assert "restore it from a backup" in told
    assert broken.read_bytes() == content


def test_a_file_of_the_edge_that_cannot_be_opened_is_not_taken_for_a_broken_one(tmp_path: Path) -> None:
    box = prepared(tmp_path)
    odd = tmp_path / "state" / "edge" / "location.db"
    odd.mkdir(parents=True)
    assert "the edge's files cannot be written" in refusal(box, "edge")
    assert odd.is_dir()


def test_a_second_core_on_the_same_state_is_told_of_the_first(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        assert box.core is not None
        assert f"already in use by process {box.core.pid}" in refusal(box, "run")
        other = tmp_path / "other"
        other.mkdir()
        text = box.settings.read_text()
        for port in box.ports.values():
            text = text.replace(str(port), str(port + 20000))
        ours = f'state = "{tmp_path / "state"}"'
        assert ours in text
        box.settings.write_text(text.replace(ours, f'state = "{other}"'))
        assert "another core already serves" in refusal(box, "run")
        assert box.control("status")["legs"] == 0


def test_without_kamailio_the_packages_are_named(tmp_path: Path) -> None:
    told = refusal(prepared(tmp_path), "edge", PATH="/nowhere")
    assert "kamailio is not installed (apt-get install kamailio" in told


def test_an_address_this_machine_does_not_have(tmp_path: Path) -> None:
    box = prepared(tmp_path)
    box.settings.write_text(box.settings.read_text().replace("127.0.0.1", "192.0.2.1"))
    assert "192.0.2.1 is not an address of this machine" in refusal(box, "edge")


def test_without_prompts_the_box_works_and_says_what_is_missing(tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing")
    with Box(tmp_path, settings={"paths": {"prompts": missing}}) as box:
        (warning,) = box.control("status")["warnings"]
        assert missing in warning
        assert box.core is not None
        logged = [json.loads(line) for line in box.core.output.splitlines()]
        assert warning in {line["event"] for line in logged if line["level"] == "warning"}
        with box.phones("21") as (anna,):
            call = anna.call("*43")
            anna.wait("answered", call=call)
            anna.hears(tone_of("21"), call=call, within=20)
            anna.hangup(call)
