"""The web process: everything put together, started in order and stopped in reverse."""

import contextlib
import ctypes
import functools
import os
import signal
import socket
import threading
import time
from contextlib import ExitStack
from types import FrameType

import sdnotify
import structlog

from appliance.errors import DeviceUnavailable, OrtsamtError
from appliance.store.writing import write_file
from webui import acme
from webui.alive import serves
from webui.api.offer import Offer
from webui.api.personal import Personal
from webui.api.phones import PhoneLinks
from webui.api.softphones import Softphones
from webui.application import Application
from webui.core_link import CoreLink, EventHub, News
from webui.database import WebDatabase
from webui.directory import Identity, Office
from webui.errors import Refused
from webui.events import Sight, Streams
from webui.first_account import FIRST_ACCOUNT, FirstPassword, reset_password
from webui.links import OneTimeLinks
from webui.login import Door, first_of
from webui.provisioning import Provisioning
from webui.server import Crowd, Servers, to_https
from webui.settings import WebSettings
from webui.tls import Certificate, ReloadableTls
from webui.webhooks import Webhooks

_BEAT_S = 8.0
_WATCHED = "WATCHDOG_USEC" in os.environ
"""systemd counts beats: it is worth asking oneself for a page."""
_log = structlog.get_logger("web")


def _be_frugal() -> None:
    """Keep the C library from holding on to what passwords and threads needed for a moment (mallopt(3))."""
    with contextlib.suppress(AttributeError, OSError):  # another C library than glibc
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in ((-8, 2), (-3, 256 * 1024), (-1, 1024 * 1024)):  # arenas, mmap, trim
            mallopt(option, value)


class WebProcess:
    """One running web process."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._stack = ExitStack()
        self._first_password = FirstPassword(settings.folder / "first-password")

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP takes a changed certificate. Raises when it cannot start."""
        _be_frugal()
        try:
            self._start()
            signal.signal(signal.SIGHUP, lambda *_: self._reload.set())
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)
            notifier = sdnotify.SystemdNotifier()
            notifier.notify("READY=1")
            _log.info("ready for pages", port=self._settings.https_port)
            due = 0.0
            while not self._stopping.is_set():
                if self._reload.wait(0.5):
                    self._reload.clear()
                    self._reload_certificate()
                if (
                    _WATCHED
                    and time.monotonic() >= due
                    and serves(self._addresses, self._settings.https_port)
                ):
                    due = time.monotonic() + _BEAT_S
                    notifier.notify("WATCHDOG=1")
        finally:
            self._stack.close()
            _log.info("stopped")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()
        self._reload.set()

    def _start(self) -> None:
        settings = self._settings
        self._reload = threading.Event()
        self._new_names: tuple[str, ...] = ()
        self._core_came = threading.Event()
        try:
            settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise DeviceUnavailable(f"{settings.folder} cannot be made: {error}") from error
        self._database = WebDatabase(settings.folder / "web.db")
        (settings.folder / "acme" / acme.WELL_KNOWN.strip("/")).mkdir(parents=True, exist_ok=True)
        write_file(settings.folder / "pid", f"{os.getpid()}\n")
        self._stack.callback((settings.folder / "pid").unlink, missing_ok=True)
        self._stack.callback(self._database.close)
        self.links = OneTimeLinks(self._database)
        self._link = CoreLink(settings.socket)
        self._stack.callback(self._link.close)
        self._hub = EventHub(settings.socket)
        self._office = Office(self._link)
        addresses = self._addresses = settings.listen or ("::" if socket.has_dualstack_ipv6() else "0.0.0.0",)  # noqa: S104 - every one
        self._certificate = Certificate(settings.folder / "tls", ("ortsamt", "localhost", *settings.names))
        self._certificate.ensure()
        if self._certificate.cover(settings.names):
            _log.info("certificate made anew for other names")
        crowd = Crowd()
        self._tls = ReloadableTls(self._certificate, crowd.takes, crowd.add)
        door = Door(self._database, self._office)
        hooks = Webhooks(self._database, self._hub, self._sight_of, loopback=settings.hooks_to_loopback)
        application = Application(
            ask=self._link.ask,
            hub=self._hub,
            door=door,
            database=self._database,
            offer=Offer(self._link.ask, self._office.forget),
            personal=Personal(
                ask=self._link.ask,
                database=self._database,
                hooks=hooks,
                certificate=self._certificate,
                tls=self._tls,
                changed=self._account_changed,
                edge=self._tell_edge,
            ),
            softphones=Softphones(self._link.ask, self.links),
            phones=PhoneLinks(self._link.ask, self.links),
            streams=Streams(self._hub, lambda identity: self._alive(door, identity)),
        )
        servers = Servers()
        phones = Provisioning(self._link.ask, self.links)
        servers.open("https", addresses, settings.https_port, phones.before(application.wsgi), self._tls)
        if settings.http_port:
            proofs = functools.partial(acme.proof, settings.folder)
            plain = phones.before(to_https(settings.https_port, proofs))
            servers.open("http", addresses, settings.http_port, plain)
        news = self._hub.listening(self._heard)
        self._stack.enter_context(news)
        self._stack.callback(servers.stop)
        hooks.start()
        self._stack.callback(hooks.stop)
        self._hub.start()
        self._stack.callback(self._hub.stop)
        keeper = threading.Thread(target=self._keep_door, name="first-account", daemon=True)
        keeper.start()
        servers.start()
        if (settings.folder / "tls" / acme.INCOMING[0]).exists():
            self._reload.set()

    def _heard(self, news: News) -> bool:
        """Keep the office fresh on the hub's own thread, before anybody else hears of it."""
        self._office.heard(news)
        if news.topic == "core" and news.payload["up"]:
            self._core_came.set()
        elif news.topic == "network":
            self._new_names = tuple(news.payload["addresses"])
            self._reload.set()
        return False

    def _alive(self, door: Door, identity: Identity) -> bool:
        """Whether the session (or the account of a token) is still good, with the same rights."""
        if identity.session:
            found = door.of_session(identity.session)
            return found is not None and found.rights == identity.rights and found.own == identity.own
        account = self._office.directory().accounts.get(identity.account.id)
        return account == identity.account

    def _sight_of(self, account: str, topics: frozenset[str]) -> Sight | None:
        directory = self._office.directory()
        found = directory.accounts.get(account)
        if found is None or not found.enabled:
            return None
        try:
            return Sight(self._office.identity(found, directory), topics)
        except Refused:
            return None

    def _account_changed(self) -> None:
        self._office.forget()
        with contextlib.suppress(OrtsamtError, Refused):  # looked at again after the next change
            self._first_password.look(self._office.directory)

    def _tell_edge(self) -> None:
        if self._settings.edge_certificate is None or not self._settings.edge_certificate.parent.is_dir():
            return
        self._certificate.give_to(self._settings.edge_certificate)
        try:
            self._link.ask("edge.reload_tls")
        except OrtsamtError as error:
            _log.warning("the edge takes the certificate at its next start", error=str(error))

    def _reload_certificate(self) -> None:
        try:
            found = acme.left(self._settings.folder)
            names, self._new_names = self._new_names, ()
            if names and not self._certificate.cover(names):
                return
            if found is not None:
                self._certificate.upload(*found)
            self._tls.reload()
            if found is not None or names:
                self._tell_edge()
            _log.info("certificate taken into use")
        except OrtsamtError as error:
            _log.error("the certificate on disk is not usable; the old one stays", error=str(error))

    def _keep_door(self) -> None:
        """Whenever the core comes: is it the same box still, and can anybody log in?"""
        while not self._stopping.is_set():
            self._first()
            while not self._stopping.is_set() and not self._core_came.wait(1):
                pass
            self._core_came.clear()

    def _same_box(self) -> None:
        """Forget who may come in when the box was reset: old tokens must not fit new accounts."""
        path = self._settings.folder / "identity"
        identity = str(self._link.ask("status")["identity"])
        if path.exists() and path.read_text(encoding="ascii") != identity:
            _log.warning("the box began anew: sessions, tokens and webhooks are forgotten")
            self._database.begin_anew()
            self._first_password.forget()
        write_file(path, identity)

    def _first(self) -> None:
        """Make the first account as soon as the core is there and nobody can log in."""
        while not self._stopping.is_set():
            try:
                self._same_box()
                if first_of(self._office.directory()):
                    self._first_password.make(lambda made: reset_password(self._link, FIRST_ACCOUNT, made))
                    self._office.forget()
                    _log.info(
                        "first account made",
                        account=FIRST_ACCOUNT,
                        password_in=str(self._first_password.path),
                    )
                else:
                    self._first_password.finish()
                return
            except OrtsamtError as error:
                _log.info("waiting for the core", error=str(error))
                self._stopping.wait(1)
