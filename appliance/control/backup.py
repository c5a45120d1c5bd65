"""``backup.*`` and ``factory.reset``: made, looked at and put back over the control socket."""

import base64
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.backup import making, restoring
from appliance.backup.parts import CONFIGURATION, PARTS
from appliance.backup.vault import read_about
from appliance.control.server import ControlServer
from appliance.errors import ConfigError, NotFound
from appliance.model.decode import decode
from appliance.sounds.uploads import Uploads
from appliance.store.configuration import ConfigurationStore
from appliance.store.importing import changes_of
from appliance.store.reading import in_order

PIECE = 256 * 1024
MAX_UPLOAD = 64 * 1024 * 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,80}\.ortsamt\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """``kinds``: none are all; see ``GET /backups``."""

    passphrase: str = field(repr=False)
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfBackup:
    """A backup in the box, by its name; ``offset``: from this byte on."""

    backup: str
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of an upload, base64; the first has no ``upload``."""

    data: str
    upload: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """A backup in the box, or an upload, which becomes one; ``dry_run`` only says what would change."""

    passphrase: str = field(repr=False)
    backup: str = ""
    upload: str = ""
    kinds: tuple[str, ...] = ()
    dry_run: bool = False
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resetting:
    """``scope``: settings or all; ``confirm``: the name of the box."""

    scope: str
    confirm: str
    who: str = "control"


class BackupMethods:
    """Binds the state folder to a server; one thing at a time runs on the workers."""

    def __init__(
        self,
        *,
        state: Path,
        node: str,
        version: str,
        store: ConfigurationStore,
        start_again: Callable[[], None],
        before: Callable[[], object] = lambda: None,
    ) -> None:
        """``start_again`` ends the core in an orderly way, so that whoever keeps it starts it anew."""
        self.state = state
        self.folder = state / "backups"
        self._node = node
        self._version = version
        self._store = store
        self._start_again = start_again
        self._before = before
        self._uploads = Uploads(self.folder, MAX_UPLOAD)

    def register(self, server: ControlServer) -> None:
        """Offer them."""
        server.register("backup.list", self.list, slow=True)
        server.register("backup.make", self.make, slow=True)
        server.register("backup.read", self.read, slow=True)
        server.register("backup.delete", self.delete, slow=True)
        server.register("backup.piece", self.piece, slow=True)
        server.register("backup.restore", self.restore, slow=True)
        server.register("factory.reset", self.reset, slow=True)

    def list(self, params: Mapping[str, Any]) -> object:
        """Backups in the box, the newest first, and the kinds there are."""
        del params
        found = []
        for path in sorted(self.folder.glob("*.ortsamt"), reverse=True):
            try:
                with path.open("rb") as file:
                    about = read_about(file)[0]
                size = path.stat().st_size
            except (OSError, ConfigError):
                continue
            found.append(
                {"backup": path.name, "made": about.made, "node": about.node, "version": about.version,
                 "kinds": about.kinds, "bytes": size}
            )  # fmt: skip
        return {"backups": found, "kinds": list(PARTS)}

    def make(self, params: Mapping[str, Any]) -> object:
        """Make one in the box: ``{"backup", "bytes"}``."""
        asked = decode(Making, params, where="backup.make")
        self.folder.mkdir(mode=0o700, exist_ok=True)
        return self.write(self.folder, asked.passphrase, asked.kinds)

    def write(self, folder: Path, passphrase: str, kinds: tuple[str, ...]) -> dict[str, Any]:
        """Make one in any folder; raises ConfigError, DeviceUnavailable."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        node = re.sub(r"[^a-z0-9]+", "-", self._node.lower()).strip("-") or "box"
        target = folder / f"{node}-{stamp}-{secrets.token_hex(2)}.ortsamt"
        self._before()
        size = making.make(
            self.state, target, passphrase, node=self._node, version=self._version,
            configuration=self._documents(), kinds=kinds,
        )  # fmt: skip
        return {"backup": target.name, "bytes": size}

    def read(self, params: Mapping[str, Any]) -> object:
        """A piece of one: ``{"data", "offset", "size"}``."""
        asked = decode(OfBackup, params, where="backup.read")
        path = self._path(asked.backup)
        with path.open("rb") as file:
            file.seek(max(0, asked.offset))
            data = file.read(PIECE)
        return {"data": base64.b64encode(data).decode(), "size": path.stat().st_size}

    def delete(self, params: Mapping[str, Any]) -> object:
        """Delete one."""
        asked = decode(OfBackup, params, where="backup.delete")
        self._path(asked.backup).unlink()
        return {"deleted": asked.backup}

    def piece(self, params: Mapping[str, Any]) -> object:
        """Add a piece to an upload: ``{"upload", "bytes"}``."""
        asked = decode(Piece, params, where="backup.piece")
        try:
            data = base64.b64decode(asked.data, validate=True)
        except ValueError:
            raise ConfigError("the piece is not base64", field="data", hint="encode it") from None
        upload = asked.upload or self._uploads.begin()
        return {"upload": upload, "bytes": self._uploads.add(upload, data)}

    def restore(self, params: Mapping[str, Any]) -> object:
        """Check a backup, say what it would change, and unless ``dry_run`` do it at a start that is now."""
        asked = decode(Restoring, params, where="backup.restore")
        if bool(asked.backup) == bool(asked.upload):
            raise ConfigError("which backup?", field="backup", hint="backup or upload, one of them")
        path = self._path(asked.backup) if asked.backup else self._uploaded(asked.upload)
        about, documents, counts = restoring.look(path, asked.passphrase, asked.kinds)
        found: dict[str, Any] = {
            "backup": path.name, "node": about.node, "made": about.made, "version": about.version,
            "files": counts, "kinds": [one for one in PARTS if one in counts], "applied": False,
            "changes": [], "problems": [],
        }  # fmt: skip
        if CONFIGURATION in counts:
            found["changes"], found["problems"] = self._preview(documents, asked.who)
        if asked.dry_run:
            return found
        if found["problems"]:
            raise ConfigError.of(found["problems"])
        restoring.prepare(self.state, path, asked.passphrase, asked.kinds)
        self._start_again()
        return {**found, "applied": True}

    def reset(self, params: Mapping[str, Any]) -> object:
        """Forget the settings, or everything, at a start that comes now."""
        asked = decode(Resetting, params, where="factory.reset")
        if asked.confirm != self._node:
            raise ConfigError(
                "that is not the name of this box", field="confirm", hint="GET /status has it as node"
            )
        restoring.prepare_reset(self.state, asked.scope)
        self._start_again()
        return {"reset": asked.scope}

    def _documents(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for kind, identity in self._store.existing():
            found.setdefault(kind, {})[identity] = dict(self._store.stored(kind, identity))
        return found

    def _preview(self, documents: dict[str, Any], who: str) -> tuple[Any, Any]:
        present = {key: self._store.stored(*key) for key in self._store.existing()}
        changes, shape = changes_of(documents, present)
        draft = self._store.preview(changes, who)
        problems = (*shape, *(one for one in draft.problems if one not in shape))
        return [" ".join(key) for key in in_order(draft.touched)], problems

    def _uploaded(self, upload: str) -> Path:
        """An upload becomes a backup in the box like any other."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="work-") as work:
            taken = self._uploads.take(upload, Path(work))
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            target = self.folder / f"uploaded-{stamp}-{secrets.token_hex(2)}.ortsamt"
            with taken.open("rb") as file:
                read_about(file)
            taken.replace(target)
        return target

    def _path(self, name: str) -> Path:
        path = self.folder / name
        if not _NAME.match(name) or not path.is_file():
            raise NotFound(f"there is no backup {name[:80]}", hint="GET /backups lists them")
        return path


def apply_documents(state: Path, store: ConfigurationStore) -> bool:
    """At the start: let the documents of a backup take the place of the present ones; True when they did."""
    documents = restoring.documents_due(state)
    if documents is None:
        return False
    present = {key: store.stored(*key) for key in store.existing()}
    changes, shape = changes_of(documents, present)
    if shape:
        raise ConfigError.of(shape)
    store.apply(changes, "restore")
    restoring.documents_done(state)
    return True
