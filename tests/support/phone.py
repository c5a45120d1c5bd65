"""A real SIP phone for tests: ``ortsamt phone --json`` in a process of its own.

with Phone(server=f"127.0.0.1:{port}", user="21", secret="…", tone=1000) as phone:
    phone.register()
    call = phone.call("22")
    phone.wait("answered", call=call)
    phone.hears(700)
    phone.hangup(call)
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.programs import Event, Program


class Phone(Program):
    """One phone; a context manager that always cleans up. Options are those of ``ortsamt phone``."""

    def __init__(
        self,
        *,
        server: str = "",
        user: str = "phone",
        secret: str = "",
        name: str = "",
        transport: str = "udp",
        srtp: str = "off",
        codecs: tuple[str, ...] = (),
        port: int = 0,
        tone: int = 0,
        echo: bool = False,
        answer: bool = False,
        register: bool = True,
        options: tuple[str, ...] = (),
        log: Path | None = None,
        inside: Sequence[str] = (),
    ) -> None:
        self.user = user
        words = ["--user", user, "--transport", transport, "--srtp", srtp, "--port", str(port)]
        words += ["--tone", str(tone)]
        if server:
            words += ["--server", server]
        if name:
            words += ["--name", name]
        for codec in codecs:
            words += ["--codec", codec]
        words += ["--echo"] * echo + ["--answer"] * answer + ["--no-register"] * (not register)
        super().__init__(
            f"phone {user}",
            "appliance.commands.phone",
            [*words, *options],
            secret=secret,
            log=log,
            inside=inside,
        )

    # Registration

    def register(self, timeout: float = 20) -> Event:
        """Wait for the registration that started with the phone."""
        return self.wait("registered", timeout)

    def unregister(self, timeout: float = 20) -> Event:
        """Give the registration up."""
        self.send("unregister")
        return self.wait("unregistered", timeout)

    # Calls: `call` is the number that `call()` and `incoming()` hand back; None the current one

    def call(self, number: str, *headers: str) -> int:
        """Call; returns the call's number at once."""
        self.send("call", number=number, headers=list(headers))
        called: int = self.wait("calling", number=number)["call"]
        return called

    def incoming(self, timeout: float = 20, **fields: Any) -> Event:
        """Wait for somebody to call."""
        return self.wait("incoming", timeout, **fields)

    def answer(self, call: int | None = None, timeout: float = 20) -> int:
        """Answer and wait until the call is established; returns its number."""
        self.send("answer", call=call)
        fields = {} if call is None else {"call": call}
        answered: int = self.wait("answered", timeout, **fields)["call"]
        return answered

    def reject(self, status: int = 486, call: int | None = None) -> None:
        """Refuse the ringing call."""
        self.send("reject", status=status, call=call)

    def hangup(self, call: int | None = None, timeout: float = 20) -> Event:
        """End the call and wait for its end."""
        self.send("hangup", call=call)
        return self.ended(call, timeout)

    def ended(self, call: int | None = None, timeout: float = 20) -> Event:
        """Wait for a call's end, whoever ends it."""
        return self.wait("ended", timeout, **({} if call is None else {"call": call}))

    def hold(self, call: int | None = None, timeout: float = 20) -> Event:
        """Hold and wait until the other side agreed."""
        self.send("hold", call=call)
        return self.wait("held", timeout, **({} if call is None else {"call": call}))

    def resume(self, call: int | None = None, timeout: float = 20) -> Event:
        """Resume and wait until the other side agreed."""
        self.send("resume", call=call)
        return self.wait("resumed", timeout, **({} if call is None else {"call": call}))

    def digits(self, digits: str, call: int | None = None, method: str = "rtp") -> None:
        """Send digits (``rtp`` or ``info``)."""
        self.send("digits", digits=digits, method=method, call=call)

    def transfer(self, number: str, call: int | None = None) -> None:
        """Transfer at once (REFER)."""
        self.send("transfer", number=number, call=call)

    def consult(self, number: str, call: int | None = None) -> int:
        """Hold and call somebody to ask; returns the new call's number."""
        self.send("consult", number=number, call=call)
        asked: int = self.wait("calling", number=number)["call"]
        return asked

    def complete(self, call: int | None = None, other: int | None = None) -> None:
        """Connect the held call with the one asked (REFER with Replaces)."""
        self.send("complete", call=call, other=other)

    def media(self, call: int | None = None) -> Event:
        """Codec, encryption and packet counts now."""
        self.send("media", call=call)
        return self.wait("media_figures")

    # Sound

    def tone(self, hz: int, call: int | None = None) -> None:
        """Say a tone from now on; 0 is silence."""
        self.send("tone", hz=hz, call=call)

    def play(self, path: Path, call: int | None = None) -> None:
        """Say a WAV file once (event ``played`` at its end)."""
        self.send("play", path=str(path), call=call)
