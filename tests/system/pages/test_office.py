"""Administering the office in Chromium: what is drawn is what calls do; mistakes, attacks, two at once."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import Window
from tests.support.provider import Provider
from tests.support.web import Client, Web
from tests.support.workbooks import workbook
from tests.system.pages.conftest import NUMBER

EVIL = '<img src=x onerror="window.hit=1">\'{{7*7}}</script><b>x'


@pytest.fixture
def page(window: Window) -> Iterator[Page]:
    yield window.page
    window.in_order()


def field(page: Page | Locator, name: str) -> Locator:
    return page.locator(f'[data-field="{name}"]')


def test_a_scenario_drawn_by_mouse_is_what_calls_do(
    window: Window, page: Page, web: Web, provider: Provider
) -> None:
    window.open("/office/numbers/head")
    bar = page.locator(".week-row.today .week-bar")
    bar.scroll_into_view_if_needed()
    area = bar.bounding_box()
    assert area is not None
    middle = area["y"] + area["height"] / 2
    page.mouse.move(area["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] / 2, middle)
    page.mouse.move(area["x"] + area["width"] - 1, middle, steps=3)
    page.mouse.up()
    body = page.locator(".scenario.open")
    field(body, "name").locator("input").fill("Vertretung")
    body.get_by_role("button", name="Wer soll klingeln?").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("23")
    dialog.locator(".target-option").filter(has_text="Phone 23").click()
    expect(body.locator(".target")).to_contain_text("Phone 23")
    expect(page.locator(".week-row.today .week-span").first).to_contain_text(
        "Vertretung"
    )  # before it is saved
    window.save()
    expect(page.locator(".page-head .badge")).to_contain_text("Vertretung")
    expect(page.locator(".explained-steps")).to_contain_text("23")
    with web.box.phones("21", "23") as (anna, clara):
        call = provider.call(NUMBER)
        clara.answer(clara.incoming()["call"])
        provider.wait("answered", call=call)
        provider.hangup(call)
        assert not [one for one in anna.events if one.get("event") == "incoming"]
    page.locator(".scenario-head").get_by_role("button", name="Szenario entfernen").click()
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator(".page-head .badge")).to_contain_text("Normalbetrieb")


def test_steps_are_dragged_and_ordered(window: Window, page: Page, admin: Client) -> None:
    window.open("/office/numbers/+")
    field(page, "number").locator("input").fill("+492215550177")
    steps = page.locator(".form-section > .fields > [data-field=steps]")
    for name, place in (("Phone 21", ".step-add"), ("Phone 22", ".step-more"), ("Phone 23", ".step-add")):
        steps.locator(place).first.click()
        page.get_by_role("dialog").locator(".target-option").filter(has_text=name).click()
    steps.locator(".step-seconds input").first.fill("7")
    steps.get_by_role("button", name="Früher").click()
    window.save()
    made = admin.good("GET", "/config/number/492215550177")
    assert [[one["ref"] for one in step["targets"]] for step in made["steps"]] == [["23"], ["21", "22"]]
    assert [step["seconds"] for step in made["steps"]] == [20, 7]


def test_a_mistake_is_told_beside_its_field_and_what_was_typed_stays(window: Window, page: Page) -> None:
    window.open("/office/extensions/+")
    field(page, "name").locator("input").fill("Neu Hier")
    field(page, "number").locator("input").fill("2x")
    page.get_by_role("button", name="Speichern").click()
    wrong = field(page, "number")
    expect(wrong.locator(".field-error")).to_be_visible()
    expect(wrong.locator("input")).to_have_attribute("aria-invalid", "true")
    expect(wrong.locator("input")).to_be_focused()
    expect(field(page, "name").locator("input")).to_have_value("Neu Hier")
    window.accessible("main")
    window.open("/office/numbers/head")
    page.get_by_role("button", name="Szenario anlegen").click()
    body = page.locator(".scenario.open")
    field(body, "name").locator("input").fill("")
    page.get_by_role("button", name="Speichern").click()
    expect(field(body, "name").locator(".field-error")).to_be_visible()


def test_names_that_are_programs_are_only_names(window: Window, page: Page, admin: Client) -> None:
    admin.good("POST", "/config/extension", {"id": "66", "number": "66", "name": EVIL})
    admin.good("POST", "/config/switch", {"id": "evil", "name": EVIL})
    for path in ("/office/extensions", "/office/extensions/66", "/office/switches", "/office/numbers/head",
                 "/office/log"):  # fmt: skip
        window.visit(path)
        if path == "/office/extensions":
            expect(page.get_by_role("link", name=EVIL)).to_have_count(0)
            expect(page.get_by_text(EVIL)).to_be_visible()
    page.get_by_role("searchbox").fill("<img")
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0
    admin.good("DELETE", "/config/extension/66")


@pytest.mark.timeout(300)
def test_what_a_caller_calls_himself_is_only_a_name(
    browser: Browser, window: Window, web: Web, admin: Client, provider: Provider
) -> None:
    """A display name out of a foreign INVITE, live at the user's and in lists of calls: never a program."""
    web.account(admin, "struck", "user", ["21"], language="de")
    user = Window(browser, web)
    user.log_in("struck", "correct horse struck")
    hostile = "<img src=x onerror=window.hit=1><b>x"
    with web.box.phone("21") as phone:
        phone.register()
        user.open("/my/phone")
        window.open("/system/calls")
        far = provider.call(NUMBER, "+4930666", name=hostile)
        call: int = phone.incoming()["call"]
        expect(user.page.locator(".card.now")).to_contain_text("<img src=x")
        expect(window.page.locator("main")).to_contain_text("4930666")
        phone.answer(call)
        expect(window.page.locator("main")).to_contain_text(re.compile(r"PCMA.*MOS \d,\d"))
        provider.hangup(far)
        phone.ended(call)
    for seen, path in ((user, "/my/calls"), (window, "/system/journal"), (window, "/system/overview")):
        seen.open(path)
        if path != "/system/overview":
            expect(seen.page.locator("tbody tr").first).to_contain_text("<img src=x")
        assert seen.page.evaluate("window.hit") is None
        assert seen.page.locator("main img").count() == 0
        seen.in_order()
    user.close()


def test_two_who_change_the_same_are_told_and_lose_nothing(window: Window, page: Page, admin: Client) -> None:
    admin.good("POST", "/config/switch", {"id": "both", "name": "Alt", "number": "*8811"})
    window.open("/office/switches/both")
    admin.good("PATCH", "/config/switch/both", {"name": "Anders", "number": "*8812"})
    field(page, "name").locator("input").fill("Meins")
    field(page, "on").locator("input").check()
    page.get_by_role("button", name="Speichern").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Anders")
    window.accessible("dialog")
    dialog.get_by_role("button", name="Weiter bearbeiten").click()
    expect(field(page, "name").locator("input")).to_have_value("Meins")
    page.get_by_role("button", name="Speichern").click()
    window.save(page.get_by_role("dialog"))
    now = admin.good("GET", "/config/switch/both")
    assert (now["name"], now["number"], now["on"]) == ("Meins", "*8812", True)


def test_leaving_with_something_unsaved_is_asked(window: Window, page: Page) -> None:
    window.open("/office/switches/night")
    field(page, "name").locator("input").fill("Anders")
    page.get_by_role("link", name="Bereitschaften").click()
    page.get_by_role("dialog").get_by_role("button", name="Hier bleiben").click()
    expect(field(page, "name").locator("input")).to_have_value("Anders")
    page.get_by_role("link", name="Bereitschaften").click()
    page.get_by_role("dialog").get_by_role("button", name="Verwerfen").click()
    window.ready("/office/rotations")


def test_a_table_is_looked_at_before_it_is_taken(window: Window, page: Page, admin: Client) -> None:
    window.open("/office/import")
    page.get_by_label("Oder den Text der Tabelle einfügen").fill(
        "Nebenstelle;Name\n71;Import Eins\n21x;Falsch\n"
    )
    page.get_by_role("button", name="Vorschau").click()
    expect(page.locator(".notice.bad")).to_contain_text("nichts übernommen")
    page.get_by_label("Oder den Text der Tabelle einfügen").fill(
        "Nebenstelle;Name\n71;Import Eins\n72;Import Zwei\n"
    )
    page.get_by_role("button", name="Vorschau").click()
    expect(page.locator(".notice.good")).to_be_visible()
    page.get_by_role("button", name="Übernehmen").click()
    window.ready("/office/extensions")
    expect(page.get_by_text("Import Zwei")).to_be_visible()
    for number in ("71", "72"):
        assert admin.good("GET", f"/config/extension/{number}")["number"] == number
    window.visit("/office/log")
    page.get_by_role("searchbox").fill("Import Zwei")
    page.locator("tbody tr").first.get_by_role("button", name="Zurücknehmen").click()
    page.get_by_role("dialog").get_by_role("button", name="Zurücknehmen").click()
    expect(page.locator(".toast").last).to_be_visible()


def test_a_workbook_of_devices_is_taken_whole_or_not(window: Window, page: Page, admin: Client) -> None:
    def choose(*rows: tuple[str, ...]) -> None:
        page.locator("input[type=file]").set_input_files(
            {"name": "devices.xlsx", "mimeType": "application/octet-stream", "buffer": workbook(*rows)}
        )

    window.open("/office/devices")
    page.get_by_role("link", name="Aus einer Tabelle").click()
    choose(("username", "extension", "name"), ("wb-1", "21", "Werkbank"), ("wb-2", "99", "Halle"))
    expect(page.locator(".notice.bad")).to_contain_text("Zeile 3: Teilnehmer: Der Teilnehmer „99“")
    window.accessible()
    choose(("username", "extension", "name"), ("wb-1", "21", "Werkbank"), ("wb-2", "22", "Halle"))
    expect(page.locator(".notice.good")).to_contain_text("2 neu")
    page.get_by_role("button", name="Übernehmen").click()
    window.ready("/office/devices")
    expect(page.get_by_text("Werkbank")).to_be_visible()
    for name in ("wb-1", "wb-2"):
        admin.good("DELETE", f"/config/device/{name}")


@pytest.mark.timeout(240)
def test_an_analog_telephone_and_a_backup_plan_are_set_up(window: Window, page: Page, admin: Client) -> None:
    window.open("/office/analog/+")
    field(page, "extension").locator("select").select_option("24")
    field(page, "port").locator("input").fill("fxs1")
    field(page, "kind").locator("select").select_option("hotline")
    field(page, "hot_line").locator("input").fill("22x")
    page.get_by_role("button", name="Speichern").click()
    expect(field(page, "hot_line").locator(".field-error")).to_contain_text("Ziffern")
    field(page, "hot_line").locator("input").fill("22")
    window.save()
    made = admin.good("GET", "/config/analog/fxs1")
    assert (made["extension"], made["kind"], made["hot_line"]) == ("24", "hotline", "22")
    admin.good("DELETE", "/config/analog/fxs1")
    window.open("/office/backup-plan")
    field(page, "folder").locator("input").fill("stick")
    field(page, "passphrase").locator("input").fill("kurz")
    page.get_by_role("button", name="Speichern").click()
    expect(field(page, "folder").locator(".field-error")).to_be_visible()
    field(page, "folder").locator("input").fill("/media/stick")
    field(page, "passphrase").locator("input").fill("vier Wörter die nicht passen")
    window.save()
    plan = admin.good("GET", "/config/backup/main")
    assert (plan["folder"], plan["hour"], plan["keep"]) == ("/media/stick", 3, 14)
    admin.good("DELETE", "/config/backup/main")


def test_a_menu_is_made_on_its_key_pad(window: Window, page: Page, admin: Client) -> None:
    window.open("/office/menus/+")
    field(page, "name").locator("input").fill("Begrüßung")
    page.locator(".keypad-key").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Ziel wählen").click()
    page.get_by_role("dialog").last.locator(".target-option").filter(has_text="Phone 22").click()
    page.get_by_role("dialog").get_by_role("button", name="OK").click()
    expect(page.locator(".keypad-key.used")).to_contain_text("Phone 22")
    window.save()
    (option,) = admin.good("GET", "/config/menu/begrussung")["options"]
    assert (option["key"], option["action"], option["to"]) == (
        "1",
        "connect",
        {"kind": "extension", "ref": "22"},
    )


def test_pages_show_what_one_may(browser: Browser, web: Web, admin: Client) -> None:
    web.account(admin, "ole", "user", ["21"])
    window = Window(browser, web)
    window.log_in("ole", "correct horse ole", "/account")
    nav = window.page.get_by_role("navigation")
    expect(nav.get_by_role("link", name="Leitungen")).to_have_count(0)
    window.visit("/office/trunks")
    expect(window.page.get_by_role("heading", level=1)).to_contain_text("Recht")
    window.in_order()
    window.close()


def test_a_lost_core_is_told_and_what_was_typed_outlives_it(
    browser: Browser, web: Web, admin: Client
) -> None:
    window = Window(browser, web)
    window.enter(admin)
    page = window.page
    window.open("/office/switches/night")
    field(page, "name").locator("input").fill("Nacht und Nebel")
    assert web.box.core is not None
    web.box.core.stop()
    expect(page.locator(".banner.bad")).to_be_visible()
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator(".form > .notice.bad")).to_be_visible()
    web.box.start_core()
    web.box.wait_ready()
    expect(page.locator(".banner.bad")).to_have_count(0)
    expect(field(page, "name").locator("input")).to_have_value("Nacht und Nebel")
    window.save()
    window.in_order()
    window.close()
