"""Events for pages and programs: who may see which, and the stream (server-sent events, WHATWG HTML §9.2)."""

import itertools
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from appliance.errors import OrtsamtError
from appliance.model.accounts import Action, Resource, Scope
from webui.core_link import EventHub, News
from webui.directory import Identity
from webui.errors import Refused, forbidden
from webui.http import json_bytes
from webui.refusals import spoken

TOPICS: Mapping[str, Resource | None] = {
    "alarm": Resource.BOX,
    "ban": Resource.SECURITY,
    "call": Resource.CALLS,
    "configuration": Resource.HISTORY,
    "contacts": Resource.CONTACTS,
    "core": None,
    "dect": Resource.DEVICES,
    "edge": Resource.BOX,
    "edge.note": Resource.SECURITY,
    "fax": Resource.FAX,
    "internet": Resource.BOX,
    "leg": Resource.CALLS,
    "limit": Resource.BOX,
    "line": Resource.CALLS,
    "lost": None,
    "missed": Resource.RECORDS,
    "module": Resource.CONNECTIONS,
    "network": Resource.BOX,
    "outage": Resource.BOX,
    "outage_report": Resource.BOX,
    "phone": Resource.DEVICES,
    "party": Resource.CALLS,
    "recording": Resource.RECORDINGS,
    "registration": Resource.REGISTRATIONS,
    "sms": Resource.SMS,
    "operations": Resource.HISTORY,
    "standby": Resource.BOX,
    "sync": Resource.BOX,
    "nodes": Resource.BOX,
    "trunk": Resource.CONNECTIONS,
    "ussd": Resource.CONNECTIONS,
    "voicemail": Resource.VOICEMAIL,
    "voicemail_counts": Resource.VOICEMAIL,
    "voicemail_full": Resource.VOICEMAIL,
    "wake_up_missed": Resource.WAKE_UPS,
}
"""Topic → what one must be allowed to read; None: everybody sees it. Others are seen by nobody."""
BEAT_S = 5.0
MAX_STREAMS = 24
MAX_STREAMS_EACH = 10
"""A page that was left is noticed at the next beat."""
MAX_CALLS = 2000
_SAID = ("why", "detail")
"""What an event says for people, in words of the code."""


class Sight:
    """What one identity sees of the events; remembers which calls in progress are its own."""

    def __init__(self, identity: Identity, topics: frozenset[str]) -> None:
        """Raises Refused for a topic that there is not or that is not to be seen."""
        for topic in sorted(topics):
            if topic not in TOPICS:
                raise Refused(422, "web.topic", f"there is no topic {topic[:40]}", field="topics",
                              hint=", ".join(TOPICS))  # fmt: skip
            resource = TOPICS[topic]
            if resource is not None and identity.rights.scope(resource, Action.READ) is None:
                raise forbidden(f"see {topic}")
        self._identity = identity
        self._topics = topics
        self._own_calls: OrderedDict[str, None] = OrderedDict()

    def sees(self, news: News) -> bool:
        """Whether it is wanted and may be seen."""
        topic = news.topic
        if topic not in TOPICS or (self._topics and topic not in self._topics and topic != "lost"):
            return topic == "leg" and self._learn(news.payload)
        resource = TOPICS[topic]
        if resource is None:
            return True
        scope = self._identity.rights.scope(resource, Action.READ)
        if scope is None:
            return False
        return scope is Scope.ANY or self._own(topic, news.payload, scope)

    def _learn(self, payload: Any) -> bool:
        """Remember from a leg that is not asked for whose call it belongs to; never wanted itself."""
        scope = self._identity.rights.scope(Resource.CALLS, Action.READ)
        if scope is not None and scope is not Scope.ANY:
            self._own("leg", payload, scope)
        return False

    def _own(self, topic: str, payload: Any, scope: Scope) -> bool:
        extensions = self._identity.extensions(scope)
        directory = self._identity.directory
        if topic in ("call", "leg"):
            call = payload["call"]
            parties = directory.parties(extensions)
            named = ("endpoint",) if topic == "leg" else ("caller_number", "called", "dialled")
            if any(payload[name] in parties for name in named):
                self._own_calls[call] = None
                if len(self._own_calls) > MAX_CALLS:
                    self._own_calls.popitem(last=False)
            return call in self._own_calls
        if topic == "missed":
            return not extensions.isdisjoint(directory.devices.get(one) for one in payload["devices"])
        if topic == "party":
            return payload["extension"] in extensions
        if topic == "contacts":
            return True  # it says nothing of whose
        if topic == "line":
            return payload["number"] in {directory.numbers.get(one) for one in extensions}
        if topic == "registration":
            return directory.devices.get(payload["aor"]) in extensions
        if topic == "fax":
            return directory.fax_boxes.get(payload.get("box", ""), "") in extensions
        if topic.startswith("voicemail"):
            box = payload.get("box", "")
            return not extensions.isdisjoint(directory.voicemail.get(box, (box,)))
        if topic == "wake_up_missed":
            return payload.get("extension") in extensions
        return False


class Streams:
    """Counts and serves the event streams."""

    def __init__(self, hub: EventHub, alive: Callable[[Identity], bool], beat_s: float = BEAT_S) -> None:
        """``alive``: whether this identity may still see events; asked at each beat."""
        self._hub = hub
        self._alive = alive
        self._beat_s = beat_s
        self._open: list[str] = []
        self._guard = threading.Lock()

    def stream(self, identity: Identity, topics: frozenset[str], *, german: bool = False) -> Iterator[bytes]:
        """The stream; raises Refused before it begins. ``german``: what is said for people, in German."""
        sight = Sight(identity, topics)
        account = identity.account.id
        with self._guard:
            if len(self._open) >= MAX_STREAMS or self._open.count(account) >= MAX_STREAMS_EACH:
                raise Refused(429, "web.streams", "too many event streams", hint="close another", retry_s=5)
            self._open.append(account)
        return _Stream(self._events(identity, sight, german), lambda: self._closed(account))

    def _closed(self, account: str) -> None:
        with self._guard:
            self._open.remove(account)

    def _events(self, identity: Identity, sight: Sight, german: bool) -> Iterator[bytes]:
        with self._hub.listening(sight.sees) as listener:
            yield b"retry: 1000\n\n" + _written(0, News(topic="core", payload={"up": self._hub.up}))
            for number in itertools.count(1):
                try:
                    news = listener.wait(self._beat_s)
                except queue.Empty:
                    if not self._still(identity):
                        return
                    yield b": beat\n\n"
                    continue
                if news is None:
                    return
                if news.topic == "configuration" and not self._still(identity):
                    return
                yield _written(number, replace(news, payload=spoken(news.payload, _SAID)) if german else news)

    def _still(self, identity: Identity) -> bool:
        try:
            return self._alive(identity)
        except OrtsamtError:
            return True  # the core is away, and with it every event


class _Stream:
    """An iterator that is closed exactly once, whether it was begun or not."""

    def __init__(self, events: Iterator[bytes], closed: Callable[[], None]) -> None:
        self._events = events
        self._tell: Callable[[], None] | None = closed

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._events)

    def close(self) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            getattr(self._events, "close", lambda: None)()
            tell()


def _written(number: int, news: News) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, news.topic.encode(), json_bytes(news.payload))
