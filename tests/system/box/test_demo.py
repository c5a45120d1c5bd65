"""The demo as a newcomer meets it: starts, says how to go on, heals, stops, goes on where it was."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from appliance.control.client import ControlClient
from appliance.errors import OrtsamtError
from tests.support.edge import eventually
from tests.support.phone import Phone
from tests.support.processes import ROOT, Process, free_ports, ortsamt
from tests.support.web import Client

ROW = 11
"""Ports of one demo: SIP, TLS, edge, evapi, core, trunks, provider, fax, HTTPS, HTTP."""


class Demo(Process):
    """One ``ortsamt demo``."""

    def __init__(self, state: Path, first: int, *words: str) -> None:
        self.state, self.first = state, first
        self.path = state / "run" / "control.sock"
        command = ortsamt("demo", "--state", str(state), "--listen", "127.0.0.1", "--ports", str(first))
        super().__init__("demo", [*command, *words])

    def ready(self) -> str:
        """Wait for the card and give it."""
        self.wait_line("Stop: Ctrl-C", timeout=80)
        return self.output

    def control(self, method: str, /, **params: Any) -> Any:
        """Ask the core."""
        with ControlClient(self.path) as client:
            return client.call(method, params)

    def status(self) -> Any:
        """The box's status; None while the core is away."""
        try:
            return self.control("status")
        except OrtsamtError:
            return None

    def healed(self) -> bool:
        """Everything is there, the trunk too."""
        status = self.status()
        trunks = {"provider": "registered", "mobile": "registered"}
        return bool(status and status["edge"]["up"] and status["trunks"] == trunks)

    def phone(self, card: str, number: str) -> Phone:
        """The phone of a number, with the password that is printed."""
        return Phone(server=f"127.0.0.1:{self.first}", user=number, secret=passwords(card)[number], tone=1000)


def passwords(card: str) -> dict[str, str]:
    return dict(re.findall(r"^  2\d +\S.*? (2\d) +(\S{8,})$", card, re.MULTILINE))


def processes(state: Path) -> list[str]:
    """Command lines of everybody that was started for this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"{state}/" in words and int(entry.name) != os.getpid():
            found.append(words)
    return found


def victim(demo: Demo, name: str) -> int:
    """The process of this demo that has this name."""
    settings = str(demo.state / "box.toml")
    marks = {
        "core": {"run", settings},
        "edge": {"-DD", str(demo.state / "run" / "edge" / "kamailio.cfg")},
        "provider": {"provider", str(demo.first + 6)},
        "gsm": {"gsm-emulator", str(demo.state / "usb")},
        "web": {"web", settings},
    }
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if marks[name] <= set(words):
            found.append(int(entry.name))
    return min(found)  # Kamailio's workers are younger than Kamailio


def call_and_hear(phone: Phone, number: str) -> None:
    call = phone.call(number)
    phone.wait("answered", call=call, timeout=30)
    if number.startswith("*"):
        phone.hears_sound(call=call, within=10)
    phone.hangup(call)


def test_a_demo_from_the_first_start_to_the_second(tmp_path: Path) -> None:
    state = tmp_path / "demo"
    first = free_ports(2 * ROW)[0]
    second = first + ROW
    with Demo(state, first) as demo:
        card = demo.ready()
        assert set(passwords(card)) == {"21", "22", "23"}
        assert "Traceback" not in card
        eventually(demo.healed, "the trunk to be registered", 30)
        password = re.search(r"user admin, password (\S+)", card)
        assert password is not None
        assert Client(first + 8).log_in("admin", password.group(1)).status == 201
        with demo.phone(card, "21") as anna:
            anna.register()
            call_and_hear(anna, "*44")
            call_and_hear(anna, "030123456")
        demo.control("config.set", kind="extension", id="21", fields={"name": "Änderung"})
        began = time.monotonic()
        demo.signal(signal.SIGINT)
        assert demo.wait(30) == 0
        assert time.monotonic() - began < 20  # two or three seconds on an idle machine
        assert "stopping" in demo.lines
        killed = [line.split()[0] for line in demo.lines if "is killed" in line]
        assert set(killed) <= {"edge"}  # once in a long while Kamailio hangs in its own end
        assert processes(state) == []
    settings = state / "box.toml"
    settings.write_text(settings.read_text() + "\n[security]\nban_seconds = 77  # mine\n")
    with Demo(state, second) as demo:
        again = demo.ready()
        assert passwords(again) == passwords(card)
        assert "Änderung" in again
        assert f"127.0.0.1:{second}" in again
        assert "ban_seconds = 77  # mine" in settings.read_text()
        eventually(demo.healed, "the trunk to follow the provider to its new port", 30)
        dialled = [one["dialled"] for one in demo.control("records.calls")]
        assert dialled == ["030123456", "*44"]
        demo.signal(signal.SIGTERM)
        assert demo.wait(30) == 0
    assert processes(state) == []


def test_what_is_killed_under_a_demo_is_there_again_and_with_the_demo_all_ends(tmp_path: Path) -> None:
    state = tmp_path / "demo"
    first = free_ports(ROW)[0]
    with Demo(state, first) as demo:
        card = demo.ready()
        eventually(demo.healed, "the trunk to be registered", 30)
        for name in ("core", "edge", "provider", "gsm", "web"):
            seen = len(demo.lines)
            os.kill(victim(demo, name), signal.SIGKILL)
            demo.wait_line(f"{name} ended \\(SIGKILL\\) and is started again", start=seen, timeout=20)
            eventually(demo.healed, f"the demo to heal after the end of {name}", 40)
        with demo.phone(card, "22") as ben:
            ben.register()
            call_and_hear(ben, "*43")
        demo.signal(signal.SIGKILL)
        demo.wait(5)
        eventually(lambda: processes(state) == [], "nobody to be left", 20)
    with Demo(state, first) as demo:
        assert passwords(demo.ready()) == passwords(card)
        demo.signal(signal.SIGHUP)  # the terminal was closed
        assert demo.wait(30) == 0
    assert processes(state) == []


def refused(*words: str) -> str:
    done = subprocess.run(
        ortsamt("demo", *words), capture_output=True, text=True, timeout=100, cwd=ROOT, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("ortsamt: ")
    assert line.endswith(")"), "no hint"
    return line


def test_two_demos_side_by_side_and_none_on_top_of_another(tmp_path: Path) -> None:
    first = free_ports(2 * ROW)[0]
    with Demo(tmp_path / "one", first) as one, Demo(tmp_path / "two", first + ROW) as two:
        cards = [one.ready(), two.ready()]
        assert passwords(cards[0]) != passwords(cards[1])
        for demo, card in zip((one, two), cards, strict=True):
            eventually(demo.healed, "the trunk to be registered", 30)
            with demo.phone(card, "21") as anna:
                anna.register()
                call_and_hear(anna, "*43")
        third = str(tmp_path / "three")
        told = refused("--state", third, "--listen", "127.0.0.1", "--ports", str(first))
        assert f"UDP port {first} on 127.0.0.1 for phones" in told
        assert "--ports" in told
        before = (tmp_path / "one" / "box.toml").read_text()
        told = refused("--state", str(tmp_path / "one"), "--ports", str(first + 3 * ROW))
        assert "another demo runs in" in told
        assert (tmp_path / "one" / "box.toml").read_text() == before
        assert one.healed()
        assert two.healed()


def test_a_demo_stops_also_while_it_starts(tmp_path: Path) -> None:
    with Demo(tmp_path / "demo", free_ports(ROW)[0]) as demo:
        eventually((tmp_path / "demo" / "log" / "core.log").exists, "the core to be started")
        demo.signal(signal.SIGINT)
        assert demo.wait(30) == 0
        assert "Stop: Ctrl-C" not in demo.output
    assert processes(tmp_path / "demo") == []


def test_a_part_that_refuses_to_start_is_quoted(tmp_path: Path) -> None:
    state = tmp_path / "demo"
    broken = state / "state" / "configuration.db"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"nonsense" * 200)
    first = str(free_ports(ROW)[0])
    told = refused("--state", str(state), "--listen", "127.0.0.1", "--ports", first)
    assert f"the core does not start: {broken} is damaged" in told
    assert str(state / "log" / "core.log") in told
    assert processes(state) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--ports", "70000"), "--ports: out of range"),
        (("--ports", "80"), "--ports: out of range"),
        (("--listen", "my-box"), "'my-box' is not an IP address"),
        (("--provider-port", "-1"), "--provider-port: out of range"),
        (("--state", "/sys/kernel/demo"), "the folder /sys/kernel/demo cannot be used"),
        (("--state", "/tmp/" + "x" * 120), "is too long"),
        (("--state", __file__), "cannot be used"),
    ],
)
def test_options_that_make_no_sense(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    state = () if "--state" in words else ("--state", str(tmp_path))
    assert told in refused(*words, *state)
    assert not (tmp_path / "box.toml").exists()


def test_settings_that_cannot_be_changed_are_left_alone(tmp_path: Path) -> None:
    settings = tmp_path / "box.toml"
    for text, told in (
        ("[network]\nlisten = [\n  '127.0.0.1',\n]\n", "by hand"),
        ("network = { sip_port = 5060 }\n", "by hand"),
        ("this is not TOML", "is not valid TOML"),
        ("[network]\nsipp_port = 1\n", "did you mean"),
    ):
        settings.write_text(text)
        line = refused("--state", str(tmp_path), "--listen", "127.0.0.2", "--ports", "21000")
        assert told in line
        assert settings.read_text() == text
