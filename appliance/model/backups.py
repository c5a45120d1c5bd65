"""When the box makes a backup by itself, and where it puts it."""

from dataclasses import dataclass, field

from appliance.model.validation import check_count, has_control, require

MOST_KEPT = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPlan:
    """There is one, with id ``main``. Without a folder or passphrase nothing is made."""

    id: str = "main"
    folder: str = ""
    """An absolute path, for example where a disk or a share of the network is mounted."""
    passphrase: str = field(default="", repr=False)
    hour: int = 3
    """At this hour, by the site's clock."""
    every_days: int = 1
    keep: int = 14
    """So many of the newest stay."""
    kinds: tuple[str, ...] = ()
    """What it holds; none: everything."""

    def __post_init__(self) -> None:
        require(self.id == "main", "id: must be 'main': there is one backup document")
        require(
            not self.folder or (self.folder.startswith("/") and not has_control(self.folder)),
            "folder: is no absolute path: for example /media/backup",
        )
        require(
            not self.passphrase or 10 <= len(self.passphrase) <= 200,
            "passphrase: must have 10 to 200 characters: four words that do not belong together are good",
        )
        require(0 <= self.hour <= 23, "hour: out of range: 0 to 23")
        require(1 <= self.every_days <= 31, "every_days: out of range: 1 to 31")
        require(1 <= self.keep <= MOST_KEPT, f"keep: out of range: 1 to {MOST_KEPT}")
        check_count("kinds", self.kinds, 20)


NO_PLAN = BackupPlan()
