"""The method ``registrations.drop``: a registered phone is forgotten."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import NotFound
from appliance.model.decode import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRegistration:
    """A registration as the list shows it: the username of its device, and where the phone is called."""

    aor: str
    uri: str


def register_registrations(server: ControlServer, drop: Callable[[OfRegistration], bool]) -> None:
    """Offer ``registrations.drop``; ``drop`` forgets one and says whether there was such a one."""

    def dropped(params: Mapping[str, Any]) -> object:
        """Forget one phone; nothing keeps it from registering again."""
        asked = decode(OfRegistration, params, where="registrations.drop")
        if not drop(asked):
            raise NotFound(
                "this phone is not registered any more", hint="GET /registrations shows those that are"
            )
        return {"dropped": asked.uri}

    server.register("registrations.drop", dropped, slow=True)
