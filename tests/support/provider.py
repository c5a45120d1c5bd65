"""The emulated SIP provider for tests: ``ortsamt provider --json`` in a process of its own.

with Provider(accounts=("trunk:secret:+4922147",)) as provider:
    provider.wait("registered", account="trunk")
    call = provider.call("+49221471100", "+4930123456")
    provider.wait("answered", call=call)
    provider.hears(700)
    incoming = provider.wait("incoming", called="030123456")     # the box called out
    incoming["headers"]["P-Asserted-Identity"]
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.programs import Event, Program


class Provider(Program):
    """One provider; accounts are ``USER:SECRET[:PREFIX,…]``, peers ``NAME=ADDRESS:PORT[:PREFIX,…]``."""

    def __init__(
        self,
        *,
        accounts: tuple[str, ...] = (),
        peers: tuple[str, ...] = (),
        port: int = 0,
        tone: int = 1000,
        answer_after: float = 0.2,
        mode: str = "normal",
        options: tuple[str, ...] = (),
        log: Path | None = None,
        inside: Sequence[str] = (),
    ) -> None:
        words = [
            "--port",
            str(port),
            "--tone",
            str(tone),
            "--answer-after",
            str(answer_after),
            "--mode",
            mode,
        ]
        for account in accounts:
            words += ["--account", account]
        for peer in peers:
            words += ["--peer", peer]
        super().__init__(
            "provider", "appliance.commands.provider", [*words, *options], log=log, inside=inside
        )

    @property
    def port(self) -> int:
        """Its SIP port (UDP and TCP)."""
        return int(self.address.rpartition(":")[2])

    def call(self, number: str, caller: str = "+4930123456", **fields: Any) -> int:
        """Somebody out there calls (``name``, ``withheld``, ``account``, ``headers``); the call's number."""
        self.send("call", number=number, caller=caller, **fields)
        called: int = self.wait("calling", number=number)["call"]
        return called

    def hangup(self, call: int | None = None, timeout: float = 20) -> Event:
        """The outside party ends the call; waits for the end."""
        self.send("hangup", call=call)
        return self.wait("ended", timeout, **({} if call is None else {"call": call}))

    def behave(self, mode: str) -> None:
        """Treat every request so from now on: normal, nonsense, dead, overloaded, forbidden."""
        self.send("behave", mode=mode)
        self.wait("provider_status", mode=mode)
