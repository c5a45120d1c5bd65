"""A backup made, looked at and put back by its page; the banner while the core starts anew."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.box import Box, office
from tests.support.browser import admin_window
from tests.support.web import Web


@pytest.mark.timeout(180)
def test_a_backup_brings_back_what_was_changed(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Box(tmp_path_factory.mktemp("backup"), office("21", "22")) as box, Web(box) as web:
        window = admin_window(browser, web, language="en")
        page = window.page
        window.open("/system/backup")
        page.get_by_role("button", name="Make a backup").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Passphrase of the backup").fill("short")
        dialog.get_by_role("button", name="Make a backup").click()
        expect(dialog.locator(".field-error:visible")).to_be_visible()
        dialog.get_by_label("Passphrase of the backup").fill("correct horse battery")
        window.accessible()
        dialog.get_by_role("button", name="Make a backup").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        web.admin().good("PATCH", "/config/extension/21", {"name": "Changed"})
        page.get_by_role("button", name="Restore:").click()
        dialog.get_by_label("Passphrase of the backup").fill("wrong wrong wrong")
        dialog.get_by_role("button", name="Check").click()
        expect(dialog.locator(".field-error:visible, .notice.bad:visible").first).to_be_visible()
        dialog.get_by_label("Passphrase of the backup").fill("correct horse battery")
        dialog.get_by_role("button", name="Check").click()
        expect(dialog.get_by_text("1 change of the configuration")).to_be_visible()
        dialog.get_by_role("button", name="Restore now").click()
        expect(page.get_by_text("The backup is being restored.")).to_be_visible()
        assert box.core is not None
        box.core.wait(40)
        expect(page.locator(".banner.bad")).to_be_visible()
        box.start_core()
        expect(page.locator(".banner.bad")).to_be_hidden(timeout=60_000)
        assert web.admin().good("GET", "/config/extension/21")["name"] != "Changed"
        window.close()
