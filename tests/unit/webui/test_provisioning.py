"""What phones get while there is no core, and from paths that are none: without a core at all."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.core_link import CoreLink
from webui.database import WebDatabase
from webui.links import OneTimeLinks
from webui.provisioning import Provisioning

Ask = Callable[..., tuple[str, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    folder = tmp_path_factory.mktemp("web")
    database = WebDatabase(folder / "web.db")
    link = CoreLink(folder / "no.sock")

    def behind(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("418 Behind", [])
        return [b"behind"]

    application = Provisioning(link.ask, OneTimeLinks(database)).before(behind)

    def request(path: str, verb: str = "GET", query: str = "") -> tuple[str, dict[str, str], bytes]:
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": verb, "PATH_INFO": path, "QUERY_STRING": query, "REMOTE_ADDR": "192.168.1.20",
            "HTTP_HOST": "box", "wsgi.url_scheme": "http", "HTTP_USER_AGENT": "\xff",
        }  # fmt: skip
        body = b"".join(application(environ, lambda *words: told.extend(words)))
        return told[0], dict(told[1]), body

    yield request
    link.close()
    database.close()


def test_without_a_core_phones_are_told_to_come_back(ask: Ask) -> None:
    for path in ("/prov/000413AABBCC.xml", "/prov/snomD785.htm", f"/prov/{'t' * 40}/directory"):
        status, headers, body = ask(path)
        assert (status, body) == ("503 Service Unavailable", b"")
        assert headers["Retry-After"] == "5"


def test_a_link_stays_good_without_a_core_and_one_that_is_none_is_nothing(ask: Ask) -> None:
    status, _, _ = ask("/prov/once/00000000-0000-4000-8000-000000000000/000413AABBCC.xml")
    assert status == "404 Not Found"


def test_other_paths_are_for_others(ask: Ask) -> None:
    assert ask("/")[0] == "418 Behind"
    assert ask("/provider")[0] == "418 Behind"


@pytest.mark.parametrize("verb", ["PUT", "POST", "DELETE", "PROPFIND"])
def test_nothing_is_uploaded(ask: Ask, verb: str) -> None:
    status, headers, _ = ask("/prov/64167f000100-app.log", verb)
    assert status == "405 Method Not Allowed"
    assert headers["Connection"] == "close"


@given(tail=st.text(max_size=200), query=st.text(max_size=200))
def test_whatever_is_asked_for_is_answered(ask: Ask, tail: str, query: str) -> None:
    status, _, body = ask(f"/prov/{tail}", query=query)
    assert status[:3] in ("404", "503")
    assert body == b""
