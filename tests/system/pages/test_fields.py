"""Forms of the office in Chromium: rules, moments and greetings reach their documents, or are told."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Window
from tests.support.web import Client
from tests.system.pages.test_office import field


@pytest.fixture
def page(window: Window) -> Iterator[Page]:
    yield window.page
    window.in_order()


def save(page: Page) -> None:
    page.get_by_role("button", name="Speichern").click()


def test_what_is_dialled_is_rewritten_by_rules_of_the_office(
    window: Window, page: Page, admin: Client
) -> None:
    window.open("/office/site")
    page.get_by_role("button", name="Umschreibung hinzufügen").click()
    rule = page.locator(".rows-row")
    field(rule, "pattern").locator("input").fill("010XX.")
    field(rule, "strip").locator("input").fill("9")
    save(page)
    expect(field(rule, "strip").locator(".field-error")).to_be_visible()
    field(rule, "strip").locator("input").fill("5")
    window.save()
    rules = admin.good("GET", "/config/site/main")["rewriting"]
    assert [(one["pattern"], one["strip"], one["enabled"]) for one in rules] == [("010XX.", 5, True)]
    rule.get_by_role("button", name="Entfernen").click()
    save(page)
    expect(page.locator(".form-bar.changed")).to_have_count(0)
    assert admin.good("GET", "/config/site/main")["rewriting"] == []


def test_a_pin_counts_from_one_moment_to_another(window: Window, page: Page, admin: Client) -> None:
    admin.good("POST", "/config/conference_room", {"id": "pinned", "number": "8123", "pin": "4711"})
    window.open("/office/conferences/pinned")
    field(page, "pin_from").locator("input").fill("2030-06-01T08:30")
    window.save()
    made = admin.good("GET", "/config/conference_room/pinned")
    wanted = page.evaluate("new Date('2030-06-01T08:30').toISOString()")
    assert made["pin_from"].replace("+00:00", "Z")[:16] == wanted[:16]
    assert made["pin_until"] is None
    window.open("/office/conferences/pinned")
    expect(field(page, "pin_from").locator("input")).to_have_value("2030-06-01T08:30")
    field(page, "pin_from").locator("input").fill("")
    window.save()
    assert admin.good("GET", "/config/conference_room/pinned")["pin_from"] is None
    admin.good("DELETE", "/config/conference_room/pinned")


def test_some_callers_hear_another_greeting(window: Window, page: Page, admin: Client) -> None:
    admin.good("POST", "/config/voicemail_box", {"id": "greets", "number": "8124", "owners": ["22"]})
    window.open("/office/voicemail/greets")
    page.locator("details.fold summary").click()
    page.get_by_role("button", name="Begrüßung hinzufügen").click()
    row = page.locator(".rows-row")
    field(row, "greeting").locator("select").select_option("recorded/2")
    field(row, "callers").locator("select").select_option("external")
    field(row, "status").get_by_label("Abwesend").check()
    window.accessible()
    window.save()
    (made,) = admin.good("GET", "/config/voicemail_box/greets")["greetings"]
    assert (made["greeting"], made["scenario"], made["enabled"]) == ("recorded/2", "", True)
    assert (made["calls"]["callers"], made["calls"]["status"]) == ("external", ["away"])
    admin.good("DELETE", "/config/voicemail_box/greets")


def test_faxes_over_t38_go_with_speech_in_the_clear(window: Window, page: Page, admin: Client) -> None:
    trunk = {"id": "faxes", "kind": "static", "host": "127.0.0.9", "peers": ["127.0.0.9"], "enabled": False}
    admin.good("POST", "/config/trunk", {**trunk, "srtp": "mandatory", "transport": "tls"})
    window.open("/office/trunks/faxes")
    page.locator("details.fold summary").click()
    field(page, "t38").locator("input").check()
    save(page)
    expect(field(page, "t38").locator(".field-error")).to_be_visible()
    field(page, "srtp").locator("select").select_option("off")
    window.save()
    assert admin.good("GET", "/config/trunk/faxes")["t38"] is True
    admin.good("DELETE", "/config/trunk/faxes")
