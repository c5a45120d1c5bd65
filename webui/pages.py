"""The pages: one HTML shell for every page path, and the static files, packed and cached."""

import gzip
import hashlib
import hmac
import threading
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import bottle

FOLDER = Path(__file__).parent / "static"
SHELL = "shell.html"
PAGE_PATH = "/<path:re:[A-Za-z0-9/_.~@+*#:-]*>"
PLACES = frozenset({"", "account", "dial", "login", "my", "office", "setup", "system"})
"""First parts of paths of pages; everything else is left to who else wants it."""
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
PACKED = frozenset({".css", ".html", ".js", ".json", ".svg"})
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    stamp: tuple[int, int]
    data: bytes
    packed: bytes | None
    etag: str


class Pages:
    """Hands out the shell and the static files; a changed file is noticed without a restart."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._files: dict[Path, _File] = {}
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._version = ""

    def add_routes(self, wsgi: bottle.Bottle) -> None:
        """Take every path that nothing else takes; call it last."""
        wsgi.route("/static/<version>/<path:path>", "GET", self.static)
        wsgi.route("/", "GET", self.shell)
        wsgi.route(PAGE_PATH, "GET", self.shell)

    def version(self) -> str:
        """Of all static files together: it is part of their addresses, so that a new one is fetched."""
        seen = tuple(
            sorted(
                (str(one.relative_to(self._folder)), found.st_mtime_ns, found.st_size)
                for one in self._folder.rglob("*")
                if one.suffix in TYPES and (found := one.stat())
            )
        )
        with self._guard:
            if seen != self._seen:
                whole = hashlib.sha256()
                for name, _, _ in seen:
                    whole.update(name.encode() + b"\0" + (self._folder / name).read_bytes())
                self._seen, self._version = seen, whole.hexdigest()[:12]
            return self._version

    def shell(self, path: str = "") -> bottle.HTTPResponse:
        """The page around every page; what stands in it is made in the browser."""
        parts = path.split("/")
        if parts[0] not in PLACES or ".." in parts:
            raise bottle.HTTPError(404)
        text = (self._folder / SHELL).read_bytes().replace(b"{version}", self.version().encode())
        etag = f'"{hashlib.sha256(text).hexdigest()[:20]}"'
        return _answer(text, gzip.compress(text, 6, mtime=0), etag, ".html", ASK_AGAIN)

    def static(self, version: str, path: str) -> bottle.HTTPResponse:
        """A static file; its address holds the version, so it may be kept for ever."""
        wanted = (self._folder / path).resolve()
        if not wanted.is_relative_to(self._folder.resolve()) or wanted.suffix not in TYPES:
            raise bottle.HTTPError(404)
        try:
            found = self._file(wanted)
        except OSError:
            raise bottle.HTTPError(404) from None
        kept = FOR_EVER if hmac.compare_digest(version.encode(), self.version().encode()) else ASK_AGAIN
        return _answer(found.data, found.packed, found.etag, wanted.suffix, kept)

    def _file(self, path: Path) -> _File:
        about = path.stat()
        stamp = (about.st_mtime_ns, about.st_size)
        with self._guard:
            found = self._files.get(path)
            if found is None or found.stamp != stamp:
                data = path.read_bytes()
                found = _File(
                    stamp=stamp,
                    data=data,
                    packed=gzip.compress(data, 9, mtime=0) if path.suffix in PACKED else None,
                    etag=f'"{hashlib.sha256(data).hexdigest()[:20]}"',
                )
                self._files[path] = found
            return found


def _answer(data: bytes, packed: bytes | None, etag: str, suffix: str, kept: str) -> bottle.HTTPResponse:
    request = bottle.request
    headers = {
        "Content-Type": TYPES[suffix],
        "Cache-Control": kept,
        "ETag": etag,
        "Vary": "Accept-Encoding",
        "Date": formatdate(usegmt=True),
    }
    if etag in request.get_header("If-None-Match", ""):
        return bottle.HTTPResponse("", 304, headers)
    if packed is not None and "gzip" in request.get_header("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        data = packed
    headers["Content-Length"] = str(len(data))
    return bottle.HTTPResponse(b"" if request.method == "HEAD" else data, 200, headers)
