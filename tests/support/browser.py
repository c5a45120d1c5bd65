"""Debian's Chromium, driven like a person would: pages of a web process under test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.support.web import ADMIN, Client, Web

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--disable-dev-shm-usage",
)  # fmt: skip
PATIENCE_MS = 20_000
_AXE = Axe()
_RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
_CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
_CHECK = """([within, rules]) => axe.run(within, rules).then(found => found.violations.flatMap(
    one => one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`)))"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for a whole test module: starting one costs a second."""
    environment: dict[str, str | float | bool] = {
        name: value for name, value in os.environ.items() if not name.startswith("LC_")
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS), headless=True, env=environment
        )
        try:
            yield browser
        finally:
            browser.close()


class Window:
    """One person at a browser: own cookies, one page; every error on the page's console is kept."""

    def __init__(
        self, browser: Browser, web: Web, *, language: str = "de", dark: bool = False,
        size: tuple[int, int] = (1280, 900), host: str = "127.0.0.1",
    ) -> None:  # fmt: skip
        self.base = f"https://{host}:{web.port}"
        self.context: BrowserContext = browser.new_context(
            base_url=self.base,
            ignore_https_errors=True,
            locale="de-DE" if language == "de" else "en-GB",
            timezone_id="Europe/Berlin",
            color_scheme="dark" if dark else "light",
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.set_default_navigation_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("console", self._heard)

    def _heard(self, message: Any) -> None:
        told = message.type in ("error", "warning")
        if told and "Failed to load resource" not in message.text and "net::ERR" not in message.text:
            self.problems.append(f"{message.type}: {message.text}")

    def log_in(self, account: str, password: str, path: str = "/") -> None:
        """By the log-in page, and on to a page."""
        self.page.goto(path)
        self.page.locator("input[autocomplete=username]").fill(account)
        self.page.locator("input[autocomplete=current-password]").fill(password)
        self.page.locator("form.login-form button[type=submit]").click()
        self.ready()

    def enter(self, client: Client) -> None:
        """Be who is logged in there, without the log-in page."""
        self.context.add_cookies([{"name": "__Host-session", "value": client.cookie, "url": self.base}])

    def open(self, path: str) -> None:
        """Go to a page by its address and wait until it stands there."""
        self.page.goto(path)
        self.ready(path)

    def visit(self, path: str) -> None:
        """Go to a page as a link does, without loading everything anew."""
        if self.page.url == "about:blank":
            self.open(path)
            return
        self.page.evaluate(
            "path => { delete document.querySelector('main').dataset.ready;"
            " history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }",
            path,
        )
        self.ready(path)

    def ready(self, path: str | None = None) -> None:
        """Wait until a page (this one) is built."""
        wanted = "main[data-ready]" if path is None else f'main[data-ready="{path.partition("?")[0]}"]'
        self.page.wait_for_selector(wanted, state="attached")

    def save(self, within: Locator | None = None) -> None:
        """Press Save and wait until that is told, by a message that was not there before."""
        self.page.evaluate("document.querySelectorAll('.toast').forEach(one => one.remove())")
        (within or self.page).get_by_role("button", name="Speichern").click()
        expect(self.page.locator(".toast.good").last).to_contain_text("Gespeichert")

    def accessible(self, within: str = "body", *, colours: bool = False) -> None:
        """No rule of WCAG 2.2 AA is broken in this part, as far as axe-core can tell; or contrast alone."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_AXE.axe_script)
        told = self.page.evaluate(_CHECK, [within, _CONTRAST if colours else _RULES])
        assert not told, f"{self.page.url}\n" + "\n".join(told)

    def in_order(self) -> None:
        """Nothing went wrong in the page's own scripts."""
        assert not self.problems, self.problems

    def picture(self, path: Path) -> None:
        """What one sees now, as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path), animations="disabled", caret="hide")

    def close(self) -> None:
        """Close the window and forget its cookies."""
        self.context.close()


def admin_window(browser: Browser, web: Web, **look: Any) -> Window:
    """The first administrator, logged in."""
    window = Window(browser, web, **look)
    window.log_in(ADMIN, web.first_password())
    return window
