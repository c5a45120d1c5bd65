"""Methods that the core passes on to another process of the box."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appliance.control.client import ControlClient, NotRunning
from appliance.errors import DeviceUnavailable


def passing(
    name: str, socket: Path, patience_s: float, absent: Callable[[], DeviceUnavailable]
) -> Callable[[Mapping[str, Any]], object]:
    """The method ``name`` of who serves ``socket``; ``absent`` is raised when nobody does."""

    def method(params: Mapping[str, Any]) -> object:
        try:
            with ControlClient(socket, timeout=patience_s) as client:
                return client.call(name, params)
        except NotRunning:
            raise absent() from None

    return method
