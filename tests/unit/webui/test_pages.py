"""The shell and the static files over HTTP, without a core: headers, caches, what is not handed out."""

import gzip
import os
import re
from pathlib import Path

import bottle
import pytest

from webui.pages import FOLDER, Pages


def asked(pages: Pages, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    wsgi = bottle.Bottle()
    pages.add_routes(wsgi)
    told: dict[str, object] = {}

    def start(status: str, heads: list[tuple[str, str]], _error: object = None) -> None:
        told.update(status=int(status[:3]), headers=dict(heads))

    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "box", "SERVER_PORT": "443",
        "wsgi.url_scheme": "https", **{f"HTTP_{k.upper()}": v for k, v in headers.items()},
    }  # fmt: skip
    body = b"".join(wsgi(environ, start))
    status, heads = told["status"], told["headers"]
    assert isinstance(status, int)
    assert isinstance(heads, dict)
    return status, heads, body


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.mark.parametrize("path", ["/", "/account", "/office/numbers/+49", "/office/extensions/anna.b_1/x"])
def test_every_page_path_gets_the_shell(pages: Pages, path: str) -> None:
    status, headers, body = asked(pages, path)
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-cache"
    assert b"{version}" not in body
    assert asked(pages, path, if_none_match=headers["Etag"])[0] == 304


@pytest.mark.parametrize(
    "path",
    ["/api/v1/none", "/static/x/none.js", "/favicon.ico", "/static/x/../../pages.py",
     "/static/x/%2e%2e/pages.py", "/static/x//etc/passwd", "/etc/passwd", "/office/../etc/passwd",
     "/static/x/js", "/static/x/locales/de/../../../../application.py", "/<script>"],
)  # fmt: skip
def test_nothing_else_is_handed_out(pages: Pages, path: str) -> None:
    assert asked(pages, path)[0] == 404


def test_what_the_shell_names_is_there_and_kept_for_ever(pages: Pages) -> None:
    named = re.findall(r'(?:src|href)="([^"]+)"', asked(pages, "/")[2].decode())
    assert len(named) >= 5
    for path in named:
        status, headers, _ = asked(pages, path)
        assert (status, headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable"), path


def test_files_are_packed_and_asked_again_under_an_old_version(pages: Pages) -> None:
    status, headers, body = asked(pages, "/static/old/js/dom.js", accept_encoding="gzip, br")
    assert (status, headers["Content-Encoding"], headers["Cache-Control"]) == (200, "gzip", "no-cache")
    assert gzip.decompress(body) == (FOLDER / "js/dom.js").read_bytes()
    assert asked(pages, "/static/old/js/dom.js", if_none_match=headers["Etag"])[0] == 304


def test_a_changed_file_has_a_new_version(tmp_path: Path) -> None:
    (tmp_path / "shell.html").write_text("{version}", encoding="utf-8")
    script = tmp_path / "a.js"
    script.write_text("1", encoding="utf-8")
    pages = Pages(tmp_path)
    before = asked(pages, "/")[2].decode()
    script.write_text("2", encoding="utf-8")
    os.utime(script, ns=(1, 1))
    after = asked(pages, "/")[2].decode()
    assert before != after
    assert asked(pages, f"/static/{after}/a.js")[2] == b"2"
