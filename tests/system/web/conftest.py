"""One box with a web process for all tests of a file; each makes accounts of its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.box import Box, office
from tests.support.web import Client, Web

DOCUMENTS: dict[str, Any] = {
    "voicemail_box": {"21": {"owners": ["21"]}, "22": {"owners": ["22"]}},
    "conference_room": {"own": {"number": "91", "owner": "21"}, "other": {"number": "92", "owner": "22"}},
    "fax_box": {"own": {"number": "80", "extension": "21"}, "other": {"number": "81", "extension": "22"}},
    "trunk": {"p": {"host": "127.0.0.1", "port": 9, "username": "u", "secret": "trunk-secret-1"}},
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    box = Box(tmp_path_factory.mktemp("web"), office("21", "22", "23", **DOCUMENTS))
    server = Web(box)
    with box, server:
        yield server


@pytest.fixture(scope="module")
def admin(web: Web) -> Client:
    return web.admin()
