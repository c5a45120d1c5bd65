"""The network page with a real network: another address is tried, confirmed there, and the box follows."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.box import Box, office
from tests.support.browser import ARGUMENTS, Window, admin_window
from tests.support.networkd import NetworkdBox
from tests.support.web import ADMIN, Web

NEW = "192.0.2.20"


@pytest.mark.timeout(240)
def test_a_new_address_is_tried_and_confirmed_there(browser: Browser, tmp_path: Path) -> None:
    with NetworkdBox(tmp_path) as net:
        net.serve_dhcp()
        net.start_helper()
        net.until(lambda: any(one.startswith("192.0.2.1") for one in net.addresses("wan0")), "DHCP")
        old = next(one for one in net.addresses("wan0") if one.startswith("192.0.2.1")).partition("/")[0]
        inside = net.enter(["env", f"NOTIFY_SOCKET={tmp_path / 'nobody'}"])  # as systemd does
        box = Box(tmp_path, office("21"), address=old, inside=inside, settings={"network": {"listen": []}})
        web = Web(box)
        there = browser.browser_type.launch(executable_path=net.chromium(), args=list(ARGUMENTS))
        try:
            with box, web:
                _journey(there, net, box, web, old)
        finally:
            there.close()


def _journey(browser: Browser, net: NetworkdBox, box: Box, web: Web, old: str) -> None:
    window = admin_window(browser, web, language="en", host=old)
    page = window.page
    window.open("/system/network")
    expect(page.get_by_text(f"{old}/24 (DHCP)")).to_be_visible()
    wire = page.locator(".rows-row", has=page.locator("select").filter(has_text="wan0")).first
    wire.get_by_label("IPv4", exact=True).select_option("static")
    wire.get_by_label("Address with its network").first.fill(f"{NEW}/24")
    wire.get_by_label("Gateway", exact=True).fill("192.0.9.1")
    page.get_by_role("button", name="Try it").click()
    expect(wire.get_by_text("is outside the network 192.0.2.0/24")).to_be_visible()
    wire.get_by_label("Gateway", exact=True).fill("192.0.2.1")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("New settings are on trial")).to_be_visible()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"\d+ seconds left"))
    expect(page.get_by_text("does not answer at this address any more")).to_be_visible(timeout=40_000)
    window.accessible()
    with window.context.expect_page() as opened:
        page.get_by_role("link", name=f"https://{NEW}:").click()
    other = opened.value
    # Edge and core come to an end, to be started anew with the new address; systemd would see to it.
    assert box.edge is not None
    assert box.core is not None
    box.edge.popen.wait(60)
    box.core.popen.wait(60)
    box.start_edge()
    box.start_core()
    box.wait_ready()
    expect(other.get_by_text("The new network settings are kept")).to_be_visible(timeout=40_000)
    assert "confirm" not in other.url, "the token stays nowhere"
    assert net.call("network.show")["kept"]["connections"][0]["address"] == f"{NEW}/24"
    window.close()
    window = Window(browser, web, language="en", host=NEW)
    window.log_in(ADMIN, web.first_password(), "/system/network")
    expect(window.page.get_by_text(f"{NEW}/24 (fixed)")).to_be_visible()
    told = "path => fetch('/api/v1' + path).then(answer => answer.text())"
    assert f"{NEW}:{web.http_port}/prov/" in window.page.evaluate(told, "/phone-dhcp")
    assert NEW in window.page.evaluate(told, "/certificate")
    assert f":{box.ports['sip_port']} " in net.inside("ss", "-Hlnu", "src", NEW)
    window.in_order()
    window.close()
