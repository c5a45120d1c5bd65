"""A desk phone, from the box it came in to its first registration, with the mouse."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import Window
from tests.support.desk_phones import DeskPhone, Refused, desk_phone
from tests.support.sip import SipClient
from tests.support.web import Client, Web


def _keys_by_mouse(browser: Browser, web: Web, admin: Client, phone: DeskPhone, sip: SipClient) -> None:
    """Whose phone it is puts a colleague on a key; the phone fetches it at once and shows it."""
    web.account(admin, "keyed", "user", ["22"], language="de")
    user = Window(browser, web)
    user.log_in("keyed", "correct horse keyed")
    page = user.page
    user.open("/my/devices")
    page.get_by_role("link", name="Tasten").click()
    page.get_by_role("button", name="Taste 5: frei").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Was sie tut").select_option("speed_dial")
    dialog.get_by_role("button", name="Speichern").click()
    expect(dialog.locator(".field-error:visible")).to_contain_text("Fehlt")
    dialog.get_by_label("Was sie tut").select_option("blf")
    dialog.get_by_label("Kollege").select_option("23")
    user.accessible()
    dialog.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("button", name="Taste 5: Phone 23")).to_be_visible()
    notify = sip.wait_request("NOTIFY")
    while notify.get("event") == "check-sync;reboot=true":  # sent again while nobody looked
        notify = sip.wait_request("NOTIFY")
    assert notify.get("event") == "check-sync;reboot=false"
    sip.respond(notify, 200)
    user.accessible()
    user.in_order()
    user.close()
    token = web.box.control("config.get", kind="phone", id=phone.mac, reveal=True)["token"]
    assert "23" in phone.boot(f"http://127.0.0.1:{web.http_port}/prov/{token}/{phone.mac.upper()}.xml").lamps


@pytest.mark.timeout(300)
def test_a_phone_is_found_adopted_and_told(browser: Browser, window: Window, web: Web, admin: Client) -> None:
    page = window.page
    phone = desk_phone("snom", 0x700, "127.0.7.1")
    written = ":".join(phone.mac.upper()[i : i + 2] for i in range(0, 12, 2))
    window.open("/office/phones")
    row = page.get_by_role("row", name=written)
    expect(row).to_have_count(0)
    with pytest.raises(Refused):  # nobody's yet: it is not answered
        phone.search(timeout=0.4)
    expect(row).to_contain_text("Snom D785")  # without a reload
    window.accessible()
    row.get_by_role("button", name="Zuordnen").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Teilnehmer").select_option("22")
    window.accessible()
    dialog.get_by_role("button", name="Zuordnen").click()
    # By its address: telephones of tests that run meanwhile search, too.
    known = page.locator(f'tr[data-key="{phone.mac}"]').filter(has=page.get_by_role("link"))
    expect(known).to_contain_text("wird erwartet")
    account = phone.boot(phone.search()).account
    assert account.username == f"22-{phone.mac[-6:]}"
    with SipClient(
        server=(account.host, account.port), user=account.username, password=account.secret, timeout_s=10
    ) as sip:
        assert sip.register().status == 200
        expect(known).to_contain_text("angemeldet")
        known.get_by_role("link").first.click()
        page.get_by_role("button", name="Datei ansehen").click()
        expect(page.get_by_role("dialog").locator("pre")).to_contain_text("<user_active")
        expect(page.get_by_role("dialog").locator("pre")).not_to_contain_text(account.secret)
        page.get_by_role("dialog").get_by_role("button", name="Schließen").click()
        page.get_by_role("button", name="Neu starten").click()
        notify = sip.wait_request("NOTIFY")
        assert notify.get("event") == "check-sync;reboot=true"
        sip.respond(notify, 200)
        page.get_by_label("Name", exact=True).fill("Empfang")
        page.get_by_role("button", name="Speichern").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Empfang")
        window.accessible()
        _keys_by_mouse(browser, web, admin, phone, sip)
    window.in_order()
    admin.good("DELETE", f"/config/phone/{phone.mac}")
    admin.good("DELETE", f"/config/device/{account.username}")
