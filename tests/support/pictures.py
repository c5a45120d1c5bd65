"""Take the pictures of the pages that README and docs show: an office of its own, a real box, Chromium.

python -m tests.support.pictures [NAME …]
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.support.box import Box
from tests.support.browser import Window, chromium
from tests.support.processes import ROOT
from tests.support.showcase import showcase
from tests.support.web import Client, Web

PASSWORD = "nur fürs Fotografieren"
FOLDER = ROOT / "docs" / "pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture: of which page, and what is clicked first (CSS selectors)."""

    name: str
    path: str
    dark: bool = False
    size: tuple[int, int] = (1280, 800)
    clicks: tuple[str, ...] = ()
    of_user: bool = False
    """Seen by a person of the office instead of the administrator."""


PICTURES = (
    Picture(name="number", path="/office/numbers/head"),
    Picture(
        name="scenario", path="/office/numbers/head", size=(1280, 900),
        clicks=(".scenario:nth-child(3) .scenario-open",),
    ),
    Picture(name="number-dark", path="/office/numbers/head", dark=True),
    Picture(name="extensions", path="/office/extensions"),
    Picture(name="menu-dark", path="/office/menus/welcome", dark=True),
    Picture(name="number-phone", path="/office/numbers/head", size=(390, 780)),
    Picture(name="user", path="/my/phone", of_user=True),
    Picture(name="keys", path="/my/keys", of_user=True, size=(1280, 640)),
)  # fmt: skip


def take(browser: Browser, web: Web, admin: Client, picture: Picture) -> None:
    """Take one picture."""
    window = Window(browser, web, dark=picture.dark, size=picture.size)
    window.enter(admin)
    window.open(picture.path)
    for click in picture.clicks:
        window.page.locator(click).click()
        window.page.locator(click).evaluate("one => one.scrollIntoView({block: 'start'})")
        window.page.mouse.wheel(0, -90)
    if picture.path.startswith("/office/numbers/"):
        window.page.locator(".week-span").first.wait_for()
    window.picture(FOLDER / f"{picture.name}.png")
    window.in_order()
    window.close()


def main(names: list[str]) -> None:
    """Take those that are named, or all."""
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        Box(Path(folder), showcase()) as box,
        Web(box) as web,
    ):
        admin, anna = web.admin(), web.client()
        admin.good("PUT", "/accounts/anna/password", {"password": PASSWORD})
        assert anna.log_in("anna", PASSWORD).status == 201
        for picture in PICTURES:
            if not names or picture.name in names:
                take(browser, web, anna if picture.of_user else admin, picture)
                print(FOLDER / f"{picture.name}.png", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
