"""The control server over real sockets: answers, events, and askers that behave badly."""

import contextlib
import os
import selectors
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from appliance.control import server as server_module
from appliance.control.client import ControlClient, NotRunning
from appliance.control.protocol import Event
from appliance.control.server import MAX_CLIENTS, MAX_EVENTS, ControlServer
from appliance.errors import ConfigError, DeviceUnavailable, NotFound, OrtsamtError

TIMEOUT = 10.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.fixture
def server(path: Path) -> Iterator[ControlServer]:
    made = ControlServer(path, max_line=100_000)
    made.register("echo", dict)
    made.register("slow.echo", dict, slow=True)
    made.register("defect", lambda params: 1 / 0)
    made.register("unsendable", lambda params: object())
    made.register("missing", lambda params: _raise(NotFound("no such thing", hint="look elsewhere")))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(server: ControlServer) -> Iterator[ControlClient]:
    with ControlClient(server.path, timeout=TIMEOUT) as made:
        yield made


def _raise(error: Exception) -> None:
    raise error


def _connect(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(TIMEOUT)
    sock.connect(os.fspath(path))
    return sock


def _everything(sock: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionResetError):  # closed before it had read all we wrote
        while chunk := sock.recv(65536):
            data += chunk
    return data


class TestAnswers:
    @pytest.mark.parametrize("method", ["echo", "slow.echo"])
    def test_a_question_is_answered(self, client: ControlClient, method: str) -> None:
        assert client.call(method, {"a": [1, "ü"]}) == {"a": [1, "ü"]}

    def test_errors_are_errors_on_the_other_side(self, client: ControlClient) -> None:
        with pytest.raises(NotFound) as caught:
            client.call("missing")
        assert str(caught.value) == "no such thing (look elsewhere)"

    @pytest.mark.parametrize("method", ["defect", "unsendable"])
    def test_a_defect_is_told_apart_and_the_connection_goes_on(
        self, client: ControlClient, method: str
    ) -> None:
        with pytest.raises(OrtsamtError) as caught:
            client.call(method)
        assert caught.value.error_id == "internal.error"
        assert "Traceback" not in str(caught.value)
        assert client.call("echo") == {}

    def test_an_unknown_method_is_answered_with_the_right_one(self, client: ControlClient) -> None:
        with pytest.raises(OrtsamtError, match=r"did you mean 'slow.echo'\?") as caught:
            client.call("slow.ecko")
        assert caught.value.error_id == "control.unknown_method"
        with pytest.raises(ConfigError, match=r"did you mean 'events'\?"):
            client.call("watch", {"event": ["call"]})

    def test_a_slow_method_holds_up_nobody(self, server: ControlServer, client: ControlClient) -> None:
        entered, leave = threading.Event(), threading.Event()

        def wait(_: object) -> None:
            entered.set()
            leave.wait(TIMEOUT)

        server.register("wait", wait, slow=True)
        waiting = threading.Thread(target=lambda: client.call("wait"))
        waiting.start()
        assert entered.wait(TIMEOUT)
        with ControlClient(server.path) as other:
            assert other.call("slow.echo", {"a": 1}) == {"a": 1}
            assert other.call("echo", {"a": 1}) == {"a": 1}
        leave.set()
        waiting.join(TIMEOUT)
        assert not waiting.is_alive()

    def test_many_questions_in_one_write_are_all_answered(self, server: ControlServer) -> None:
        with _connect(server.path) as sock:
            sock.sendall(
                b"".join(b'{"id":%d,"method":"%s","params":{}}\n' % (i, b"slow.echo") for i in range(500))
            )
            sock.shutdown(socket.SHUT_WR)
            answers = _everything(sock)
        assert answers.count(b'"result"') == 500

    def test_questions_and_answers_of_any_size(self, server: ControlServer, client: ControlClient) -> None:
        server.register("big", lambda params: "x" * 5_000_000)
        assert len(client.call("big")) == 5_000_000
        assert client.call("echo", {"x": "y" * 90_000})["x"] == "y" * 90_000

    def test_a_method_cannot_be_registered_twice(self, server: ControlServer) -> None:
        with pytest.raises(ValueError, match="twice"):
            server.register("echo", dict)


class TestEvents:
    def test_watchers_get_what_they_asked_for(self, server: ControlServer, client: ControlClient) -> None:
        events = client.watch(["call"], timeout=TIMEOUT)
        with ControlClient(server.path) as other:
            every = other.watch(timeout=TIMEOUT)
            server.publish("leg", {"leg": "l1"})
            server.publish("call", {"call": "c1"})
            assert next(events) == Event(event="call", payload={"call": "c1"})
            assert [next(every).event, next(every).event] == ["leg", "call"]

    def test_a_watcher_may_ask_as_well(self, server: ControlServer, client: ControlClient) -> None:
        events = client.watch(timeout=TIMEOUT)
        for number in range(50):
            server.publish("call", number)
        with ControlClient(server.path) as other:
            assert other.call("echo", {"a": 1}) == {"a": 1}
        assert [next(events).payload for _ in range(50)] == list(range(50))

    def test_without_events_the_wait_ends(self, client: ControlClient) -> None:
        with pytest.raises(DeviceUnavailable) as caught:
            next(client.watch(timeout=0.05))
        assert caught.value.error_id == "control.timeout"

    def test_an_event_that_cannot_be_sent_hurts_nobody(
        self, server: ControlServer, client: ControlClient
    ) -> None:
        events = client.watch(timeout=TIMEOUT)
        server.publish("odd", object())
        server.publish("call", 1)
        assert next(events) == Event(event="call", payload=1)

    def test_a_watcher_that_does_not_read_is_dropped_and_nobody_waits_for_it(
        self, server: ControlServer, client: ControlClient
    ) -> None:
        lazy = _connect(server.path)
        lazy.sendall(b'{"id":1,"method":"watch"}\n')
        assert b"watching" in lazy.recv(1000)
        events = client.watch(timeout=TIMEOUT)
        payload = "x" * 1000
        for _ in range(200):  # in bursts, each read by the other watcher before the next
            for _ in range(100):
                server.publish("call", payload)
            assert [next(events).payload for _ in range(100)] == [payload] * 100
            if server._watchers == 1:
                break
        assert server._watchers == 1
        data = _everything(lazy)
        assert len(data) < 8_000_000
        lazy.close()

    def test_a_flood_of_events_is_bounded_and_watchers_hear_of_the_loss(
        self, server: ControlServer, client: ControlClient
    ) -> None:
        events = client.watch(["lost"], timeout=TIMEOUT)
        entered, leave = threading.Event(), threading.Event()

        def stall(_: object) -> None:
            entered.set()
            leave.wait(TIMEOUT)

        server.register("stall", stall)
        with _connect(server.path) as other:
            other.sendall(b'{"id":1,"method":"stall"}\n')
            assert entered.wait(TIMEOUT)
            for number in range(MAX_EVENTS + 500):
                server.publish("call", number)
            leave.set()
            assert next(events) == Event(event="lost", payload={"count": 500})

    def test_nobody_watching_costs_nothing(self, server: ControlServer) -> None:
        server.publish("call", object())
        assert not server._inbox


class TestBadAskers:
    @pytest.mark.parametrize(
        "garbage",
        [
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x00\xff" * 500 + b"\n",
            b"{}\n",
            b"[" * 50_000 + b"\n",
            b"x" * 150_000,
        ],
    )
    def test_garbage_is_answered_with_an_error_and_the_end(
        self, server: ControlServer, client: ControlClient, garbage: bytes
    ) -> None:
        with _connect(server.path) as sock:
            sock.sendall(garbage)
            answer = _everything(sock)
        assert answer.startswith(b'{"id":null,"error":{')
        assert client.call("echo") == {}

    def test_empty_lines_and_half_lines_are_harmless(self, server: ControlServer) -> None:
        with _connect(server.path) as sock:
            sock.sendall(b"\n\r\n  \n")
            for byte in b'{"id":"a","method":"echo"}\n':
                sock.sendall(bytes([byte]))
            assert sock.recv(1000) == b'{"id":"a","result":{}}\n'

    def test_one_who_goes_away_in_the_middle_hurts_nobody(
        self, server: ControlServer, client: ControlClient
    ) -> None:
        for _ in range(30):
            sock = _connect(server.path)
            sock.sendall(b'{"id":1,"method":"slow.echo"}\n{"id":2,"method":"sl')
            sock.close()
        assert client.call("echo") == {}

    def test_one_who_asks_without_reading_is_not_read_further(
        self, server: ControlServer, client: ControlClient
    ) -> None:
        server.register("big", lambda params: "x" * 200_000)
        with _connect(server.path) as sock:
            sock.settimeout(0.5)
            sent = 0
            try:
                while sent < 2_000_000:
                    sent += sock.send(b'{"id":1,"method":"big"}\n' * 100)
            except TimeoutError:
                pass
            assert sent < 2_000_000
            assert client.call("echo") == {}
            held = max(len(one.out) for one in server._clients)
            assert held < 3_000_000

    def test_too_many_are_refused_and_room_is_given_back(self, server: ControlServer) -> None:
        socks = [_connect(server.path) for _ in range(MAX_CLIENTS)]
        with _connect(server.path) as one_more:
            assert b"control.busy" in _everything(one_more)
        for sock in socks:
            sock.close()
        for _ in range(100):
            try:
                with ControlClient(server.path) as client:
                    assert client.call("echo") == {}
                break
            except OrtsamtError:
                continue
        else:
            pytest.fail("no room was given back")

    def test_others_than_root_and_us_are_refused(
        self, server: ControlServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server, "_allowed", {12345})
        with pytest.raises(OrtsamtError) as caught, ControlClient(server.path) as client:
            client.call("echo")
        assert caught.value.error_id == "control.forbidden"

    def test_services_of_our_group_are_served(
        self, server: ControlServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server, "_allowed", {12345})
        monkeypatch.setattr(server, "_group", os.getgid())
        with ControlClient(server.path) as client:
            assert client.call("echo") == {}

    def test_a_group_of_people_is_none_of_services(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for group, known in ((0, None), (999, 999), (1000, None)):
            monkeypatch.setattr(os, "getgid", lambda group=group: group)
            assert ControlServer(tmp_path / "s")._group == known

    def test_a_user_that_is_allowed_is_served(self, tmp_path: Path) -> None:
        made = ControlServer(tmp_path / "s", allowed_users=[4711])
        assert made._allowed == {0, os.getuid(), 4711}


class TestLife:
    def test_the_socket_is_for_owner_and_group(self, server: ControlServer, path: Path) -> None:
        assert path.stat().st_mode & 0o777 == 0o660

    def test_stopping_ends_everything(self, path: Path) -> None:
        before = set(threading.enumerate())
        made = ControlServer(path)
        made.start()
        with ControlClient(path) as client:
            events = client.watch(timeout=TIMEOUT)
            made.stop()
            with pytest.raises(DeviceUnavailable, match="closed"):
                next(events)
        assert not path.exists()
        assert set(threading.enumerate()) == before
        made.stop()
        made.publish("call", 1)

    def test_a_second_core_is_refused_and_a_dead_ones_socket_replaced(
        self, server: ControlServer, path: Path, tmp_path: Path
    ) -> None:
        with pytest.raises(DeviceUnavailable, match="another core"):
            ControlServer(path).start()
        stale = tmp_path / "stale"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(os.fspath(stale))
        again = ControlServer(stale)
        again.start()
        with ControlClient(stale) as client, pytest.raises(OrtsamtError):  # it has no methods
            client.call("status")
        again.stop()

    def test_unusable_places_are_said(self, tmp_path: Path) -> None:
        with pytest.raises(DeviceUnavailable, match="cannot be made"):
            ControlServer(tmp_path / "missing" / "s").start()
        with pytest.raises(ConfigError, match="too long"):
            ControlServer(tmp_path / ("x" * 120)).start()

    def test_no_core_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(NotRunning) as caught:
            ControlClient(tmp_path / "none")
        assert caught.value.error_id == "control.not_running"
        (tmp_path / "file").touch()
        with pytest.raises(NotRunning):
            ControlClient(tmp_path / "file")

    def test_a_core_that_does_not_answer_is_said(self, path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as mute:
            mute.bind(os.fspath(path))
            mute.listen()
            with ControlClient(path) as client, pytest.raises(DeviceUnavailable) as caught:
                client.call("status", timeout=0.05)
        assert caught.value.error_id == "control.timeout"

    def test_running_out_of_descriptors_is_survived(
        self, server: ControlServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server_module, "PAUSE_SECONDS", 0.05)
        refusals = iter([OSError(24, "Too many open files")] * 3)
        assert server._listener is not None
        listener: socket.socket = server._listener

        class Failing:
            def __getattr__(self, name: str) -> object:
                return getattr(listener, name)

            def accept(self) -> tuple[socket.socket, object]:
                for error in refusals:
                    raise error
                return listener.accept()

            def fileno(self) -> int:
                return listener.fileno()

        failing = Failing()
        server._selector.unregister(listener)
        server._listener = cast(socket.socket, failing)
        server._selector.register(failing, selectors.EVENT_READ)
        with ControlClient(server.path, timeout=TIMEOUT) as client:
            assert client.call("echo") == {}
