"""Music and announcements: uploaded as people have them, chosen on a page, heard in real calls."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Window
from tests.support.provider import Provider
from tests.support.web import Client, Web
from tests.system.pages.conftest import NUMBER


def sound(path: Path, hertz: int, *options: str) -> Path:
    """A tone in a file as a program for sounds writes it."""
    words = (
        "sox",
        "-V1",
        "-n",
        "-r",
        "44100",
        *options,
        str(path),
        "synth",
        "4",
        "sine",
        str(hertz),
        "vol",
        "0.3",
    )
    subprocess.run(words, check=True, timeout=60)
    return path


def upload(page: Page, path: Path, name: str, use: str) -> None:
    page.get_by_role("button", name="Datei hochladen").click()
    dialog = page.get_by_role("dialog")
    dialog.locator('[data-field="name"] input').fill(name)
    dialog.get_by_label("Verwendung").select_option(use)
    dialog.locator("input[type=file]").set_input_files(str(path))
    dialog.get_by_role("button", name="Hochladen", exact=True).click()


@pytest.mark.timeout(300)
def test_files_of_every_kind_are_chosen_and_heard(
    window: Window, web: Web, admin: Client, provider: Provider, tmp_path: Path
) -> None:
    page = window.page
    window.open("/office/audio")
    wrong = {
        tmp_path / "letter.mp3": ("keine Audiodatei", b"Dear colleagues, this is no music." * 20),
        tmp_path / "empty.wav": ("leer", b""),
    }
    for path, (told, content) in wrong.items():
        path.write_bytes(content)
        upload(page, path, "Falsch", "music")
        dialog = page.get_by_role("dialog")
        expect(dialog.locator('[data-field="file"] .field-error')).to_contain_text(told)
        expect(dialog.locator('[data-field="name"] input')).to_have_value("Falsch")
        dialog.get_by_role("button", name="Schließen").click()
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.truncate(65 * 2**20)
    upload(page, large, "Zu groß", "music")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator('[data-field="file"] .field-error')).to_contain_text("größer als 64 MB")
    window.accessible()
    dialog.get_by_role("button", name="Schließen").click()
    upload(page, sound(tmp_path / "jazz.mp3", 1500, "-c", "2"), "Jazz", "music")
    expect(page.get_by_role("row", name="Jazz")).to_be_visible()
    upload(page, sound(tmp_path / "closed.ogg", 900), "Geschlossen", "announcement")
    expect(page.get_by_role("row", name="Geschlossen")).to_be_visible()
    upload(page, sound(tmp_path / "spare.wav", 700, "-b", "24"), "Reserve", "announcement")
    page.get_by_role("row", name="Reserve").get_by_role("button", name="Anhören").click()
    expect(page.locator("audio")).to_be_visible()
    web.box.eventually(
        lambda: page.evaluate("document.querySelector('audio').duration > 3"), "the recording to be loaded"
    )

    window.visit("/office/extensions/21")
    page.locator('[data-field="music_on_hold"] select').select_option(label="Jazz")
    window.save()
    window.visit("/office/numbers/head")
    page.locator('[data-field="greeting"] select').first.select_option(label="Geschlossen")
    window.save()
    box = web.box
    with box.phones("21", "22") as (anna, ben):
        mine = anna.call("22")
        theirs: int = ben.incoming()["call"]
        ben.answer(theirs)
        anna.wait("answered", call=mine)
        anna.hold(mine)
        ben.hears(1500, call=theirs)
        anna.hangup(mine)
        ben.ended(theirs)
        far = provider.call(NUMBER)
        provider.hears(900, call=far)
        provider.hangup(far)
    window.in_order()
    admin.good("PATCH", "/config/extension/21", {"unset": ["music_on_hold"]})
    admin.good("PATCH", "/config/number/head", {"unset": ["greeting"]})
    for name in ("jazz", "geschlossen", "reserve"):
        admin.good("DELETE", f"/audio/{name}")
