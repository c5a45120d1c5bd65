"""One box, one web process and one browser for all page tests of a worker."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.box import Box, office, ring
from tests.support.browser import Window, admin_window, chromium
from tests.support.web import Client, Web

NUMBER = "+492215550100"
DOCUMENTS: dict[str, Any] = {
    "trunk": {"provider": {"host": "127.0.0.1", "port": 9, "username": "u", "secret": "trunk-secret-1"}},
    "number": {"head": {"number": NUMBER, "name": "Zentrale", "steps": [ring("21", "22")]}},
    "voicemail_box": {"21": {"owners": ["21"]}},
    "switch": {"night": {"name": "Nachtdienst", "number": "*8899"}},
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    box = Box(tmp_path_factory.mktemp("pages"), office("21", "22", "23", **DOCUMENTS))
    server = Web(box)
    with box, server:
        yield server


@pytest.fixture(scope="session")
def admin(web: Web) -> Client:
    return web.admin()


@pytest.fixture
def window(browser: Browser, web: Web) -> Iterator[Window]:
    """The administrator at a German page."""
    made = admin_window(browser, web)
    yield made
    made.close()
