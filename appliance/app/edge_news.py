"""What the edge reports: passed on to those who look after telephones, and to watchers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from appliance.model.decode import encode
from appliance.model.instances import ACCOUNT_PREFIX
from appliance.sip.edge.events import (
    AuthFailed,
    BanStarted,
    ContactRegistered,
    ContactUnregistered,
    EdgeDown,
    EdgeEvent,
    EdgeUp,
)

if TYPE_CHECKING:
    from appliance.app.core import Core

log = structlog.get_logger(__name__)


class EdgeNews:
    """Takes events on the thread of the link to the edge."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def take(self, event: EdgeEvent) -> None:
        """Pass one event on."""
        core = self._core
        match event:
            case EdgeUp():
                log.info("edge is up", contacts=len(event.contacts))
                for contact in event.contacts:
                    core.dect.registered(contact)
                core.server.publish("edge", {"up": True, "contacts": len(event.contacts)})
            case EdgeDown():
                log.warning("edge is down", reason=event.reason)
                core.server.publish("edge", {"up": False, "reason": event.reason})
            case ContactRegistered() | ContactUnregistered():
                registered = isinstance(event, ContactRegistered)
                contact = event.contact
                core.nodes.nudge()
                if contact.aor.startswith(ACCOUNT_PREFIX):
                    return  # another instance, no telephone
                core.server.publish("registration", {"registered": registered, **encode(contact)})
                (core.dect.registered if registered else core.dect.unregistered)(contact)
            case BanStarted():
                log.warning("banned", source_ip=event.source_ip, account=event.account, reason=event.reason)
                core.server.publish("ban", encode(event))
            case AuthFailed():
                core.phones.finding.auth_failed(event)
                core.server.publish("edge.note", {"what": type(event).__name__, **encode(event)})
            case _:
                core.server.publish("edge.note", {"what": type(event).__name__, **encode(event)})
