"""Busy lamps and message waiting: what watchers are told, when, and what they may watch."""

import contextlib
import re
import secrets
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from appliance.sip.edge import protocol
from appliance.sip.edge.events import Aor, DialogDirection, DialogInfo, DialogState, EdgeUp
from appliance.sip.edge.netstring import Decoder, encode
from tests.support.edge import Edge, edge_settings, eventually, saved_rows
from tests.support.sip import Message, NoAnswer, SipClient, Transport

DIALOG_XML = {"d": "urn:ietf:params:xml:ns:dialog-info"}


@pytest.fixture
def lamps(tmp_path: Path) -> Iterator[Edge]:
    with Edge(edge_settings(tmp_path, tls=True, phone_timeout_ms=500)) as running:
        running.start()
        running.connect(("20", "21", "22", "23"))
        yield running


def subscribe(phone: SipClient, target: str, event: str = "dialog", expires_s: int = 600) -> Message:
    call_id = secrets.token_hex(8)
    tag = secrets.token_hex(4)
    return phone.authenticated(
        lambda more: phone.request(
            "SUBSCRIBE", f"sip:{target}@{phone.server[0]}", call_id=call_id,
            from_=f"<sip:{phone.user}@ortsamt>;tag={tag}",
            headers=[("Event", event), ("Expires", str(expires_s)), *more],
        )
    )  # fmt: skip


def notified(phone: SipClient, timeout_s: float = 5) -> Message:
    notify = phone.wait_request("NOTIFY", timeout_s)
    phone.respond(notify, 200)
    return notify


def states(notify: Message) -> list[str]:
    return re.findall(r"<state>(\w+)</state>", notify.body.decode())


def call(state: DialogState, call_id: str = "c1", **more: str) -> DialogInfo:
    return DialogInfo(
        call_id=call_id,
        state=state,
        direction=DialogDirection.RECIPIENT,
        remote=more.pop("remote", "0301234"),
        **more,
    )


def wait_states(phone: SipClient, wanted: list[str]) -> Message:
    """NOTIFYs until one shows these states."""
    for _ in range(6):
        notify = notified(phone)
        if states(notify) == wanted:
            return notify
    raise AssertionError(f"never saw {wanted}")


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_lamp_follows_a_call_and_can_do_so_again(lamps: Edge, transport: Transport) -> None:
    assert lamps.link is not None
    with lamps.phone("20", transport=transport) as phone:
        assert subscribe(phone, "21").status == 200
        assert states(notified(phone)) in ([], ["terminated"])
        for round_ in range(2):
            lamps.link.publish_dialog(Aor("21"), call(DialogState.EARLY, remote_display='Frau "Ä" <&>'))
            early = notified(phone)
            assert states(early) == ["early"]
            document = ElementTree.fromstring(early.body)
            assert document.get("entity") == "sip:21@ortsamt"
            dialog = document.find("d:dialog", DIALOG_XML)
            assert dialog is not None
            assert dialog.get("direction") == "recipient"
            remote = dialog.find("d:remote/d:identity", DIALOG_XML)
            assert remote is not None
            assert (remote.get("display"), remote.text) == ('Frau "Ä" <&>', "sip:0301234@ortsamt")
            lamps.link.publish_dialog(Aor("21"), call(DialogState.CONFIRMED))
            assert states(notified(phone)) == ["confirmed"]
            started = time.monotonic()
            lamps.link.publish_dialog(Aor("21"), call(DialogState.TERMINATED))
            assert states(notified(phone)) == ["terminated"], round_
            assert time.monotonic() - started < 0.5


def test_of_two_calls_the_more_interesting_is_shown(lamps: Edge) -> None:
    assert lamps.link is not None
    with lamps.phone("20") as phone:
        assert subscribe(phone, "21").status == 200
        notified(phone)
        lamps.link.publish_dialog(Aor("21"), call(DialogState.CONFIRMED, "a"))
        assert states(notified(phone)) == ["confirmed"]
        lamps.link.publish_dialog(Aor("21"), call(DialogState.EARLY, "b"))
        assert states(notified(phone)) == ["early"]
        lamps.link.publish_dialog(Aor("21"), call(DialogState.TERMINATED, "b"))
        assert states(notified(phone)) == ["confirmed"]
        lamps.link.publish_dialog(Aor("21"), call(DialogState.TERMINATED, "a"))
        assert states(notified(phone)) == ["terminated"]


def test_states_that_come_too_fast_are_told_only_as_the_newest(lamps: Edge) -> None:
    assert lamps.link is not None
    with lamps.phone("20") as phone:
        assert subscribe(phone, "21").status == 200
        notified(phone)
        for number in range(50):
            state = DialogState.EARLY if number % 2 else DialogState.TRYING
            lamps.link.publish_dialog(Aor("21"), call(state))
        lamps.link.publish_dialog(Aor("21"), call(DialogState.CONFIRMED))
        seen: list[list[str]] = []
        while not seen or seen[-1] != ["confirmed"]:
            seen.append(states(notified(phone)))
        assert len(seen) < 10


def test_refresh_and_end_of_a_subscription(lamps: Edge) -> None:
    with lamps.phone("20") as phone:
        accepted = subscribe(phone, "21")
        notified(phone)
        for expires_s, state in ((300, "active"), (0, "terminated")):
            headers = [("Event", "dialog"), ("Expires", str(expires_s))]

            def refresh(more: list[tuple[str, str]], headers: list[tuple[str, str]] = headers) -> Message:
                return phone.request(
                    "SUBSCRIBE",
                    accepted.contact_uri,
                    to=accepted.get("to"),
                    from_=accepted.get("from"),
                    call_id=accepted.get("call-id"),
                    headers=[*headers, *more],
                )

            assert phone.authenticated(refresh).status == 200
            assert notified(phone).get("subscription-state").startswith(state)


def test_watching_needs_a_password(lamps: Edge) -> None:
    with lamps.phone("20", password="wrong") as phone:
        assert subscribe(phone, "21").status == 401


def test_unknown_event_is_refused_with_what_there_is(lamps: Edge) -> None:
    with lamps.phone("20") as phone:
        answer = subscribe(phone, "21", event="presence")
        assert answer.status == 489
        assert "dialog" in answer.get("allow-events")


def test_message_waiting_is_told_to_the_boxs_owner_alone(lamps: Edge) -> None:
    assert lamps.link is not None
    lamps.link.publish_mwi(Aor("20"), 2, 5)
    with lamps.phone("20") as owner, lamps.phone("22") as other:
        assert subscribe(other, "20", event="message-summary").status == 403
        assert subscribe(owner, "20", event="message-summary").status == 200
        first = notified(owner)
        assert "Messages-Waiting: yes" in first.body.decode()
        assert "Voice-Message: 2/5" in first.body.decode()
        lamps.link.publish_mwi(Aor("20"), 0, 7)
        assert "Messages-Waiting: no" in notified(owner).body.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_lamps_survive_a_restart_of_the_edge(lamps: Edge, number: signal.Signals) -> None:
    assert lamps.link is not None
    with lamps.phone("20") as phone:
        assert subscribe(phone, "21").status == 200
        notified(phone)
        assert subscribe(phone, "22").status == 200
        presence = lamps.settings.presence_db
        eventually(lambda: saved_rows(presence, "active_watchers") == 2, "subscriptions are saved")
        lamps.link.publish_dialog(Aor("21"), call(DialogState.CONFIRMED, "long"))
        lamps.link.publish_dialog(Aor("22"), call(DialogState.CONFIRMED, "short"))
        phone.wait(lambda message: states(message) == ["confirmed"] and "sip:22@" in message.body.decode())
        last = phone.wait(
            lambda message: states(message) == ["confirmed"] and "sip:21@" in message.body.decode()
        )
        lamps.stop(number)
        lamps.link.publish_dialog(Aor("22"), call(DialogState.TERMINATED, "short"))
        while phone.seen:
            phone.seen.pop()
        lamps.start()
        lamps.wait_event(EdgeUp)
        again = wait_shown(phone, "21", "confirmed")
        assert int(again.get("cseq").split()[0]) > int(last.get("cseq").split()[0])
        assert version(again) > version(last)
        wait_shown(phone, "22", "terminated")
        lamps.link.publish_dialog(Aor("21"), call(DialogState.TERMINATED, "long"))
        wait_shown(phone, "21", "terminated")


def test_many_saved_subscriptions_do_not_keep_the_edge_from_starting(lamps: Edge) -> None:
    presence = lamps.settings.presence_db
    with lamps.phone("20") as phone:
        assert subscribe(phone, "20", event="message-summary").status == 200
        notified(phone)
        eventually(lambda: saved_rows(presence, "active_watchers") == 1, "the subscription is saved")
    lamps.stop()
    with contextlib.closing(sqlite3.connect(presence)) as database, database:
        names = [row[1] for row in database.execute("PRAGMA table_info(active_watchers)") if row[1] != "id"]
        values = ["callid || n" if name == "callid" else name for name in names]
        database.execute(
            "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT 6000) "
            f"INSERT INTO active_watchers ({', '.join(names)}) "
            f"SELECT {', '.join(values)} FROM active_watchers, number"
        )
    lamps.start()
    lamps.wait_event(EdgeUp)


def wait_shown(phone: SipClient, watched: str, state: str) -> Message:
    """The NOTIFY that shows ``watched`` in that state."""
    notify = phone.wait(
        lambda message: states(message) == [state] and f'entity="sip:{watched}@' in message.body.decode()
    )
    phone.respond(notify, 200)
    return notify


def version(notify: Message) -> int:
    found = re.search(r' version="(\d+)"', notify.body.decode())
    assert found is not None
    return int(found[1])


def test_a_new_core_takes_back_lamps_the_old_one_left_lit(lamps: Edge) -> None:
    assert lamps.link is not None
    with lamps.phone("20") as phone:
        assert subscribe(phone, "21").status == 200
        notified(phone)
        lamps.link.publish_dialog(Aor("21"), call(DialogState.CONFIRMED, "lost"))
        assert states(notified(phone)) == ["confirmed"]
        lamps.link.stop()
        lamps.connect(("20", "21", "22", "23"))
        wait_states(phone, ["terminated"])


def published(edge: Edge) -> set[str]:
    """The calls a running edge holds, as it tells a core that comes after the present one."""
    assert edge.link is not None
    edge.link.stats().result(5)  # answered after all that was due
    edge.link.stop()
    with socket.create_connection(("127.0.0.1", edge.settings.evapi_port), 5) as connection:
        connection.sendall(encode(protocol.hello_line(edge.settings.link_token)))
        connection.sendall(encode(protocol.request_line(7, "htable.dump", ("blf",))))
        decoder = Decoder()
        while data := connection.recv(65_536):
            for message in map(protocol.parse, decoder.feed(data)):
                if isinstance(message, protocol.Reply) and message.number == 7:
                    return set(protocol.parse_table(message.result))
    raise AssertionError("the edge closed the link")


def test_only_what_is_watched_is_published(lamps: Edge) -> None:
    assert lamps.link is not None
    with lamps.phone("20") as phone:
        assert subscribe(phone, "21").status == 200
        notified(phone)
        for key in ("21", "22"):
            lamps.link.publish_dialog(Aor(key), call(DialogState.CONFIRMED))
        wait_states(phone, ["confirmed"])
        assert published(lamps) == {"21/c1"}


def test_who_begins_to_watch_in_a_call_sees_it_at_once(lamps: Edge) -> None:
    assert lamps.link is not None
    lamps.link.publish_dialog(Aor("21"), call(DialogState.EARLY))
    lamps.link.publish_dialog(Aor("21"), call(DialogState.CONFIRMED))
    with lamps.phone("20") as phone, lamps.phone("22") as second:
        started = time.monotonic()
        assert subscribe(phone, "21").status == 200
        wait_states(phone, ["confirmed"])
        assert time.monotonic() - started < 1
        assert subscribe(second, "21").status == 200
        assert states(notified(second)) == ["confirmed"]
        lamps.link.publish_dialog(Aor("21"), call(DialogState.TERMINATED))
        wait_states(phone, ["terminated"])
        wait_states(second, ["terminated"])


def test_a_new_core_knows_who_watches_also_who_began_without_a_core(lamps: Edge) -> None:
    assert lamps.link is not None
    with lamps.phone("20") as phone:
        assert subscribe(phone, "21").status == 200
        notified(phone)
        lamps.link.stop()
        assert subscribe(phone, "22").status == 200
        notified(phone)
        link = lamps.connect(("20", "21", "22", "23"))
        for key in ("21", "22"):
            link.publish_dialog(Aor(key), call(DialogState.EARLY))
            wait_shown(phone, key, "early")


def test_subscriptions_that_ended_and_keys_that_do_not_exist_harm_nothing(lamps: Edge) -> None:
    assert lamps.link is not None
    with lamps.phone("20") as phone:
        for key in ("21", "*77#"):
            assert subscribe(phone, key, expires_s=0).status in (200, 202)
            notified(phone)
        lamps.link.publish_dialog(Aor("21"), call(DialogState.CONFIRMED))
        assert subscribe(phone, "21").status == 200
        wait_states(phone, ["confirmed"])
        lamps.link.publish_dialog(Aor("21"), call(DialogState.TERMINATED))
        wait_states(phone, ["terminated"])


def unanswered(edge: Edge, phone: SipClient, state: DialogState) -> None:
    """Publish a state whose NOTIFY the phone does not answer, and wait until the edge gives up."""
    assert edge.link is not None
    stats = edge.link.stats
    edge.link.publish_dialog(Aor("21"), call(state))
    phone.wait_request("NOTIFY")
    eventually(lambda: stats().result(5).transactions == 0, "the edge gives up")
    with contextlib.suppress(NoAnswer):
        while True:
            phone.receive(0.01)
    phone.seen.clear()


def test_a_lost_notify_costs_no_lamp_but_a_dead_phone_is_forgotten(lamps: Edge) -> None:
    assert lamps.link is not None
    presence = lamps.settings.presence_db
    with lamps.phone("20") as phone:
        assert subscribe(phone, "21").status == 200
        notified(phone)
        unanswered(lamps, phone, DialogState.EARLY)
        unanswered(lamps, phone, DialogState.TERMINATED)
        lamps.link.publish_dialog(Aor("21"), call(DialogState.CONFIRMED))
        wait_states(phone, ["confirmed"])
        eventually(lambda: saved_rows(presence, "active_watchers") == 1, "the subscription is there")
        for state in (DialogState.TERMINATED, DialogState.EARLY, DialogState.CONFIRMED):
            unanswered(lamps, phone, state)
        eventually(lambda: saved_rows(presence, "active_watchers") == 0, "the subscription is gone")
