"""The ``modules.*`` and ``sms.*`` methods: GSM modules and how they are, SMS in and out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from appliance.control.server import ControlServer
from appliance.errors import NotFound
from appliance.model.decode import Nothing, decode, encode
from appliance.model.gsm import AskNetwork, GsmCommand, ModuleState, Recycle, SmsRecord
from appliance.model.ids import ModuleId


class Modem(Protocol):
    """A plugged-in module."""

    def order(self, command: GsmCommand) -> None:
        """Have this done."""


class Mobile(Protocol):
    """What these methods need of the box."""

    def module_states(self) -> tuple[ModuleState, ...]:
        """Of all modules."""

    def modem(self, module: ModuleId) -> Modem | None:
        """The plugged-in module."""

    def balances(self) -> Mapping[ModuleId, str]:
        """What the network said last about each SIM's balance."""

    def send_sms(self, number: str, text: str, module: ModuleId | None) -> SmsRecord:
        """Order an SMS; on disk when this returns."""

    def sms(self, incoming: bool | None, limit: int) -> tuple[SmsRecord, ...]:
        """The newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfModule:
    """Params of ``modules.restart``."""

    module: ModuleId


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Params of ``modules.ask``: a USSD code."""

    module: ModuleId
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Params of ``sms.send``."""

    number: str
    text: str
    module: ModuleId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Params of ``sms.list``."""

    incoming: bool | None = None
    limit: int = 100


class MobileMethods:
    """Binds modules and SMS to a server."""

    def __init__(self, mobile: Mobile) -> None:
        self._mobile = mobile

    def register(self, server: ControlServer) -> None:
        """Offer every method."""
        methods: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "modules.list": self.modules,
            "modules.restart": self.restart,
            "modules.ask": self.ask,
            "sms.send": self.send,
            "sms.list": self.messages,
        }
        for name, method in methods.items():
            server.register(name, method, slow=True)

    def modules(self, params: Mapping[str, Any]) -> object:
        """Every module that is plugged in or configured, with what the network said about its balance."""
        decode(Nothing, params, where="modules.list")
        balances = self._mobile.balances()
        return [
            {**encode(state), "balance": balances.get(state.module, "") if state.module else ""}
            for state in self._mobile.module_states()
        ]

    def restart(self, params: Mapping[str, Any]) -> object:
        """Restart a module as soon as no call is on it."""
        asked = decode(OfModule, params, where="modules.restart")
        self._modem(asked.module).order(Recycle(why="a person wants it"))
        return {"restarting": asked.module}

    def ask(self, params: Mapping[str, Any]) -> object:
        """Send a USSD code; the answer comes as event ``ussd`` and in ``modules.list``."""
        asked = decode(Asking, params, where="modules.ask")
        self._modem(asked.module).order(AskNetwork(code=asked.code))
        return {"asked": asked.code}

    def send(self, params: Mapping[str, Any]) -> object:
        """Order an SMS; what becomes of it is told by events ``sms``."""
        asked = decode(Sending, params, where="sms.send")
        return self._mobile.send_sms(asked.number, asked.text, asked.module)

    def messages(self, params: Mapping[str, Any]) -> object:
        """SMS in and out, the newest first."""
        asked = decode(Listing, params, where="sms.list")
        return list(self._mobile.sms(asked.incoming, asked.limit))

    def _modem(self, module: ModuleId) -> Modem:
        modem = self._mobile.modem(module)
        if modem is None:
            raise NotFound(f"GSM module '{module[:64]}' is not plugged in", hint="'ctl modules' shows them")
        return modem
