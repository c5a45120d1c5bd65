"""Backups by the clock, on a thread of its own; what goes wrong is an alarm."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from appliance.app.periodic import Periodic
from appliance.control.backup import BackupMethods
from appliance.errors import DeviceUnavailable, OrtsamtError
from appliance.model.alarms import AlarmKind
from appliance.model.backups import BackupPlan
from appliance.model.snapshot import Snapshot
from appliance.telemetry.alarms import Alarms

LOOK_S = 60.0
SUBJECT = "backup"
_log = structlog.get_logger(__name__)


class BackupClock:
    """Makes a backup when one is due: the newest in the folder says when the last one was."""

    def __init__(self, methods: BackupMethods, snapshot: Callable[[], Snapshot], alarms: Alarms) -> None:
        self._methods = methods
        self._snapshot = snapshot
        self._alarms = alarms
        self._tried: datetime | None = None
        self._periodic = Periodic("backup", LOOK_S, lambda: self.look(datetime.now(UTC)))

    def start(self) -> None:
        """Begin to look at the clock."""
        self._periodic.start()

    def stop(self) -> None:
        """End; a backup under way is waited for a while."""
        self._periodic.stop()

    def look(self, now: datetime) -> str | None:
        """Make a backup if one is due; its name. What goes wrong is told, and tried again in an hour."""
        snapshot = self._snapshot()
        plan = snapshot.backup
        if not due(plan, self._last(plan), now, ZoneInfo(snapshot.site.timezone)):
            return None
        if self._tried is not None and now - self._tried < timedelta(hours=1):
            return None
        self._tried = now
        folder = Path(plan.folder)
        try:
            if not folder.is_dir():
                raise DeviceUnavailable(f"{folder} is not there", hint="mount it, or name another folder")
            made = self._methods.write(folder, plan.passphrase, plan.kinds)
            for old in _ours(folder)[plan.keep :]:
                old.unlink(missing_ok=True)
        except (OSError, OrtsamtError) as error:
            _log.error("the backup was not made", error=str(error))
            self._alarms.raise_alarm(AlarmKind.BACKUP_FAILED, SUBJECT, detail=str(error)[:200])
            return None
        self._tried = None
        self._alarms.clear(AlarmKind.BACKUP_FAILED, SUBJECT)
        _log.info("backup made", backup=made["backup"], bytes=made["bytes"])
        return str(made["backup"])

    def _last(self, plan: BackupPlan) -> datetime | None:
        found = _ours(Path(plan.folder)) if plan.folder else []
        return datetime.fromtimestamp(found[0].stat().st_mtime, UTC) if found else None


def due(plan: BackupPlan, last: datetime | None, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the hour has come and the last one is old enough."""
    if not plan.folder or not plan.passphrase:
        return False
    here = now.astimezone(zone)
    if last is None:
        return True
    began = here.replace(hour=plan.hour, minute=0, second=0, microsecond=0)
    if here < began:
        began -= timedelta(days=1)
    return last < began - timedelta(days=plan.every_days - 1)


def _ours(folder: Path) -> list[Path]:
    """Backups in a folder, the newest first."""
    found = [one for one in folder.glob("*.ortsamt") if one.is_file()] if folder.is_dir() else []
    return sorted(found, key=lambda one: one.stat().st_mtime, reverse=True)
