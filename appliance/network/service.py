"""Network settings on trial: in force at once, kept only when somebody confirms them in time.

Theory of operation: the trial is written down in memory (``/run``) before anything changes, so a service that
was killed takes it back at its next start; a restart of the box finds what was kept last. Who asks for it is
answered before it begins: the way to the box may be gone then. Confirming writes the data partition first and
forgets the trial then.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, ip_interface

import msgspec
import structlog

from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError, Problem
from appliance.model.decode import decode, encode, suggestion
from appliance.model.network import CONFIRM_SECONDS, Connection, NetworkSettings
from appliance.network.facts import InterfaceFacts, NetworkFacts
from appliance.network.machine import Machine
from appliance.network.places import Places
from appliance.network.render import netdevs
from appliance.store.writing import write_file

LOOK_S = 0.5
DELAY_S = 1.0
"""Between the answer and the change, so that the answer still finds its way."""
FAILED_LOOKS = 6
"""So often networkd must say that an interface failed before a trial ends for it."""
_log = structlog.get_logger("network")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A change that is in force and not kept. ``until``: seconds of the machine's run (monotonic)."""

    token: str
    settings: NetworkSettings
    begins: float
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How it stands. ``seconds_left`` 0: no trial runs. ``reverted``: why the last was taken back:
    ``time``, ``asked``, ``interrupted``, ``failed`` (``detail`` says how); empty: it was not.
    """

    managed: bool
    settings: NetworkSettings
    kept: NetworkSettings
    seconds_left: int
    reverted: str
    detail: str
    facts: NetworkFacts


class NetworkService:
    """See the module. Methods may be called from any thread."""

    def __init__(self, places: Places, machine: Machine, now: Callable[[], float] = time.monotonic) -> None:
        self._places, self._machine, self._now = places, machine, now
        self._guard = threading.RLock()
        self._stopping = threading.Event()
        self._kept = NetworkSettings()
        self._trial: Trial | None = None
        self._begun = False
        self._reverted = self._detail = ""
        self._failed = 0

    def start(self) -> None:
        """Take back what was on trial when this service was killed, and have what is kept in force."""
        with self._guard:
            try:
                self._kept = self._places.settings()
            except OrtsamtError as error:  # what networkd reads stays as it is
                self._reverted, self._detail = "failed", str(error)
                _log.error("network", error_id=error.error_id, error=str(error))
                return
            with suppress(OSError, UnicodeDecodeError):
                self._places.mend_name(self._kept)
            trial = self._read_trial()
            if trial is not None and trial.settings == self._kept:  # killed while it was being confirmed
                self._places.keep(self._kept)
                self._forget()
            elif trial is not None:
                self._trial, self._begun = trial, True
                self._revert("interrupted")
            elif not self._places.in_force(self._kept):
                _log.warning("network settings on disk were not in force; they are now")
                self._put(self._kept, leaving=NetworkSettings())

    def show(self) -> Shown:
        """How it stands."""
        with self._guard:
            trial, kept, reverted, detail = self._trial, self._kept, self._reverted, self._detail
        left = max(1, int(trial.until - self._now())) if trial is not None else 0
        return Shown(
            managed=True, settings=trial.settings if trial is not None else kept, kept=kept,
            seconds_left=left, reverted=reverted, detail=detail, facts=self._machine.facts(),
        )  # fmt: skip

    def try_out(self, settings: NetworkSettings, seconds: int = CONFIRM_SECONDS) -> str:
        """Put them in force for so long; returns the token that confirms them. Raises ConfigError."""
        with self._guard:
            if self._trial is not None:
                raise ConfigError(
                    "other network settings are on trial",
                    error_id="network.on_trial",
                    hint="confirm them, take them back, or wait until they are taken back by themselves",
                )
            if _meant(settings) == _meant(self._kept):
                raise ConfigError("nothing is changed", error_id="network.unchanged")
            self._check_wires(settings)
            self._check_free(settings)
            begins = self._now() + DELAY_S
            trial = Trial(
                token=secrets.token_urlsafe(24), settings=settings, begins=begins, until=begins + seconds
            )
            self._write_trial(trial)
            self._trial, self._begun, self._failed = trial, False, 0
            self._reverted = self._detail = ""
            _log.info("network settings on trial", seconds=seconds)
            return trial.token

    def confirm(self, token: str | None) -> None:
        """Keep what is on trial; ``token`` None: from the box's own command line. Raises ConfigError."""
        with self._guard:
            trial = self._trial
            if trial is None:
                raise ConfigError(
                    "no network settings are on trial",
                    error_id="network.no_trial",
                    hint=self._reverted and "they were taken back",
                )
            if token is not None and not hmac.compare_digest(token.encode(), trial.token.encode()):
                raise ConfigError("this is not the change on trial", field="token", error_id="network.token")
            if not self._begun:
                raise _early("the change is not in force yet")
            self._check_there(trial.settings)
            self._places.keep(trial.settings)
            self._kept = trial.settings
            self._forget()
            _log.info("network settings confirmed")

    def revert(self) -> None:
        """Take back what is on trial now; raises ConfigError when nothing is."""
        with self._guard:
            if self._trial is None:
                raise ConfigError("no network settings are on trial", error_id="network.no_trial")
            self._revert("asked")

    def look(self) -> None:
        """Begin a trial; take it back when its time is over, or when networkd says that it does not work."""
        with self._guard:
            trial = self._trial
            if trial is None:
                return
            if self._now() >= trial.until:
                self._revert("time")
                return
            if not self._begun:
                if self._now() >= trial.begins:
                    self._begin(trial)
                return
            failed = self._failing(trial.settings)
            self._failed = self._failed + 1 if failed else 0
            if self._failed >= FAILED_LOOKS:
                self._revert("failed", f"systemd-networkd: {failed}")

    def run(self) -> None:
        """Look once a second until :meth:`stop`."""
        while not self._stopping.wait(LOOK_S):
            try:
                self.look()
            except OrtsamtError as error:
                _log.error("network", error_id=error.error_id, error=str(error))

    def show_settings(self) -> NetworkSettings:
        """What is in force."""
        trial = self._trial
        return trial.settings if trial is not None else self._kept

    def end(self) -> None:
        """Let :meth:`run` return."""
        self._stopping.set()

    def stop(self) -> None:
        """Come to an end; a trial is taken back."""
        self.end()
        with self._guard:
            if self._trial is not None:
                self._revert("interrupted")

    # --- with the guard held

    def _begin(self, trial: Trial) -> None:
        self._begun = True
        try:
            self._put(trial.settings, leaving=self._kept)
        except OrtsamtError as error:
            self._revert("failed", str(error))

    def _revert(self, why: str, detail: str = "") -> None:
        trial = self._trial
        if trial is None:
            return
        _log.warning("network settings taken back", why=why, detail=detail)
        self._reverted, self._detail = why, detail
        if self._begun:
            self._put(self._kept, leaving=trial.settings)
        self._forget()

    def _put(self, settings: NetworkSettings, *, leaving: NetworkSettings) -> None:
        wanted = netdevs(settings)
        gone = [name for name, how in netdevs(leaving).items() if wanted.get(name) != how]
        self._places.put_in_force(settings)
        self._machine.reload(gone)
        host = settings.host_name or self._places.own_name()
        if self._machine.facts().host_name != host:
            try:
                self._machine.name(host)
            except DeviceUnavailable as error:
                _log.warning("the host name stays until the next start", error=str(error))

    def _check_wires(self, settings: NetworkSettings) -> None:
        there = {one.device for one in self._machine.facts().interfaces}
        there |= {one.device for one in self._kept.connections}  # it may be unplugged just now
        problems = [
            Problem(
                where="network", field=f"connections[{at}].device",
                message=f"there is no interface {one.device}",
                remedy=suggestion(one.device, sorted(there)) or f"one of {', '.join(sorted(there))}",
            )
            for at, one in enumerate(settings.connections)
            if one.device not in there
        ]  # fmt: skip
        if problems:
            raise ConfigError.of(problems)

    def _check_free(self, settings: NetworkSettings) -> None:
        """Ask the wires for addresses that are new here; a VLAN may not be there yet to be asked."""
        facts = self._machine.facts().interfaces
        own = {ip_interface(each.address).ip for one in facts for each in one.addresses}
        linked = {one.name for one in facts if one.link}
        for at, one in enumerate(settings.connections):
            address = IPv4Interface(one.address).ip if one.address else None
            if address is None or address in own or one.name not in linked:
                continue
            if self._machine.taken(one.name, address):
                raise ConfigError.of(
                    [
                        Problem(
                            where="network", field=f"connections[{at}].address",
                            message=f"{address} is used by somebody else in this network",
                            remedy="take another, outside of what the router hands out",
                        )
                    ]
                )  # fmt: skip

    def _check_there(self, settings: NetworkSettings) -> None:
        found = {one.name: one for one in self._machine.facts().interfaces}
        for one in settings.connections:
            now = found.get(one.name)
            if now is None:
                raise _early(f"{one.name} is not there yet")
            had = {ip_interface(each.address) for each in now.addresses}
            for address in (one.address, one.address6):
                if address and now.link and ip_interface(address) not in had:
                    raise _early(f"{one.name} does not have {address} yet")

    def _failing(self, settings: NetworkSettings) -> str:
        """The first interface that networkd gave up; empty: none."""
        wanted = {one.name for one in settings.connections} | {one.device for one in settings.connections}
        states: list[InterfaceFacts] = list(self._machine.facts().interfaces)
        return next((one.name for one in states if one.name in wanted and one.state == "failed"), "")

    def _write_trial(self, trial: Trial) -> None:
        try:
            self._places.trial.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._places.trial, msgspec.json.encode(encode(trial)))
        except (OSError, OrtsamtError) as error:
            raise DeviceUnavailable(f"nothing can be tried: {error}", error_id="network.apply") from error

    def _read_trial(self) -> Trial | None:
        try:
            return decode(Trial, msgspec.json.decode(self._places.trial.read_bytes()), where="trial")
        except FileNotFoundError:
            return None
        except (OSError, OrtsamtError, msgspec.DecodeError):
            # Whatever it was, it is not what is kept.
            return Trial(token="", settings=replace(self._kept, ntp=("unknown",)), begins=0, until=0)

    def _forget(self) -> None:
        self._trial = None
        self._places.trial.unlink(missing_ok=True)


def _meant(settings: NetworkSettings) -> NetworkSettings:
    """Without wires that are named only to be left as they are."""
    plain = [one for one in settings.connections if one == Connection(device=one.device)]
    return replace(settings, connections=tuple(one for one in settings.connections if one not in plain))


def _early(what: str) -> ConfigError:
    return ConfigError(
        what, error_id="network.not_yet", hint="wait some seconds and try again, or take the change back"
    )
