"""Webhooks: events go by HTTP to where the office wants them, in order, again and again until taken.

What is owed is on disk before it is sent, so a restart loses nothing. Each message is signed:
``X-Ortsamt-Signature: sha256=<HMAC-SHA-256 of the body with the webhook's secret>``.
"""

import hashlib
import hmac
import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog

from appliance.errors import ConfigError, OrtsamtError
from webui.core_link import EventHub, News
from webui.database import Delivery, WebDatabase, Webhook
from webui.events import TOPICS, Sight
from webui.http import json_bytes

PAUSES_S = (2, 10, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800)
"""After so many attempts an event is given up: about a day."""
TIMEOUT_S = 5.0
MAX_HOOKS = 20
_log = structlog.get_logger("webhooks")


def check_url(url: str) -> None:
    """Raise ConfigError for what is no address of a web server."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        good = good and not parts.username and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        good = False
    if not good or len(url) > 500:
        raise ConfigError(
            "this is no address of a web server", field="url", hint="https://crm.example.com/hooks/ortsamt"
        )


class Webhooks:
    """Two threads: ``webhook-news`` writes down what is owed, ``webhook-post`` delivers."""

    def __init__(
        self,
        database: WebDatabase,
        hub: EventHub,
        sight_of: Callable[[str, frozenset[str]], Sight | None],
        *,
        loopback: bool = False,
    ) -> None:
        """``sight_of``: what an account sees of some topics; None: it is gone."""
        self._database = database
        self._hub = hub
        self._sight_of = sight_of
        self._loopback = loopback
        self._hooks: list[Webhook] = database.webhooks()
        self._sights: dict[str, Sight | None] = {}
        self._stopping = threading.Event()
        self._due = threading.Event()
        self._threads = [
            threading.Thread(target=self._note, name="webhook-news", daemon=True),
            threading.Thread(target=self._post, name="webhook-post", daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; what is owed waits on disk."""
        self._stopping.set()
        self._due.set()
        for thread in self._threads:
            thread.join(TIMEOUT_S + 1)

    def changed(self) -> None:
        """The webhooks are others now."""
        self._hooks = self._database.webhooks()
        self._sights = {}
        self._due.set()

    # -- what is owed ----------------------------------------------------------------------------

    def _note(self) -> None:
        with self._hub.listening(lambda news: bool(self._hooks) and news.topic in TOPICS) as listener:
            while not self._stopping.is_set():
                try:
                    news = listener.wait(0.5)
                except queue.Empty:
                    continue
                if news is None:
                    return
                try:
                    self._owe(news)
                except OrtsamtError as error:
                    _log.error("an event for webhooks is lost", topic=news.topic, error=str(error))
                except Exception:  # noqa: BLE001 - the thread must live
                    _log.exception("an event for webhooks is lost", topic=news.topic)

    def _owe(self, news: News) -> None:
        if news.topic == "configuration":
            self._sights = {}
        wanted = [
            hook.id
            for hook in self._hooks
            if hook.enabled
            and (not hook.topics or news.topic in hook.topics)
            and (sight := self._sight(hook)) is not None
            and sight.sees(news)
        ]
        if wanted:
            body = json_bytes({"topic": news.topic, "at": time.time(), "payload": news.payload}).decode()
            self._database.owe(wanted, news.topic, body, time.time())
            self._due.set()

    def _sight(self, hook: Webhook) -> Sight | None:
        if hook.id not in self._sights:
            self._sights[hook.id] = self._sight_of(hook.account, frozenset(hook.topics))
        return self._sights[hook.id]

    # -- delivering ------------------------------------------------------------------------------

    def _post(self) -> None:
        while not self._stopping.is_set():
            self._due.clear()
            try:
                pause = self._round()
            except OrtsamtError as error:
                _log.error("webhooks cannot be served", error=str(error))
                pause = 5.0
            except Exception:  # noqa: BLE001 - the thread must live
                _log.exception("webhooks cannot be served")
                pause = 5.0
            if pause:
                self._due.wait(pause)

    def _round(self) -> float:
        """One delivery for each webhook that is due; seconds until the next."""
        pause = 60.0
        for hook in self._hooks:
            delivery = self._database.next_delivery(hook.id) if hook.enabled else None
            if delivery is None or self._stopping.is_set():
                continue
            wait = delivery.due - time.time()
            if wait <= 0:
                self._deliver(hook, delivery)
                wait = 0.0
            pause = min(pause, wait)
        return pause

    def _deliver(self, hook: Webhook, delivery: Delivery) -> None:
        error = self._send(hook, delivery)
        now = time.time()
        if not error:
            self._database.settle(delivery.id, "done", "", now)
        elif delivery.attempts >= len(PAUSES_S):
            _log.warning("a webhook's event is given up", webhook=hook.id, error=error)
            self._database.settle(delivery.id, "given_up", error, now)
        else:
            self._database.settle(delivery.id, "waiting", error, now + PAUSES_S[delivery.attempts])

    def _send(self, hook: Webhook, delivery: Delivery) -> str:
        """What went wrong; empty: it was taken. Redirects are not followed."""
        parts = urlsplit(hook.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        body = delivery.body.encode()
        signature = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Ortsamt",
            "X-Ortsamt-Delivery": delivery.id,
            "X-Ortsamt-Topic": delivery.topic,
            "X-Ortsamt-Signature": f"sha256={signature}",
        }
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        try:
            sock = self._connect(host, port)
            if parts.scheme == "https":
                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
            connection.sock = sock
            connection.request("POST", target, body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as error:
            return (str(error) or type(error).__name__)[:200]
        finally:
            connection.close()
        return "" if 200 <= status < 300 else f"answered {status}"

    def _connect(self, host: str, port: int) -> socket.socket:
        """Connect to an address that was looked at first, so that nobody reaches our own services."""
        last: OSError = OSError(f"{host} has no address")
        for _, _, _, _, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            address = ipaddress.ip_address(str(where[0]).partition("%")[0])
            inner = getattr(address, "ipv4_mapped", None) or address
            here = inner.is_loopback or inner.is_unspecified
            if inner.is_link_local or inner.is_multicast or (here and not self._loopback):
                last = OSError(f"{address} is not an address webhooks may go to")
                continue
            try:
                return socket.create_connection((str(where[0]), port), timeout=TIMEOUT_S)
            except OSError as error:
                last = error
        raise last
