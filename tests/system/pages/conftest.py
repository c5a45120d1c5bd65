"""One box, one web process and one browser for all page tests of a worker."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.box import Box, office, ring
from tests.support.browser import Window, chromium
from tests.support.provider import Provider
from tests.support.web import Client, Web

NUMBER = "+492215550100"
DOCUMENTS: dict[str, Any] = {
    "number": {"head": {"number": NUMBER, "name": "Zentrale", "steps": [ring("21", "22")]}},
    "voicemail_box": {"21": {"owners": ["21"]}},
    "switch": {"night": {"name": "Nachtdienst", "number": "*8899"}},
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with Provider(accounts=(f"demo:secret-of-demo:{NUMBER}",)) as running:
        yield running


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Web]:
    account = {"host": "127.0.0.1", "port": provider.port, "username": "demo", "secret": "secret-of-demo"}
    documents = office("21", "22", "23", "24", trunk={"provider": account}, **DOCUMENTS)
    box = Box(tmp_path_factory.mktemp("pages"), documents)
    server = Web(box)
    with box, server:
        provider.wait("registered")
        yield server


@pytest.fixture(scope="session")
def admin(web: Web) -> Client:
    return web.admin()


@pytest.fixture
def window(browser: Browser, web: Web, admin: Client) -> Iterator[Window]:
    """The administrator at a German page."""
    made = Window(browser, web)
    made.enter(admin)
    yield made
    made.close()
