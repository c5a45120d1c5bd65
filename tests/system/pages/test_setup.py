"""From an empty box to the first call, by the set-up page: what an installer does in the first minutes."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.support.box import SECRET, Box
from tests.support.browser import admin_window
from tests.support.phone import Phone
from tests.support.provider import Provider
from tests.support.web import Web


@pytest.mark.timeout(240)
def test_first_start_to_first_call(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        Provider(accounts=("office:provider-secret:+49221555",)) as provider,
        Box(tmp_path_factory.mktemp("setup"), {}) as box,
        Web(box) as web,
    ):
        window = admin_window(browser, web, language="en")
        page = window.page
        window.open("/setup")
        page.get_by_label("Name of the office").fill("Berger & <i>Castell</i>")
        page.get_by_label("Area code").fill("221")
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("heading", name="Trunk", level=2)).to_be_visible()
        page.get_by_label("Server").fill("not a host")
        page.get_by_label("User name").fill("office")
        page.get_by_label("Password").fill("provider-secret")
        page.get_by_role("button", name="Save and register").click()
        expect(page.locator(".field-error:visible").first).to_be_visible()
        expect(page.get_by_label("User name")).to_have_value("office")
        page.get_by_label("Server").fill("127.0.0.1")
        page.get_by_label("Port", exact=True).fill(str(provider.port))
        page.get_by_role("button", name="Save and register").click()
        expect(page.locator(".trunk-state")).to_contain_text("registered")
        page.get_by_role("button", name="Next").click()
        page.get_by_label("First number").fill("+492215550100")
        page.get_by_label("How many numbers").select_option("100")
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("heading", name="People", level=2)).to_be_visible()
        names = page.get_by_label("Name", exact=True)
        names.nth(0).fill("Anna")
        names.nth(1).fill("Ben")
        page.get_by_role("button", name="Remove").last.click()
        numbers = [page.get_by_label("Extension", exact=True).nth(at).input_value() for at in range(2)]
        page.get_by_role("button", name="Create").click()
        rows = page.locator("table.accounts tbody tr")
        expect(rows).to_have_count(2)
        window.accessible()
        secrets = [rows.nth(at).locator("code").inner_text() for at in range(2)]
        page.get_by_role("button", name="Next").last.click()
        server = f"{box.address}:{box.ports['sip_port']}"
        with (
            Phone(server=server, user=numbers[0], secret=secrets[0]) as anna,
            Phone(server=server, user=numbers[1], secret=secrets[1]) as ben,
        ):
            anna.register()
            ben.register()
            expect(page.locator(".line", has_text="Anna")).to_contain_text("registered")
            page.get_by_label("Whom to call").fill(numbers[1])
            page.get_by_role("button", name="Call", exact=True).click()
            anna.incoming()
            anna.answer()
            ben.incoming()
            ben.answer()
            expect(page.get_by_text("It works: the call is up.")).to_be_visible()
            anna.hangup()
            ben.ended()
            call = provider.call("+492215550100")
            anna.incoming()
            ben.incoming()
            provider.hangup(call)
        window.open("/system/overview")
        expect(page.locator(".tile").nth(2)).to_contain_text("2")
        assert re.fullmatch("[a-z2-9]{12}", secrets[0])
        assert secrets[0] != SECRET.format(numbers[0])
        window.in_order()
        window.close()
