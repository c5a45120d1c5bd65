"""Every page in both themes: built without a complaint, and accessible as far as a program can tell."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Window
from tests.support.web import Client, Web

TABLES = Path(__file__).resolve().parents[3] / "webui" / "static" / "pages"

DOCUMENTS = (
    "/office/numbers/head", "/office/numbers/+", "/office/extensions", "/office/extensions/21",
    "/office/menus/+", "/office/trunks/provider", "/office/mail",
)  # fmt: skip


def paths() -> list[str]:
    """Of all pages that have a module of their own and need no parameter."""
    found = []
    for table in sorted(TABLES.glob("*/index.js")):
        found += re.findall(r'\bpath: "(/[^":]*)"', table.read_text(encoding="utf-8"))
    return found


def kinds() -> list[str]:
    """Of the pages that are made of data, all by the same two modules."""
    lines = (TABLES / "admin/kinds.js").read_text(encoding="utf-8").splitlines()
    found = [re.search(r'\bpath: "(/[^":]*)"', line) for line in lines if "single: true" not in line]
    return [one[1] for one in found if one]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible(browser: Browser, web: Web, admin: Client, dark: bool) -> None:
    window = Window(browser, web, dark=dark, language="en" if dark else "de")
    window.enter(admin)
    window.open("/account")
    window.accessible()
    for path in (*paths(), *DOCUMENTS):
        window.visit(path)
        window.accessible("main", colours=dark)
    for path in kinds():
        window.visit(f"{path}/+" if dark else path)
    window.in_order()
    window.close()


def test_the_log_in_page_is_accessible(browser: Browser, web: Web) -> None:
    for dark in (False, True):
        window = Window(browser, web, dark=dark)
        window.page.goto("/")
        window.page.wait_for_selector(".login-card")
        window.accessible()
        window.in_order()
        window.close()


def test_nothing_is_wider_than_a_phone(browser: Browser, web: Web, admin: Client) -> None:
    window = Window(browser, web, size=(360, 740))
    window.enter(admin)
    window.open("/account")
    for path in (*paths(), *DOCUMENTS):
        window.visit(path)
        width = window.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, path
    window.close()
