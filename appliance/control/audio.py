"""The ``audio.*`` methods: own recordings, uploaded in pieces or spoken by the box, and what they replace."""

import base64
import binascii
import json
import re
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import ConfigError, DeviceUnavailable, NotFound
from appliance.model.audio import MUSIC, OWN, Audio, AudioUse
from appliance.model.decode import Nothing, decode, encode, suggestion
from appliance.model.ids import AudioId
from appliance.model.languages import Language
from appliance.model.references import references
from appliance.sounds.convert import MAX_BYTES, Converted, convert, refused
from appliance.sounds.files import AudioFiles
from appliance.sounds.speech import speak
from appliance.sounds.uploads import Uploads
from appliance.store.configuration import ConfigurationStore

CHUNK_BYTES = 1024 * 1024
MAX_RECORDINGS = 1000
_WAIT_S = 20.0
"""How long one waits for another's conversion: a small box makes one at a time."""
_NAMED = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Params of ``audio.piece``: the next bytes of an upload, base64."""

    upload: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adding:
    """Params of ``audio.add``: content (an upload, or a text to be spoken) and what it is for."""

    id: str
    upload: str = ""
    text: str = ""
    use: AudioUse = AudioUse.ANNOUNCEMENT
    name: str | None = None
    prompt: str = ""
    language: Language | None = None
    create: bool | None = None
    """True: it must not exist yet; False: it must; None: either."""
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfUse:
    """Params of ``audio.list``."""

    use: AudioUse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Params of ``audio.info``."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removing:
    """Params of ``audio.remove``."""

    id: str
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Params of ``audio.read``: from this byte on."""

    id: str
    offset: int = 0


class AudioMethods:
    """Binds the recordings to a server. Conversions run on its workers, one at a time."""

    def __init__(self, store: ConfigurationStore, files: AudioFiles, prompts_dir: Path) -> None:
        self._store = store
        self._files = files
        self._prompts_dir = prompts_dir
        self._uploads = Uploads(files.folder, MAX_BYTES)
        self._one_at_a_time = threading.Lock()

    def register(self, server: ControlServer) -> None:
        """Offer every ``audio.*`` method."""
        server.register("audio.begin", self.begin, slow=True)
        server.register("audio.piece", self.piece, slow=True)
        server.register("audio.add", self.add, slow=True)
        server.register("audio.list", self.list, slow=True)
        server.register("audio.info", self.info, slow=True)
        server.register("audio.read", self.read, slow=True)
        server.register("audio.remove", self.remove, slow=True)
        server.register("audio.prompts", self.prompts, slow=True)

    def begin(self, params: Mapping[str, Any]) -> object:
        """Begin an upload; ``{"upload", "piece_bytes"}``."""
        decode(Nothing, params, where="audio.begin")
        return {"upload": self._uploads.begin(), "piece_bytes": CHUNK_BYTES}

    def piece(self, params: Mapping[str, Any]) -> object:
        """Add a piece to an upload; ``{"bytes"}`` so far."""
        asked = decode(Piece, params, where="audio.piece")
        try:
            data = base64.b64decode(asked.data, validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError("data is not base64", field="data", hint="encode the piece anew") from None
        return {"bytes": self._uploads.add(asked.upload, data)}

    def add(self, params: Mapping[str, Any]) -> object:
        """Convert and keep a recording; ``{"created", "document", "notes": [{"code", "message"}]}``.

        The upload is over then, whether it was taken or refused.
        """
        asked = decode(Adding, params, where="audio.add")
        try:
            return self._add(asked)
        finally:
            self._uploads.forget(asked.upload)

    def _add(self, asked: Adding) -> object:
        self._check(asked)
        if not self._one_at_a_time.acquire(timeout=_WAIT_S):
            raise DeviceUnavailable(
                "another recording is being converted", error_id="store.busy", hint="try again in a minute"
            )
        try:
            with self._files.workplace() as place:
                made = self._made(asked, place)
                file = self._files.keep(made.path)
        finally:
            self._one_at_a_time.release()
        existed = ("audio", asked.id) in self._store.existing()
        fields: dict[str, object] = {
            "use": asked.use,
            "prompt": asked.prompt,
            "language": asked.language,
            "text": asked.text,
            "file": file,
            "length_ms": made.length_ms,
        }
        if asked.name is not None:
            fields["name"] = asked.name
        before = self._store.snapshot().audio.get(AudioId(asked.id))
        self._store.put("audio", asked.id, fields, asked.who)
        if before is not None and before.file != file:
            self._files.let_go(before.file)
        document = self._store.get("audio", asked.id)
        return {"created": not existed, "document": encode(document), "notes": encode(list(made.notes))}

    def list(self, params: Mapping[str, Any]) -> object:
        """All recordings, of one use or all, each with what there is to know; see :meth:`info`."""
        asked = decode(OfUse, params, where="audio.list")
        users = self._users()
        return [
            self._row(one, users)
            for one in self._store.snapshot().audio.values()
            if asked.use in (None, one.use)
        ]

    def info(self, params: Mapping[str, Any]) -> object:
        """One recording: its document, ``named`` (as settings name it), ``bytes`` (None: not here), users."""
        asked = decode(Named, params, where="audio.info")
        return self._row(self._of(asked.id), self._users())

    def read(self, params: Mapping[str, Any]) -> object:
        """A piece of the WAV file; ``{"data": base64, "next": offset or None}``."""
        asked = decode(Reading, params, where="audio.read")
        if asked.offset < 0:
            raise ConfigError("offset is negative", field="offset", hint="begin at 0")
        path = self._files.path(self._of(asked.id).file)
        try:
            with path.open("rb") as file:
                file.seek(asked.offset)
                data = file.read(CHUNK_BYTES)
                following = file.tell() if file.read(1) else None
        except OSError:
            raise NotFound(
                f"the file of audio {asked.id} is not on this box", hint="upload it again"
            ) from None
        return {"data": base64.b64encode(data).decode(), "next": following}

    def remove(self, params: Mapping[str, Any]) -> object:
        """Delete a recording that nothing uses; a replaced prompt sounds as built again. ``{"removed"}``."""
        asked = decode(Removing, params, where="audio.remove")
        recording = self._of(asked.id)
        self._store.delete("audio", asked.id, asked.who)
        self._files.let_go(recording.file)
        self._files.sweep({one.file for one in self._store.snapshot().audio.values()})
        return {"removed": asked.id}

    def prompts(self, params: Mapping[str, Any]) -> object:
        """Every built-in prompt: name, what it says in each language, which recording replaces it there."""
        decode(Nothing, params, where="audio.prompts")
        replaced = {
            (one.prompt, one.language): one.id
            for one in self._store.snapshot().audio.values()
            if one.use is AudioUse.PROMPT
        }
        return [
            {
                "name": name,
                "texts": texts,
                "replaced_by": {
                    language.value: replaced[name, language]
                    for language in Language
                    if (name, language) in replaced
                },
            }
            for name, texts in sorted(self._built_in().items())
        ]

    def _check(self, asked: Adding) -> None:
        """Everything that can be known before the work of converting."""
        if not _NAMED.match(asked.id):
            raise ConfigError(
                f"'{asked.id[:60]}' is not a recording's id", field="id", hint="a-z, 0-9, _ and -, at most 48"
            )
        known = self._store.snapshot().audio
        existing = ("audio", asked.id) in self._store.existing()
        if asked.create is True and existing:
            raise ConfigError(
                f"audio {asked.id} exists already", error_id="config.exists", hint="choose another id"
            )
        if asked.create is False and not existing:
            raise NotFound(f"audio {asked.id} does not exist", hint="create it")
        if not existing and len(known) >= MAX_RECORDINGS:
            raise refused("too_many", "there are too many recordings", "remove some first", "id")
        if bool(asked.upload) == bool(asked.text.strip()):
            raise refused("content", "either a file or a text is needed", "give one of them")
        built_in = self._built_in()
        if asked.use is AudioUse.PROMPT and built_in and asked.prompt not in built_in:
            raise refused(
                "no_such_prompt",
                f"there is no prompt '{asked.prompt[:60]}'",
                suggestion(asked.prompt[:60], list(built_in)) or "see 'ortsamt ctl audio prompts'",
                "prompt",
            )
        fields = {"prompt": asked.prompt, "language": asked.language, "text": asked.text}
        draft = {"use": asked.use, "name": asked.name or "", **fields}
        decode(Audio, {"id": asked.id, **encode(draft)}, where=f"audio {asked.id}")

    def _made(self, asked: Adding, place: Path) -> Converted:
        if asked.upload:
            source = self._uploads.take(asked.upload, place)
        else:
            language = asked.language or self._store.snapshot().site.language
            source = speak(asked.text, language, place)
        return convert(source, asked.use, place)

    def _of(self, recording: str) -> Audio:
        document = self._store.get("audio", recording)
        if not isinstance(document, Audio):  # the store gives what was asked for
            raise NotFound(f"audio {recording} does not exist")
        return document

    def _users(self) -> Mapping[str, Sequence[str]]:
        users: defaultdict[str, Any] = defaultdict(list)
        for document in self._store.documents():
            for reference in references(document):
                if reference.kind == "audio":
                    kind = type(document).__name__.lower()
                    users[reference.id].append(f"{kind} {document.id}: {reference.field}")
        return users

    def _row(self, one: Audio, users: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        path = self._files.path(one.file)
        present = bool(one.file) and path.is_file()
        named = f"{MUSIC if one.use is AudioUse.MUSIC else OWN}{one.id}"
        fields: dict[str, Any] = encode(one)
        return {
            **fields,
            "named": one.prompt if one.use is AudioUse.PROMPT else named,
            "bytes": path.stat().st_size if present else None,
            "used_by": users.get(one.id, []),
        }

    def _built_in(self) -> dict[str, dict[str, str]]:
        try:
            found: dict[str, dict[str, str]] = json.loads(
                (self._prompts_dir / "texts.json").read_text(encoding="utf-8")
            )
        except (OSError, ValueError):
            return {}
        return found


def register_audio(
    server: ControlServer, store: ConfigurationStore, files: AudioFiles, prompts_dir: Path
) -> AudioMethods:
    """Offer every ``audio.*`` method, after what a crash left behind is cleared away."""
    files.clear_work()
    methods = AudioMethods(store, files, prompts_dir)
    methods.register(server)
    return methods
