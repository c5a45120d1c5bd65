"""What the tests of the whole box share: lamps as a watcher sees them, a call that is up, raw phones."""

import contextlib
import re
import secrets
import socket
from collections.abc import Iterator
from typing import Any

from tests.support.box import SECRET, Box, tone_of
from tests.support.phone import Phone
from tests.support.sip import Message, NoAnswer, SipClient

PATIENCE_S = 20.0
"""For a very busy machine; everything comes at once on an idle one."""


def raw_phone(box: Box, user: str, *, password: str | None = None, **more: Any) -> SipClient:
    """An account of the office on a bare socket."""
    secret = SECRET.format(user) if password is None else password
    more.setdefault("timeout_s", PATIENCE_S)
    port = box.ports["tls_port" if more.get("transport") == "tls" else "sip_port"]
    return SipClient(server=("127.0.0.1", port), user=user, realm="ortsamt", password=secret, **more)


@contextlib.contextmanager
def talking(box: Box, caller: str = "21", called: str = "22") -> Iterator[tuple[Phone, Phone, int, int]]:
    """Two registered phones that hear each other: phones, the caller's and the called one's call."""
    with box.phones(caller, called) as (first, second):
        call = first.call(called)
        second.incoming()
        theirs = second.answer()
        first.wait("answered", call=call)
        hear_each_other(first, second, call, theirs)
        yield first, second, call, theirs


def hear_each_other(first: Phone, second: Phone, call: int, theirs: int) -> None:
    """Both hear the tone the other says by its name."""
    first.hears(tone_of(second.user), call=call, within=PATIENCE_S)
    second.hears(tone_of(first.user), call=theirs, within=PATIENCE_S)


def new_tones(first: Phone, second: Phone, call: int, theirs: int, hz: int) -> None:
    """Both say something they never said before, and hear it from each other: the audio is live."""
    first.tone(hz, call)
    second.tone(hz + 100, theirs)
    first.hears(hz + 100, call=call, within=PATIENCE_S)
    second.hears(hz, call=theirs, within=PATIENCE_S)


class Lamp:
    """A busy lamp: the watcher's phone subscribes to an extension and sees its state."""

    def __init__(self, box: Box, watcher: str, watched: str) -> None:
        self.phone = raw_phone(box, watcher)
        call_id, tag = secrets.token_hex(8), secrets.token_hex(4)

        def request(more: list[tuple[str, str]]) -> Message:
            return self.phone.request(
                "SUBSCRIBE",
                f"sip:{watched}@127.0.0.1",
                call_id=call_id,
                from_=f"<sip:{watcher}@ortsamt>;tag={tag}",
                headers=[("Event", "dialog"), ("Expires", "600"), *more],
            )

        assert self.phone.authenticated(request).status == 200

    def wait(self, *states: str, timeout: float = PATIENCE_S) -> None:
        """Wait for a NOTIFY that shows one of these states; ``""`` is no call at all."""
        seen = []
        with contextlib.suppress(NoAnswer):
            while True:
                notify = self.phone.wait_request("NOTIFY", timeout)
                self.phone.respond(notify, 200)
                shown = re.findall(r"<state>(\w+)</state>", notify.body.decode()) or [""]
                seen.append(shown)
                if shown[0] in states:
                    return
        raise AssertionError(f"the lamp never showed {states}, but {seen}")

    def close(self) -> None:
        """Throw the phone away."""
        self.phone.close()


def stream(port: int, *, source: str = "127.0.0.5") -> socket.socket:
    """A TCP connection from an address that is none of our phones'."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S, source_address=(source, 0))
