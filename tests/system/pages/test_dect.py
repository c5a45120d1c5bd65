"""DECT with the mouse alone: a system is made, handsets are enrolled and given to people, a base adopted."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser import Window
from tests.support.dect import Air
from tests.support.processes import Process, free_port, ortsamt
from tests.support.web import Client, Web

PIN = "4711"


@pytest.fixture
def port(web: Web) -> Iterator[int]:
    """Of an OMM with two bases and two handsets that nobody has set up yet."""
    found = free_port()
    words = ("--port", str(found), "--bases", "2", "--handsets", "2")
    command = ortsamt("dect-emulator", "--box", str(web.box.settings), *words)
    emulator = Process("dect-emulator", command, log=web.box.folder / "dect.log")
    try:
        emulator.wait_line("is there", timeout=60)
        yield found
    finally:
        emulator.stop()


def test_from_nothing_to_two_handsets_without_a_file(
    window: Window, web: Web, admin: Client, port: int
) -> None:
    page, air = window.page, Air(web.box)
    window.open("/office/dect/+")
    page.get_by_label("Name", exact=True).first.fill("Hallen")
    page.get_by_label("Hersteller").select_option("mitel")
    page.get_by_label("Adresse des OMM").fill("127.0.0.1")
    page.get_by_label("Benutzername").fill("omm")
    page.get_by_label("Kennwort der Anlage").fill("demo-omm-secret")
    page.get_by_label("PIN").fill(PIN)
    page.get_by_role("button", name="Basis hinzufügen").click()
    page.get_by_label("MAC-Adresse").fill("00:30:42:e0:00:02")
    page.get_by_label("Ort", exact=True).fill("Halle 2, Tor 4")
    page.get_by_label("Name", exact=True).nth(1).fill("Lager")
    page.get_by_text("Mehr", exact=True).click()
    page.get_by_label("Port", exact=True).fill(str(port))
    window.accessible()
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hallen")
    expect(page.get_by_role("link", name="ipdect.cfg")).to_be_visible()
    window.accessible()

    window.visit("/system/hardware")
    system = page.get_by_role("region", name="Hallen")
    expect(system.locator(".dect-tree > li > ul")).to_contain_text("Lager")  # below the other by its clock
    expect(system.locator(".dect-tree")).to_contain_text("Halle 2, Tor 4")
    system.get_by_role("button", name="Mobilteil anmelden").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Teilnehmer").select_option("22")
    window.accessible()
    dialog.get_by_role("button", name="Mobilteil anmelden").click()
    opened = system.locator(".dect-window")
    expect(opened).to_contain_text(PIN)
    expect(opened.get_by_role("timer")).to_contain_text("1:")
    window.accessible()
    web.box.eventually(lambda: bool(air.do("enrol", "H1", pin=PIN)["display"] == "enrolled"), "the window")
    expect(system).to_contain_text("Angemeldet: 22 Phone 22")

    # Whoever comes, and whose it is afterwards.
    system.get_by_role("button", name="Mobilteil anmelden").click()
    dialog.get_by_role("button", name="Mobilteil anmelden").click()
    expect(opened).to_be_visible()
    web.box.eventually(lambda: bool(air.do("enrol", "H2", pin=PIN)["display"] == "enrolled"), "the window")
    system.get_by_role("button", name="Zuordnen").click()
    dialog.get_by_label("Teilnehmer").select_option("23")
    dialog.get_by_role("button", name="Zuordnen").click()
    expect(system.get_by_role("link", name="Phone 23")).to_be_visible()
    air.until("H2", "its account", registered=True)

    # One is blocked on its page, found by its bell, and its enrolment ended.
    window.visit("/office/handsets")
    page.get_by_role("link", name="Phone 23").first.click()
    page.get_by_label("Gesperrt").check()
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator(".form-bar.changed")).to_have_count(0)
    window.visit("/system/hardware")
    expect(system.get_by_role("listitem").filter(has_text="Phone 23")).to_contain_text("gesperrt")
    system.get_by_role("button", name="Suchen: Phone 22").click()
    air.until("H1", "a ring", state="rings")
    air.do("hang_up", "H1")
    system.get_by_role("button", name="Abmelden: Phone 22").click()
    page.get_by_role("dialog").get_by_role("button", name="Abmelden").click()
    air.until("H1", "the end", state="not enrolled")
    window.in_order()
    for document in ("dect_handset/dect22", "dect_handset/dect23", "dect_system/hallen"):
        admin.good("DELETE", f"/config/{document}")


def test_a_base_that_was_seen_is_taken_into_a_system(window: Window, web: Web, admin: Client) -> None:
    page = window.page
    agent = {"User-Agent": "Gigaset N870 IP PRO/83.V2.50.0;7C2F80B00001"}
    web.client().ask("GET", "//prov/7c2f80b00001.xml", headers=agent)
    window.open("/office/phones")
    row = page.get_by_role("row", name="7C:2F:80:B0:00:01")
    row.get_by_role("button", name="In ein DECT-System").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name der Basis").fill("Empfang")
    dialog.get_by_label("PIN zum Anmelden").fill(PIN)
    window.accessible()
    dialog.get_by_role("button", name="In ein DECT-System").click()
    expect(dialog).to_have_count(0)
    system = admin.good("GET", "/config/dect_system/dect-b00001")
    assert [one["mac"] for one in system["bases"]] == ["7C2F80B00001"]
    assert web.client().ask("GET", "//prov/7c2f80b00001.xml", headers=agent).status == 200
    window.visit("/system/hardware")
    expect(page.locator(".dect-system")).to_be_visible()  # from here on it hears what is refused
    admin.good("POST", "/dect/update", {"system": "dect-b00001", "base": "7C2F80B00001"})
    expect(page.locator(".toast.bad")).to_contain_text("es ist keine Firmware angegeben")
    window.in_order()
    admin.good("DELETE", "/config/dect_system/dect-b00001")
