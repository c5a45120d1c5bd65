"""What a user does on her pages: calls, forwarding that real calls follow, notes, devices, messages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.box import Box, office, ring
from tests.support.browser import Window
from tests.support.web import Client, Web

PAGES = (
    "/my/phone", "/my/calls", "/my/messages", "/my/messages?tab=boxes", "/my/recordings", "/my/faxes",
    "/my/contacts", "/my/reach", "/my/reach?tab=ringing", "/my/reach?tab=rules", "/my/reach?tab=profiles",
    "/my/devices", "/my/settings", "/my/settings?tab=mails", "/my/settings?tab=wake",
    "/dial?number=tel:%2B4930123456",
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, Client]]:
    documents = office(
        "21", "22", "23",
        number={"head": {"number": "+492215550100", "steps": [ring("21")]}},
        voicemail_box={"21": {"owners": ["21"]}},
        fax_box={"fax": {"name": "Fax", "extension": "21", "number": "801"}},
    )  # fmt: skip
    box = Box(tmp_path_factory.mktemp("user"), documents)
    with box, Web(box) as web:
        admin = web.admin()
        web.account(admin, "anna", "user", ["21"], name="Anna Berger", language="en")
        yield web, admin


@pytest.fixture
def anna(browser: Browser, house: tuple[Web, Client]) -> Iterator[Window]:
    window = Window(browser, house[0], language="en")
    window.log_in("anna", "correct horse anna")
    yield window
    window.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_own_pages_are_accessible_and_fit_a_telephone(
    browser: Browser, house: tuple[Web, Client], dark: bool
) -> None:
    window = Window(browser, house[0], language="en", dark=dark, size=(360, 740) if dark else (1280, 900))
    window.log_in("anna", "correct horse anna")
    for path in PAGES:
        window.open(path)
        if not dark or path in PAGES[:3]:
            window.accessible()
        if dark:
            assert window.page.evaluate("document.documentElement.scrollWidth") <= 360, path
    window.in_order()
    window.close()


@pytest.mark.timeout(120)
def test_a_call_is_seen_answered_held_and_ended_and_noted(anna: Window, house: tuple[Web, Client]) -> None:
    page, box = anna.page, house[0].box
    with box.phone("21") as own, box.phone("22") as ben:
        own.register()
        ben.register()
        anna.open("/my/phone")
        ben.call("21")
        card = page.locator(".card.now")
        expect(card).to_contain_text("ringing")
        expect(card.get_by_role("button", name="Answer")).to_be_visible()
        own.incoming()
        own.answer()
        expect(card).to_contain_text("talking")
        card.get_by_role("button", name="Hold").click()
        expect(card).to_contain_text("on hold")
        card.get_by_role("button", name="Resume").click()
        expect(card).to_contain_text("talking")
        card.get_by_role("button", name="Hang up").click()
        ben.ended()
        expect(card).to_be_hidden()
        page.get_by_label("Number or extension").fill("22")
        page.get_by_role("button", name="Call", exact=True).click()
        own.incoming()
        own.answer()
        ben.incoming()
        expect(card).to_contain_text("22")
        ben.answer()
        expect(card).to_contain_text("talking")
        card.get_by_role("button", name="Hang up").click()
        expect(card).to_be_hidden()
    anna.open("/my/calls")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    rows.last.locator(".row-link").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("Write a note").click()
    sheet.get_by_label("What was said").fill("<b>Plans</b> by Friday")
    sheet.get_by_role("button", name="Save note").click()
    expect(sheet.locator(".note .pre")).to_have_text("<b>Plans</b> by Friday")
    anna.accessible()
    anna.in_order()


@pytest.mark.timeout(120)
def test_a_forwarding_made_by_mouse_is_followed_by_a_call(anna: Window, house: tuple[Web, Client]) -> None:
    page, box = anna.page, house[0].box
    anna.open("/my/reach")
    page.get_by_role("button", name="Add a forwarding").click()
    page.get_by_label("When").select_option("always")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".field-error:visible, .notice.bad:visible").first).to_be_visible()  # no number yet
    page.get_by_label("Target").select_option("extension")
    page.get_by_label("Colleague", exact=True).select_option("23")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    with box.phone("22") as ben, box.phone("23") as clara:
        ben.register()
        clara.register()
        ben.call("21")
        clara.incoming()
        ben.hangup()
        clara.ended()
    anna.open("/my/phone")
    expect(page.get_by_text("Always to")).to_be_visible()
    house[1].good("PATCH", "/config/extension/21", {"forwardings": []})
    anna.in_order()


def test_some_callers_hear_another_greeting(anna: Window, house: tuple[Web, Client]) -> None:
    page, admin = anna.page, house[1]
    anna.open("/my/messages?tab=boxes")
    page.locator("details.fold summary").click()
    page.get_by_role("button", name="Add a greeting").click()
    row = page.locator(".rows-row")
    row.get_by_label("Greeting", exact=True).select_option("recorded/2")
    row.get_by_label("Away").check()
    anna.accessible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.").first).to_be_visible()
    (made,) = admin.good("GET", "/config/voicemail_box/21")["greetings"]
    assert (made["greeting"], made["calls"]["status"], made["enabled"]) == ("recorded/2", ["away"], True)
    anna.in_order()


def test_status_mobile_contact_and_settings(anna: Window, house: tuple[Web, Client]) -> None:
    page, admin = anna.page, house[1]
    anna.open("/my/phone")
    page.get_by_role("button", name="Do not disturb").click()
    expect(page.get_by_text("Saved.").first).to_be_visible()
    assert admin.good("GET", "/config/extension/21")["status"] == "dnd"
    admin.good("PATCH", "/config/extension/21", {"status": "online"})
    anna.open("/my/devices")
    page.get_by_role("button", name="Add a mobile phone").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Mobile number").fill("12")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".field-error:visible").first).to_be_visible()
    dialog.get_by_label("Mobile number").fill("+491701234567")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".line", has_text="+491701234567")).to_be_visible()
    [mobile] = admin.good("GET", "/config/mobile")
    assert (mobile["extension"], mobile["needs_pin"]) == ("21", True)
    anna.open("/my/settings")
    page.get_by_label("Rings at most").fill("ten")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".field-error:visible").first).to_be_visible()
    expect(page.get_by_label("Rings at most")).to_have_value("ten")
    page.get_by_label("Rings at most").fill("45")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.").first).to_be_visible()
    assert admin.good("GET", "/config/extension/21")["ring_seconds"] == 45
    anna.in_order()


def test_contacts_of_a_file_are_looked_at_before_they_are_taken(
    anna: Window, house: tuple[Web, Client]
) -> None:
    page, admin = anna.page, house[1]
    ida = house[0].account(admin, "ida", "user", ["21"])
    number = {"number": "0221 555", "kind": "work"}
    ida.good("POST", "/contacts", {"book": "21", "name": "Fritz Fuchs", "numbers": [number]})

    def choose(text: str) -> None:
        page.get_by_label("File (vCard or CSV)").set_input_files(
            {"name": "book.csv", "mimeType": "text/csv", "buffer": text.encode()}
        )

    def names() -> set[str]:
        return {one["name"] for one in ida.good("GET", "/contacts?books=21")}

    anna.open("/my/contacts")
    page.get_by_role("button", name="Import", exact=True).click()
    dialog = page.get_by_role("dialog")
    choose(f"Name;Phone\nErna Ente;030 1\n{'x' * 200};030 2\nFritz Fuchs;030 3\n")
    expect(dialog.locator(".notice.bad li")).to_contain_text("Contact 2, Name: Is too long")
    expect(dialog.locator("tbody .badge")).to_have_text(["created", "wrong", "changed"])
    expect(dialog.get_by_role("button", name="Take over")).to_have_count(0)
    choose("Name;Phone\nErna Ente;030 1\nFritz Fuchs;030 3\n")
    expect(dialog.locator(".notice.good")).to_contain_text("1 new, 1 there already")
    anna.accessible()
    assert names() == {"Fritz Fuchs"}
    dialog.get_by_role("button", name="Take over").click()
    expect(page.locator("tbody tr", has_text="Erna Ente")).to_be_visible()
    assert names() == {"Erna Ente", "Fritz Fuchs"}
    anna.in_order()


def test_an_app_is_set_up_by_a_code_that_works_once(anna: Window) -> None:
    page = anna.page
    anna.open("/my/devices")
    page.get_by_role("button", name="Set up an app: 21").click()
    page.get_by_role("button", name="Show QR code").click()
    expect(page.get_by_alt_text("QR code for the app")).to_be_visible()
    anna.accessible()
    anna.in_order()
