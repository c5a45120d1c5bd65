"""Ended faxes on their way to other nodes, and from them: rows as they are, pages as files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.errors import ConfigError, NotFound
from appliance.fax.desk import Desk
from appliance.fax.rows import Fax, FaxState, read
from appliance.model.decode import decode

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Params of ``fax.ended``: those that ended later, in microseconds since 1970."""

    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """Params of ``fax.replicate``: a row, and its pages as an upload."""

    row: list[Any]
    upload: str = ""


class Replicas:
    """Both ways, at one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def ended(self, params: Mapping[str, Any]) -> object:
        """``{"rows": [row]}``, the oldest end first."""
        asked = decode(Ended, params, where="fax.ended")
        return {"rows": [list(row) for row in self._desk.store.ended_after(asked.after, MOST)]}

    def replicate(self, params: Mapping[str, Any]) -> object:
        """Keep a fax that ended at another node."""
        asked = decode(Replica, params, where="fax.replicate")
        fax = _checked(asked.row)
        settings = self._desk.settings
        kept = False
        if asked.upload:
            path = settings.uploads / asked.upload
            if path.parent != settings.uploads or not path.is_file():
                raise ConfigError("upload: is not there", field="upload", error_id="fax.no_upload")
            if self._forgotten(fax.id):
                path.unlink(missing_ok=True)
            else:
                path.replace(settings.tiff(fax.id))
                kept = True
        row = list(asked.row)
        row[-2] = int(kept or settings.tiff(fax.id).exists())
        self._desk.store.replicated(_checked(row), row)
        return {}

    def _forgotten(self, fax: str) -> bool:
        """Whether it was here and its pages were deleted: they do not come back."""
        try:
            return not self._desk.store.get(fax).kept
        except NotFound:
            return False


def _checked(row: list[Any]) -> Fax:
    try:
        fax = read(tuple(row))
        good = fax.state in {FaxState.DONE, FaxState.FAILED} and fax.ended is not None
        name = fax.id.replace("-", "")
        if not (good and name.isalnum() and name.isascii() and len(fax.id) <= 64):
            raise ValueError("not an ended fax")
    except (TypeError, ValueError, OverflowError) as error:
        raise ConfigError(f"row: {error}", field="row", error_id="fax.no_row") from None
    return fax
