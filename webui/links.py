"""One-time links: a random UUID in an address that lets one fetch one thing once, for a while.

A phone or app that cannot log in gets its settings by such an address. Only a hash is kept; whoever takes a
link has used it up on the disk before anything is told.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from appliance.errors import NotFound
from webui.database import WebDatabase, hashed

MAX_LINKS = 5000
"""Beyond, the oldest are forgotten."""
SHORTEST_S, LONGEST_S = 60, 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeLink:
    """What it is for: ``purpose`` (``softphone``), ``subject`` (a device), ``detail`` (the maker's own)."""

    purpose: str
    subject: str
    detail: str
    who: str
    """Who made it, as the operation log names them."""
    made: float
    expires: float
    """Seconds since 1970."""


class OneTimeLinks:
    """Makes links, looks at them, uses them up; for any thread."""

    def __init__(self, database: WebDatabase, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def make(
        self, purpose: str, subject: str, who: str, seconds: int, detail: str = ""
    ) -> tuple[str, OneTimeLink]:
        """A new link and its secret (a UUID): the last part of an address. On disk when this returns."""
        secret = str(uuid.uuid4())  # RFC 9562 §5.4: 122 random bits of os.urandom
        now = self._clock()
        seconds = max(SHORTEST_S, min(seconds, LONGEST_S))
        link = OneTimeLink(
            purpose=purpose, subject=subject, detail=detail, who=who, made=now, expires=now + seconds
        )
        with self._database.writing() as db:
            db.execute("DELETE FROM links WHERE expires < ?", (now,))
            db.execute(
                "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?)",
                (hashed(secret), purpose, subject, detail, who, now, link.expires),
            )
            db.execute(
                "DELETE FROM links WHERE hash IN"
                " (SELECT hash FROM links ORDER BY made DESC LIMIT -1 OFFSET ?)",
                (MAX_LINKS,),
            )
        return secret, link

    def look(self, purpose: str, secret: str) -> OneTimeLink:
        """The link, still good afterwards. Raises NotFound for one that is not (or no longer) there."""
        rows = self._database.rows(
            "SELECT purpose, subject, detail, who, made, expires FROM links"
            " WHERE hash = ? AND purpose = ? AND expires >= ?",
            hashed(secret), purpose, self._clock(),
        )  # fmt: skip
        if not rows:
            raise _used_up()
        return _read(rows[0])

    def take(self, purpose: str, secret: str) -> OneTimeLink:
        """Use the link up: of two who come at once, one gets it. Raises NotFound."""
        with self._database.writing() as db:
            row = db.execute(
                "DELETE FROM links WHERE hash = ? AND purpose = ? AND expires >= ?"
                " RETURNING purpose, subject, detail, who, made, expires",
                (hashed(secret), purpose, self._clock()),
            ).fetchone()
        if row is None:
            raise _used_up()
        return _read(row)

    def waiting(self, purpose: str) -> list[OneTimeLink]:
        """Links that were not taken yet, the newest first."""
        rows = self._database.rows(
            "SELECT purpose, subject, detail, who, made, expires FROM links"
            " WHERE purpose = ? AND expires >= ? ORDER BY made DESC",
            purpose, self._clock(),
        )  # fmt: skip
        return [_read(row) for row in rows]

    def revoke(self, purpose: str, subject: str) -> int:
        """Forget the links to a subject; how many."""
        with self._database.writing() as db:
            return db.execute(
                "DELETE FROM links WHERE purpose = ? AND subject = ?", (purpose, subject)
            ).rowcount

    # -- what was told -----------------------------------------------------------------------------

    def was_told(self, subject: str, secret: str) -> bool:
        """Whether this very secret of the subject was told to somebody before."""
        rows = self._database.rows("SELECT hash FROM told WHERE subject = ?", subject)
        return bool(rows) and rows[0][0] == hashed(f"{subject}:{secret}")

    def tell(self, subject: str, secret: str, who: str) -> None:
        """Remember that this secret is told now."""
        with self._database.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)",
                (subject, hashed(f"{subject}:{secret}"), who, self._clock()),
            )


def _used_up() -> NotFound:
    return NotFound("this link is used up, over, or there was never one", hint="ask for a new one")


def _read(row: tuple[str, str, str, str, float, float]) -> OneTimeLink:
    return OneTimeLink(purpose=row[0], subject=row[1], detail=row[2], who=row[3], made=row[4], expires=row[5])
