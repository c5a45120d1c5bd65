"""Alarms over the control socket."""

from collections.abc import Mapping
from typing import Any

from appliance.control.server import ControlServer
from appliance.model.alarms import Alarm
from appliance.model.languages import Language
from appliance.telemetry.alarms import Alarms


def said(alarm: Alarm, language: Language) -> dict[str, object]:
    """An alarm as events and listings show it."""
    return {
        "id": alarm.kind.value,
        "subject": alarm.subject,
        "severity": alarm.severity.value,
        "over": alarm.over,
        "at": alarm.at.isoformat(),
        "text": alarm.said(language),
    }


def register_alarms(server: ControlServer, alarms: Alarms) -> None:
    """Offer ``alarms.list``."""

    def listing(params: Mapping[str, Any]) -> Any:
        """What is wrong now (``active``), and what was told since the start (``past``), newest first."""
        spoken = Language(params["language"]) if params.get("language") in set(Language) else Language.ENGLISH
        return {
            "active": [said(one, spoken) for one in alarms.active()],
            "past": [said(one, spoken) for one in alarms.past()],
        }

    server.register("alarms.list", listing)
