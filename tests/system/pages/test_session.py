"""Logging in and out, sessions that end, a core that goes away and comes back."""

import time

from playwright.sync_api import Browser, expect

from tests.support.browser import Window
from tests.support.web import Client, Web
from webui.login import code_at


def person(web: Web, admin: Client, name: str, role: str = "user") -> str:
    """A new account; returns its password."""
    web.account(admin, name, role, ["21"], name=name.title(), language="de")
    return f"correct horse {name}"


def test_wrong_password_is_told_and_the_right_one_lets_in(browser: Browser, web: Web, admin: Client) -> None:
    password = person(web, admin, "lena")
    window = Window(browser, web, language="en")
    page = window.page
    page.goto("/account")
    page.get_by_label("User name").fill("lena")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(page.get_by_label("User name")).to_have_value("lena")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mein Konto")  # her own language
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto("/account")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    window.in_order()
    window.close()


def test_second_factor_is_turned_on_and_asked_for(browser: Browser, web: Web, admin: Client) -> None:
    password = person(web, admin, "toni")
    window = Window(browser, web)
    page = window.page
    window.log_in("toni", password, "/account")
    page.get_by_role("button", name="Einschalten").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_alt_text("QR-Code für die App")).to_be_visible()
    window.accessible()
    secret = dialog.locator("code").inner_text()
    dialog.get_by_label("Jetziges Passwort").fill(password)
    dialog.get_by_label("Code der App").fill("000000")
    dialog.get_by_role("button", name="Einschalten").click()
    expect(dialog.locator(".field-error:visible")).to_be_visible()
    dialog.get_by_label("Code der App").fill(code_at(secret, int(time.time()) // 30))
    dialog.get_by_role("button", name="Einschalten").click()
    expect(page.get_by_text("Eingeschaltet", exact=True)).to_be_visible()
    page.get_by_role("button", name="Abmelden").click()
    page.get_by_label("Benutzername").fill("toni")
    page.get_by_label("Passwort").fill(password)
    page.get_by_role("button", name="Anmelden").click()
    page.get_by_label("Code der App").fill(code_at(secret, int(time.time()) // 30 + 1))
    page.get_by_role("button", name="Anmelden").click()
    window.ready()
    window.in_order()
    window.close()


def test_theme_and_language_stay(browser: Browser, web: Web, admin: Client) -> None:
    password = person(web, admin, "uwe")
    window = Window(browser, web)
    page = window.page
    window.log_in("uwe", password, "/account")
    page.get_by_role("button", name="Dunkel").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 23)"
    window.close()


def test_a_session_that_ended_asks_again_above_the_page(browser: Browser, web: Web, admin: Client) -> None:
    password = person(web, admin, "ina")
    window = Window(browser, web)
    page = window.page
    window.log_in("ina", password, "/account")
    page.get_by_label("Neues Passwort").fill("something typed already")
    window.context.clear_cookies()
    page.get_by_label("Jetziges Passwort").fill(password)
    page.get_by_role("button", name="Passwort ändern").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Passwort").fill(password)
    dialog.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_text("Das Passwort ist geändert.")).to_be_visible()
    window.close()
