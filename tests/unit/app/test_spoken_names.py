"""Which names are spoken for the directory of menus, and which recordings are left alone."""

import pytest

from appliance.app.spoken_names import missing, said
from appliance.model.documents import Audio, Document, Extension, Menu, MenuAction, MenuOption
from appliance.model.ids import AudioId, ExtensionId, MenuId
from appliance.model.snapshot import build

DIRECTORY = Menu(id=MenuId("m"), options=(MenuOption(key="1", action=MenuAction.DIRECTORY),))
PLAIN = Menu(id=MenuId("m"), options=(MenuOption(key="1", action=MenuAction.HANG_UP),))


def extension(number: str, name: str) -> Extension:
    return Extension(id=ExtensionId(number), number=number, name=name)


def audio(name: str, text: str) -> Audio:
    return Audio(id=AudioId("name-21"), name=name, text=text)


@pytest.mark.parametrize(
    ("documents", "wanted"),
    [
        ((DIRECTORY,), ["21"]),
        ((PLAIN,), []),
        ((DIRECTORY, audio("Böhm, Ada", "Ada Böhm")), []),
        ((DIRECTORY, audio("Böhm, Eva", "Eva Böhm")), ["21"]),
        ((DIRECTORY, audio("Böhm, Eva", "Frau Doktor Böhm")), []),
        ((DIRECTORY, audio("Böhm, Eva", "")), []),
    ],
)
def test_missing_names(documents: tuple[Document, ...], wanted: list[str]) -> None:
    office = build((extension("21", "Böhm, Ada"), extension("22", ""), *documents))
    assert [one.id for one in missing(office)] == wanted


def test_names_are_said_as_one_says_them() -> None:
    assert said("Böhm, Ada") == "Ada Böhm"
    assert said("Ada Böhm") == "Ada Böhm"
    assert said("Böhm,") == "Böhm"
