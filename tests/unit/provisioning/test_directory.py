"""The directory as handsets of an OMM page through it."""

import xml.etree.ElementTree as ET
from dataclasses import replace

from appliance.provisioning.directory import Entry, Page, directory

URL = "http://box/prov/token/directory"
PEOPLE = tuple(Entry(name=f"Anna & Co {number}", number=str(number)) for number in range(100, 170))


def shown(**page: object) -> ET.Element:
    made = replace(Page(title="Büro", entries=PEOPLE, total=len(PEOPLE), url=URL), **page)  # type: ignore[arg-type]
    return ET.fromstring(directory("omm", made).content)


def test_at_first_it_asks_for_a_name() -> None:
    form = shown(asked=False)
    assert form.tag == "AastraIPPhoneInputScreen"
    assert (form.findtext("URL"), form.findtext("Parameter")) == (URL, "search")


def test_what_was_found_comes_in_pieces_that_a_menu_holds() -> None:
    menu = shown(words="anna &")
    items = menu.findall("MenuItem")
    assert len(items) == 30
    assert (items[0].findtext("Prompt"), items[0].findtext("Dial")) == ("Anna & Co 100", "100")
    assert items[-1].findtext("URI") == f"{URL}?search=anna+%26&first=30"
    last = shown(words="anna", entries=PEOPLE[-5:], first=65)
    assert len(last.findall("MenuItem")) == 5
