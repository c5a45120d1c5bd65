"""From probes to a judgement, with hysteresis; and the probes themselves against real servers."""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from appliance.model.conditions import Internet
from appliance.survival.judgement import STEADY_MS, Judge, ProbeKind
from appliance.survival.probes import GOOD, Answer, ask_names, ask_route, ask_sip, ask_tls
from appliance.survival.watch import Probe, SurvivalWatch

PROVIDER, SERVER, NAMES, ROUTE = "trunk t", "server s", "name servers", "network"
KINDS = (
    (PROVIDER, ProbeKind.PROVIDER),
    (SERVER, ProbeKind.SERVER),
    (NAMES, ProbeKind.NAMES),
    (ROUTE, ProbeKind.ROUTE),
)


class World:
    def __init__(self) -> None:
        self.judge = Judge()
        self.judge.watch(KINDS)
        self.ms = 0

    def now(self, **good: bool) -> Internet:
        """One round: what is named answers or not; a failure is asked twice."""
        names = {"provider": PROVIDER, "server": SERVER, "names": NAMES, "route": ROUTE}
        for short, well in good.items():
            for _ in range(1 if well else 2):
                self.judge.observe(names[short], good=well, now_ms=self.ms, detail="no answer")
        return self.judge.judge(self.ms).internet

    def all(self, *, good: bool) -> Internet:
        return self.now(provider=good, server=good, names=good, route=True)


def test_nothing_known_is_no_reason_to_worry() -> None:
    world = World()
    assert world.now() is Internet.ONLINE
    assert world.now(provider=False, names=False) is Internet.ONLINE  # a server that ignores strangers


def test_one_lost_answer_changes_nothing_two_do() -> None:
    world = World()
    world.all(good=True)
    world.judge.observe(PROVIDER, good=False, now_ms=0)
    assert world.judge.judge(0).internet is Internet.ONLINE
    world.judge.observe(PROVIDER, good=False, now_ms=0)
    assert world.judge.judge(0).internet is Internet.DEGRADED


def test_no_proof_left_is_cut_off_and_names_alone_are_not() -> None:
    world = World()
    world.all(good=True)
    assert world.now(names=False) is Internet.DEGRADED
    assert world.now(provider=False) is Internet.DEGRADED
    assert world.now(server=False) is Internet.CUT_OFF
    judged = world.judge.judge(0)
    assert judged.why == "trunk t: no answer; server s: no answer; name servers: no answer"


def test_a_captive_portal_that_answers_for_the_name_servers_does_not_bring_the_internet_back() -> None:
    world = World()
    world.all(good=True)
    world.all(good=False)
    world.ms += 10 * STEADY_MS
    assert world.now(names=True) is Internet.CUT_OFF


def test_it_is_back_only_when_it_holds() -> None:
    world = World()
    world.all(good=True)
    assert world.all(good=False) is Internet.CUT_OFF
    world.ms = 1000
    assert world.all(good=True) is Internet.CUT_OFF
    world.ms += STEADY_MS - 1
    assert world.all(good=True) is Internet.CUT_OFF
    assert world.all(good=False) is Internet.CUT_OFF
    assert world.all(good=True) is Internet.CUT_OFF
    world.ms += STEADY_MS
    assert world.all(good=True) is Internet.ONLINE


def test_without_a_way_out_it_is_cut_off_at_once() -> None:
    world = World()
    world.all(good=True)
    world.judge.observe(ROUTE, good=False, now_ms=0, detail="there is no way out")
    assert world.judge.judge(0).internet is Internet.CUT_OFF


@given(
    st.lists(st.tuples(st.sampled_from([name for name, _ in KINDS]), st.booleans(), st.integers(0, 20_000)))
)
def test_a_judgement_is_always_possible_and_good_days_end_online(steps: list[tuple[str, bool, int]]) -> None:
    world = World()
    for name, good, later in steps:
        world.ms += later
        world.judge.observe(name, good=good, now_ms=world.ms)
        judged = world.judge.judge(world.ms)
        assert judged.internet in Internet
    for _ in range(2):
        world.all(good=True)
        world.ms += STEADY_MS
    assert world.all(good=True) is Internet.ONLINE


def answering(reply: Callable[[bytes], bytes | None]) -> tuple[socket.socket, int]:
    """A UDP server on loop-back that answers by this function."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                data, source = server.recvfrom(4096)
            except OSError:
                return
            answer = reply(data)
            if answer is not None:
                with contextlib.suppress(OSError):  # the test is over
                    server.sendto(answer, source)

    threading.Thread(target=serve, daemon=True).start()
    return server, server.getsockname()[1]


def sip_answer(data: bytes) -> bytes:
    via = next(line for line in data.split(b"\r\n") if line.startswith(b"Via:"))
    return b"SIP/2.0 404 Not Found\r\n" + via + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "good", "detail"),
    [
        (sip_answer, True, ""),
        (lambda _data: b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n", False, "answers something that is not SIP"),
        (lambda _data: b"HTTP/1.1 302 Login here\r\n\r\n", False, "answers something that is not SIP"),
        (lambda _data: None, False, "no answer"),
    ],
)
def test_a_provider_answers_options_with_anything_of_its_own(
    reply: Callable[[bytes], bytes | None], good: bool, detail: str
) -> None:
    server, port = answering(reply)
    with server:
        answer = ask_sip("127.0.0.1", port, "sip.example.net", tcp=False, timeout_s=0.3)
    assert (answer.good, answer.detail) == (good, detail)


def test_the_end_of_an_older_conversation_is_no_answer_and_does_no_harm() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)

        def serve() -> None:
            data, source = server.recvfrom(4096)
            server.sendto(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKolder\r\n\r\n", source)
            server.sendto(sip_answer(data), source)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert ask_sip("127.0.0.1", server.getsockname()[1], "sip.example.net", tcp=False, timeout_s=5).good
        thread.join(5)


def test_an_answer_in_pieces_is_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            one, _ = listener.accept()
            with one:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                answer = sip_answer(one.recv(4096))
                one.sendall(answer[:9])
                one.sendall(answer[9:])
                one.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert ask_sip("127.0.0.1", listener.getsockname()[1], "sip.example.net", tcp=True, timeout_s=5).good
        thread.join(5)


def test_a_name_server_that_says_there_is_no_such_name_works() -> None:
    server, port = answering(lambda data: data[:2] + b"\x81\x83" + data[4:])
    with server:
        assert ask_names([("127.0.0.1", 1), ("127.0.0.1", port)], "example.net", timeout_s=0.5).good
    refusing, port = answering(lambda data: data[:2] + b"\x81\x82" + data[4:])
    with refusing:
        assert ask_names([("127.0.0.1", port)], "example.net").detail == "127.0.0.1: answers code 2"
    assert not ask_names([], "example.net").good


def test_a_server_proves_itself_by_its_certificate_and_nobody_else_does(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext subjectAltName=DNS:server.example"
    words = ["openssl", *made.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(one, server_side=True).close()
            except OSError:
                one.close()

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    with listener:
        assert ask_tls("127.0.0.1", port, "server.example", ca_file=certificate).good
        other = ask_tls("127.0.0.1", port, "portal.example", ca_file=certificate)
        assert not other.good
        assert other.detail.startswith("somebody else answers")
        assert not ask_tls("127.0.0.1", port, "server.example").good
    assert not ask_tls("127.0.0.1", port, "server.example").good


@pytest.mark.parametrize(
    ("row", "good"),
    [
        ("eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0", True),
        ("eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0", False),
        ("lo\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0", False),
        ("", False),
    ],
)
def test_the_way_out_is_the_default_route(tmp_path: Path, row: str, good: bool) -> None:
    head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    (tmp_path / "route").write_text(head + row + "\n")
    assert ask_route(tmp_path).good is good
    assert not ask_route(tmp_path / "nothing").good


def test_the_watch_asks_again_at_once_and_tells_only_changes() -> None:
    told: list[Internet] = []
    answers = iter([True, False, False, False, False])

    probe = Probe(
        name=PROVIDER,
        kind=ProbeKind.PROVIDER,
        ask=lambda: GOOD if next(answers) else Answer(good=False, detail="no answer"),
    )
    watch = SurvivalWatch(lambda: [probe], lambda judged: told.append(judged.internet), interval_s=60)
    assert watch.round().internet is Internet.ONLINE
    assert watch.round().internet is Internet.CUT_OFF
    assert watch.round().internet is Internet.CUT_OFF
    assert told == [Internet.ONLINE, Internet.CUT_OFF]
    watch.stop()
    for thread in threading.enumerate():
        if thread.name.startswith("survival"):
            thread.join(5)
