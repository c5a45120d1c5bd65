"""Who guesses passwords or floods is shut out, and nobody beside them."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.sip.edge.events import AuthFailed, BanEnded, BanStarted
from tests.support.edge import Edge, edge_settings
from tests.support.sip import Message, NoAnswer, SipClient


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Edge]:
    """An edge that bans soon and not for long."""
    settings = edge_settings(
        tmp_path, user_ban_failures=3, address_ban_users=3, ban_s=2, ban_window_s=60, flood_requests_per_s=20,
        flood_ban_s=2,
    )  # fmt: skip
    with Edge(settings) as running:
        running.start()
        running.connect(tuple(str(number) for number in range(20, 40)))
        yield running


def lock_out(edge: Edge, user: str, local: str) -> BanStarted:
    with edge.phone(user, password="old", local=local) as phone:
        answers = [phone.register().status for _ in range(3)]
        assert answers == [401, 401, 401]
        ban = edge.wait_event(BanStarted)
        assert phone.register().status == 403
        return ban


def test_old_password_locks_out_that_account_there_and_nobody_else(strict: Edge) -> None:
    ban = lock_out(strict, "20", "127.0.0.9")
    assert (ban.source_ip, ban.account, ban.duration_s, ban.reason) == ("127.0.0.9", "20", 2, "passwords")
    assert strict.wait_event(AuthFailed).account == "20"
    with (
        strict.phone("21", local="127.0.0.9") as neighbour,
        strict.phone("20", local="127.0.0.8") as elsewhere,
    ):
        assert neighbour.register().status == 200
        assert elsewhere.register().status == 200
    assert strict.link is not None
    (known,) = strict.link.bans().result(5)
    assert (known.source_ip, known.account) == ("127.0.0.9", "20")
    assert known.until_unix_s > time.time()
    ended = strict.wait_event(BanEnded)
    assert (ended.source_ip, ended.account) == ("127.0.0.9", "20")
    with strict.phone("20", local="127.0.0.9") as corrected:
        assert corrected.register().status == 200


def test_unban_lets_a_corrected_phone_in_at_once(strict: Edge) -> None:
    lock_out(strict, "22", "127.0.0.9")
    assert strict.link is not None
    strict.link.unban("127.0.0.9", "22")
    assert strict.link.bans().result(5) == ()
    with strict.phone("22", local="127.0.0.9") as phone:
        assert phone.register().status == 200


def test_challenges_and_stale_answers_never_count(strict: Edge) -> None:
    with strict.phone("23", local="127.0.0.9") as phone:
        for _ in range(8):
            request = phone.request("REGISTER", "sip:ortsamt", to="<sip:23@ortsamt>")
            assert phone.exchange(request).status == 401
        assert phone.register().status == 200
    assert strict.link is not None
    assert strict.link.bans().result(5) == ()


def guess_many(edge: Edge, local: str) -> None:
    for user in ("30", "31", "nobody"):
        with edge.phone(user, password="guess", local=local) as guesser:
            assert guesser.register().status == 401


def test_many_accounts_failing_from_one_address_ban_it(strict: Edge) -> None:
    guess_many(strict, "127.0.0.7")
    ban = strict.wait_event(BanStarted)
    assert (ban.source_ip, ban.account) == ("127.0.0.7", "")
    with (
        strict.phone("32", local="127.0.0.7", timeout_s=0.3) as same,
        strict.phone("32", local="127.0.0.6") as other,
    ):
        with pytest.raises(NoAnswer):
            same.register()
        assert other.register().status == 200


def test_an_address_with_a_registered_phone_is_not_banned_as_a_whole(strict: Edge) -> None:
    with strict.phone("33", local="127.0.0.7") as good:
        assert good.register().status == 200
        guess_many(strict, "127.0.0.7")
        assert good.register().status == 200


def test_emergency_call_passes_every_ban(strict: Edge) -> None:
    guess_many(strict, "127.0.0.7")
    strict.wait_event(BanStarted)
    with strict.phone("34", local="127.0.0.7", timeout_s=1) as phone, strict.core() as core:
        with pytest.raises(NoAnswer):
            phone.exchange(phone.request("OPTIONS", "sip:ortsamt"))

        def build(more: list[tuple[str, str]]) -> Message:
            return phone.request("INVITE", "sip:112@ortsamt", call_id="help", headers=more)

        first = build([])
        challenge = phone.exchange(first)
        assert challenge.status == 407
        phone.ack(first, challenge)
        phone.send(build([phone.credentials(first, challenge)]))
        arrived = core.wait_request("INVITE")
        assert (arrived.get("x-edge-user"), arrived.get("x-edge-ext")) == ("34", "34")
        core.respond(arrived, 486, tag="c")


def test_emergency_call_from_where_a_phone_is_registered_needs_no_password(strict: Edge) -> None:
    with strict.phone("35", local="127.0.0.5") as registered, strict.core() as core:
        assert registered.register().status == 200
        with strict.phone("35", local="127.0.0.5", password="old") as phone:
            phone.send(phone.request("INVITE", "sip:110@ortsamt"))
            arrived = core.wait_request("INVITE")
            assert (arrived.get("x-edge-user"), arrived.get("x-edge-ext")) == ("", "35")
            core.respond(arrived, 486, tag="c")


def test_flood_from_one_address_is_dropped_while_another_goes_on(strict: Edge) -> None:
    with strict.phone("36", local="127.0.0.4") as flooder, strict.phone("37", local="127.0.0.3") as calm:
        for _ in range(400):
            flooder.send(flooder.request("OPTIONS", "sip:ortsamt"))
        ban = strict.wait_event(BanStarted)
        assert (ban.source_ip, ban.account, ban.reason) == ("127.0.0.4", "", "flood")
        assert calm.register().status == 200
    strict.wait_event(BanEnded)
    with strict.phone("36", local="127.0.0.4") as again:
        assert again.register().status == 200


def test_where_phones_are_registered_too_much_is_dropped_and_nobody_banned(strict: Edge) -> None:
    # A DECT system registers a hundred handsets from one address at once.
    with strict.phone("36", local="127.0.0.6") as first, strict.phone("37", local="127.0.0.6") as second:
        assert first.register().status == 200
        for _ in range(400):
            second.send(second.request("OPTIONS", "sip:ortsamt"))
        for _ in range(20):
            with contextlib.suppress(NoAnswer):
                if second.register(timeout_s=1).status == 200:
                    break
        else:
            raise AssertionError("it is never heard again")
    with pytest.raises(AssertionError):
        strict.wait_event(BanStarted, lambda one: one.source_ip == "127.0.0.6", timeout_s=0.2)


def test_scanners_get_no_answer(strict: Edge) -> None:
    server = ("127.0.0.1", strict.settings.sip_port)
    for agent in ("friendly-scanner", "sipvicious", "SIPVicious 0.3", "sundayddr"):
        with SipClient(server=server, user_agent=agent, timeout_s=0.15) as scanner:
            scanner.send(scanner.request("OPTIONS", "sip:100@ortsamt"))
            with pytest.raises(NoAnswer):
                scanner.receive()


def test_before_credentials_are_known_phones_are_put_off_and_nothing_counts(tmp_path: Path) -> None:
    with Edge(edge_settings(tmp_path, user_ban_failures=2)) as edge:
        edge.start()
        with edge.phone("20") as phone:
            early = phone.register(timeout_s=10)
            assert early.status == 503
            assert early.get("retry-after") == "5"
            for _ in range(3):
                assert phone.register().status == 503
            edge.connect()
            assert phone.register().status == 200
