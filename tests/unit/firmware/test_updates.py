"""An update from the order to its end, on a box without a disk: its machine only notes what it is told."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.firmware import rauc
from appliance.firmware.fetching import fetch
from appliance.firmware.methods import moment
from appliance.firmware.order import Phase, Step, Update, after_start, next_step
from appliance.firmware.rauc import Bundle
from appliance.firmware.service import UpdateService
from appliance.firmware.shelf import MAX_BUNDLE, Shelf
from appliance.firmware.slots import BootChoice, Mode, Running, Slot, confirm

A, B = Slot.A, Slot.B
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GOOD = Bundle(compatible="ortsamt-uefi-amd64", version="2.0", image_bytes=100)


class Bench:
    """A box on the bench: two slots, a boot choice, a clock, calls."""

    def __init__(self, folder: Path) -> None:
        self.shelf = Shelf(folder=folder)
        self.slots = {A: "1.0", B: ""}
        self.boot = BootChoice()
        self.now = Running(slot=A, mode=Mode.CONFIRMED)
        self.clock = START
        self.calls = 0
        self.bundle = GOOD
        self.restarts = 0
        self.broken_install = False
        self.cut_off = False
        self.service = self.started()

    def started(self) -> UpdateService:
        return UpdateService(self.shelf, self, lambda: self.calls, lambda: self.clock)

    def running(self) -> Running:
        proven = self.now.mode is Mode.TRIAL and self.boot.confirmed is self.now.slot
        return replace(self.now, mode=Mode.CONFIRMED) if proven else self.now

    def version(self) -> str:
        return self.slots[self.now.slot]

    def choice(self) -> BootChoice:
        return self.boot

    def choose(self, choice: BootChoice) -> None:
        self.boot = choice

    def look(self, path: Path) -> Bundle:
        if path.read_bytes().startswith(b"forged"):
            raise ConfigError("not signed", error_id="update.signature")
        return self.bundle

    def check(self, bundle: Bundle) -> None:
        rauc.check(bundle, GOOD.compatible, 1000)

    def install(self, path: Path) -> None:
        assert path.exists()
        if self.cut_off:
            raise KeyboardInterrupt
        if self.broken_install:
            raise DeviceUnavailable("the disk says no", error_id="update.install")
        self.slots[self.now.slot.other] = self.bundle.version

    def restart(self) -> None:
        self.restarts += 1

    def power_on(self, *, trial_works: bool = True) -> None:
        """As the boot loader does it: a trial is forgotten before it is started."""
        trial, self.boot = self.boot.trial, BootChoice(confirmed=self.boot.confirmed)
        slot, mode = (trial, Mode.TRIAL) if trial is not None else (self.boot.confirmed, Mode.CONFIRMED)
        self.now = Running(slot=slot, mode=mode)
        self.service = self.started()
        if mode is Mode.TRIAL and trial_works:
            self.boot = confirm(self.boot, self.now)

    def later(self, seconds: float) -> Step:
        self.clock += timedelta(seconds=seconds)
        return self.service.turn()

    def bring(self, content: bytes = b"bundle", *, install: bool = True, due: datetime | None = None) -> None:
        name = self.shelf.receive("", content[:3])
        self.shelf.receive(name, content[3:])
        digest = hashlib.sha256(content).hexdigest()
        self.service.bring(name, digest, install=install, due=due)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "update")


def test_a_good_update_is_installed_tried_and_confirmed(bench: Bench) -> None:
    bench.bring()
    assert bench.service.show().phase == "staged"
    assert [bench.later(0), bench.later(31), bench.later(1)] == [Step.NOTHING, Step.INSTALL, Step.RESTART]
    assert (bench.boot.confirmed, bench.boot.trial, bench.restarts) == (A, B, 1)
    bench.power_on()
    assert bench.service.show().phase == "trial"
    assert bench.boot == BootChoice(confirmed=B)
    bench.later(1)
    shown = bench.service.show()
    assert (shown.phase, shown.version, shown.slot, shown.error) == ("done", "2.0", "b", "")
    assert not list(bench.shelf.folder.glob("*.raucb"))


def test_the_next_update_needs_no_restart_after_the_last_one(bench: Bench) -> None:
    bench.bring()
    bench.later(0), bench.later(31), bench.later(1)
    bench.power_on()
    with pytest.raises(ConfigError, match="installed or tried"):
        bench.bring()
    bench.later(1)
    bench.bundle = replace(GOOD, version="3.0")
    bench.bring()
    bench.later(31), bench.later(1)
    assert (bench.slots, bench.boot.confirmed, bench.boot.trial) == ({A: "3.0", B: "2.0"}, B, A)


def test_software_that_does_not_prove_itself_is_left_and_the_reason_is_told(bench: Bench) -> None:
    bench.bring()
    bench.later(0), bench.later(31), bench.later(1)
    bench.power_on(trial_works=False)
    bench.shelf.left.write_text("the edge is down\n", encoding="utf-8")
    bench.power_on()
    shown = bench.service.show()
    assert (shown.phase, shown.version, shown.slot) == ("failed", "1.0", "a")
    assert (shown.error_id, shown.error) == ("update.returned", "Back to version 1.0: the edge is down.")


def test_never_during_calls_and_not_before_its_time(bench: Bench) -> None:
    bench.bring(due=START + timedelta(hours=10))
    assert bench.later(3600) is Step.NOTHING
    assert bench.service.show().waits_for.startswith("2026-11-23T22:00")
    bench.calls = 1
    assert bench.later(3600 * 10) is Step.NOTHING
    assert bench.service.show().waits_for == "the end of the calls"
    bench.calls = 0
    assert bench.later(5) is Step.NOTHING
    assert bench.later(31) is Step.INSTALL
    bench.calls = 1
    assert bench.later(31) is Step.NOTHING
    bench.calls = 0
    assert bench.later(1) is Step.NOTHING
    assert bench.later(31) is Step.RESTART


def test_without_an_order_it_only_lies_there(bench: Bench) -> None:
    bench.bring(install=False)
    assert bench.later(3600) is Step.NOTHING
    assert bench.service.show().waits_for == "an order to install it"
    bench.service.order(None)
    assert bench.later(31) is Step.INSTALL


@pytest.mark.parametrize(
    ("content", "bundle", "error_id"),
    [
        (b"forged!", GOOD, "update.signature"),
        (
            b"bundle",
            Bundle(compatible="ortsamt-rpi4", version="2.0", image_bytes=1),
            "update.wrong_board",
        ),
        (
            b"bundle",
            Bundle(compatible=GOOD.compatible, version="2.0", image_bytes=1001),
            "update.too_large",
        ),
    ],
)
def test_what_is_not_for_this_box_is_refused_and_not_kept(
    bench: Bench, content: bytes, bundle: Bundle, error_id: str
) -> None:
    bench.bundle = bundle
    with pytest.raises(ConfigError) as refused:
        bench.bring(content)
    assert refused.value.error_id == error_id
    assert bench.service.show().phase == "idle"
    assert not [path for path in bench.shelf.folder.glob("*") if path.name != "update.json"]


def test_another_hash_is_refused(bench: Bench) -> None:
    name = bench.shelf.receive("", b"bundle")
    with pytest.raises(ConfigError, match="SHA-256"):
        bench.service.bring(name, "0" * 64, install=False, due=None)
    name = bench.shelf.receive("", b"bundle")
    with pytest.raises(ConfigError, match="sha256"):
        bench.service.bring(name, "not hex", install=False, due=None)


def test_uploads_have_bounds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound):
        bench.shelf.receive("../../etc/passwd", b"x")
    monkeypatch.setattr(Shelf, "free", lambda _self: 10)
    name = bench.shelf.receive("", b"123456789")
    with pytest.raises(ConfigError) as full:
        bench.shelf.receive(name, b"12345678901")
    assert full.value.error_id == "update.no_room"
    monkeypatch.setattr("appliance.firmware.shelf.MAX_BUNDLE", 10)
    name = bench.shelf.receive("", b"123456789")
    with pytest.raises(ConfigError) as large:
        bench.shelf.receive(name, b"123")
    assert large.value.error_id == "update.too_large"


def test_the_plug_pulled_in_the_middle_of_the_installation_leaves_the_old_software(bench: Bench) -> None:
    bench.bring()
    bench.later(0)
    bench.cut_off = True
    with pytest.raises(KeyboardInterrupt):
        bench.later(31)
    assert bench.shelf.load().phase is Phase.INSTALLING
    bench.power_on()
    shown = bench.service.show()
    assert (shown.phase, shown.error_id, shown.slot) == ("failed", "update.cut", "a")


def test_a_disk_that_refuses_is_told_and_the_box_goes_on(bench: Bench) -> None:
    bench.bring()
    bench.broken_install = True
    bench.later(0), bench.later(31)
    shown = bench.service.show()
    assert (shown.phase, shown.error_id) == ("failed", "update.install")
    assert bench.boot == BootChoice()


def test_nothing_is_installed_from_software_on_trial(bench: Bench) -> None:
    bench.now = Running(slot=B, mode=Mode.TRIAL)
    bench.service = bench.started()
    bench.bring()
    bench.later(0), bench.later(31)
    assert bench.service.show().error_id == "update.unconfirmed"


def test_an_installed_update_can_be_called_off(bench: Bench) -> None:
    bench.bring()
    bench.later(0), bench.later(31)
    bench.service.cancel()
    assert bench.boot == BootChoice()
    assert bench.later(60) is Step.NOTHING


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-24T03:00:00", "99"])
def test_times_have_a_zone(text: str) -> None:
    with pytest.raises(ConfigError, match="at:"):
        moment(text)
    assert moment("2026-11-24T03:00:00+01:00") == datetime(2026, 11, 24, 2, tzinfo=UTC)


def test_a_story_that_cannot_be_read_is_none(bench: Bench) -> None:
    (bench.shelf.folder / "update.json").write_bytes(b"{broken")
    assert bench.shelf.load() == Update()


def test_pure_steps() -> None:
    assert next_step(Update(), START, quiet_since=START) is Step.NOTHING
    fallback = Running(slot=A, mode=Mode.FALLBACK)
    told = after_start(Update(phase=Phase.INSTALLED, from_slot=A), START, fallback, "1.0")
    assert "could not be read" in told.error
    assert after_start(Update(phase=Phase.TRIAL), START, None, "") == Update(phase=Phase.TRIAL)


# --- RAUC's words


def test_a_bundles_description_is_read() -> None:
    text = '{"compatible": "x", "version": "2", "images": [{"rootfs": {"size": 7, "checksum": ""}}]}'
    assert rauc.parse_info(text) == Bundle(compatible="x", version="2", image_bytes=7)
    for nonsense in ("", "[]", "{}", '{"images": [], "compatible": "x", "version": "1"}'):
        with pytest.raises(ConfigError):
            rauc.parse_info(nonsense)
    assert rauc.compatible_of("[system]\ncompatible=ortsamt-rpi4\n") == "ortsamt-rpi4"


# --- fetching


class Shop(http.server.BaseHTTPRequestHandler):
    """A web server that breaks off as often as it is told, and knows ranges."""

    content = bytes(range(256)) * 4096
    cuts = 0
    status = 0
    ranges: list[str]

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        type(self).ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if self.status:
            self.send_error(self.status)
            return
        body = self.content[start:]
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"one"')
        self.end_headers()
        if type(self).cuts:
            type(self).cuts -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[str]:
    Shop.cuts, Shop.status, Shop.ranges = 0, 0, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.handle_error = lambda *_of: None  # type: ignore[method-assign] # clients that hang up are meant
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/update.raucb"
    server.shutdown()
    server.server_close()
    thread.join(5)


def _room() -> int:
    return 1 << 30


def test_a_download_goes_on_where_it_was_cut(shop: str, tmp_path: Path) -> None:
    part = tmp_path / "part.part"
    Shop.cuts = 2
    for _ in range(2):
        with pytest.raises(DeviceUnavailable, match="stopped"):
            fetch(shop, part, MAX_BUNDLE, _room)
    assert fetch(shop, part, MAX_BUNDLE, _room) == len(Shop.content)
    assert part.read_bytes() == Shop.content
    assert [one != "" for one in Shop.ranges] == [False, True, True]


@pytest.mark.parametrize(
    ("most", "free", "status", "kind", "error_id"),
    [
        (1000, 1 << 30, 0, ConfigError, "update.too_large"),
        (MAX_BUNDLE, 1000, 0, ConfigError, "update.no_room"),
        (MAX_BUNDLE, 1 << 30, 404, ConfigError, "update.fetch"),
        (MAX_BUNDLE, 1 << 30, 503, DeviceUnavailable, "update.fetch"),
    ],
)
def test_what_cannot_be_fetched(
    shop: str, tmp_path: Path, most: int, free: int, status: int, kind: type[Exception], error_id: str
) -> None:
    Shop.status = status
    with pytest.raises(kind) as refused:
        fetch(shop, tmp_path / "part.part", most, lambda: free)
    assert getattr(refused.value, "error_id", "") == error_id


def test_an_update_from_the_web_survives_a_restart_in_between(shop: str, bench: Bench) -> None:
    Shop.cuts = 1
    digest = hashlib.sha256(Shop.content).hexdigest()
    bench.service.fetch(shop, digest, install=True, due=None)
    bench.later(0)
    assert bench.service.show().error_id == "update.fetch"
    bench.power_on()
    bench.later(61)
    assert bench.service.show().phase == "staged"
    assert bench.later(31) is Step.INSTALL


@pytest.mark.parametrize("url", ["ftp://x/y", "file:///etc/passwd", "https://", "http://a b/c"])
def test_only_web_addresses(bench: Bench, url: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        bench.service.fetch(url, "", install=False, due=None)
