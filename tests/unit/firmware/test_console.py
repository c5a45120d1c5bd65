"""What stands on the screen, and the page of a box in need."""

import threading
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.firmware.console import Facts, gather, screen
from appliance.firmware.rescue import page, server

FACTS = Facts(version="1.2", host="ortsamt-1a2b", addresses=("192.168.1.7",), core=True)


def test_the_screen_says_where_the_page_is() -> None:
    text = screen(replace(FACTS, first_password="Secret7"))
    for words in ("https://ortsamt-1a2b.local", "https://192.168.1.7", "admin  Secret7", "Ready for calls"):
        assert words in text
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(FACTS, addresses=()), "No network"),
        (replace(FACTS, core=False), "is starting"),
        (replace(FACTS, fault="The data partition is damaged."), "FAULT: The data partition"),
        (replace(FACTS, mended="It was damaged and has been mended."), "mended"),
    ],
)
def test_what_is_wrong_is_on_the_screen(facts: Facts, said: str) -> None:
    assert said in screen(facts)


def test_what_the_box_knows_of_itself_is_gathered(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "first-password").write_text("Secret7\n")
    (tmp_path / "fault").write_text("No data.\n")
    facts = gather(tmp_path, tmp_path, ("10.0.0.2",), core=False)
    assert (facts.first_password, facts.fault, facts.mended) == ("Secret7", "No data.", "")
    assert gather(tmp_path / "none", tmp_path / "none", (), core=True).first_password == ""


def test_the_rescue_page_says_what_is_wrong_and_is_no_page_of_the_box() -> None:
    made = server("127.0.0.1", 0, lambda: page("<b>No data.</b>", "1.2", "fsck said <no>"))
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"http://127.0.0.1:{made.server_port}/any", timeout=10)
        text = answer.value.read().decode()
    finally:
        made.shutdown()
        made.server_close()
        thread.join(5)
    assert answer.value.code == 503
    assert "&lt;b&gt;No data.&lt;/b&gt;" in text
    assert "Zurücksetzen" in text
