"""A whole instance with its sync process: the box, or the tenant's in the cloud."""

from pathlib import Path

from appliance.sync import credentials as kept
from appliance.sync.credentials import Credentials
from tests.support.box import Box
from tests.support.processes import Process, ortsamt


class Place:
    """``box`` is to be entered as any box; the sync process is started by hand."""

    def __init__(self, folder: Path, credentials: Credentials, role: str) -> None:
        folder.mkdir(exist_ok=True)
        self.box = Box(folder, {})
        text = self.box.settings.read_text(encoding="utf-8")
        self.box.settings.write_text(
            f'node = "{credentials.node}"\nrole = "{role}"\n{text}', encoding="utf-8"
        )
        kept.write(folder / "state" / "sync", credentials)
        self.sync: Process | None = None

    @property
    def state(self) -> Path:
        """Its state folder."""
        return self.box.folder / "state"

    def start_sync(self) -> None:
        """Start to exchange."""
        self.sync = Process(
            f"{self.box.folder.name} sync",
            ortsamt("sync", "--box", str(self.box.settings), "--beat", "0.5"),
            log=self.box.folder / "sync.log",
        )

    def kill_sync(self) -> None:
        """SIGKILL."""
        if self.sync is not None:
            self.sync.kill()

    def calls(self) -> set[str]:
        """Ids of its calls."""
        return {one["call"] for one in self.box.control("records.calls", limit=100)}

    def states(self) -> dict[str, str]:
        """Message → state."""
        return {one["message"]: one["state"] for one in self.box.control("voicemail.list")}
