"""What somebody waits for that no call in progress tells of."""

from dataclasses import dataclass
from datetime import datetime

from appliance.model.ids import ExtensionId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackWish:
    """Somebody wants to be called back when a colleague is free."""

    asker: ExtensionId
    dialled: str
    target: ExtensionId
    armed: bool
    """The target has shown a sign of life since."""
    until: datetime
