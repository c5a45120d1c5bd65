"""The page of the other places with a real one: a code takes it in, a conflict is settled by a click."""

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from appliance.sync import credentials as kept
from tests.support.box import office
from tests.support.browser import admin_window
from tests.support.hub import Cluster, Node, until
from tests.support.place import Place
from tests.support.processes import ROOT, ortsamt
from tests.support.web import Web


@pytest.mark.timeout(180)
def test_a_box_is_taken_in_and_a_conflict_is_settled(browser: Browser, tmp_path: Path) -> None:
    hub = Cluster(tmp_path / "hub")
    hub.start()
    credentials = hub.tenant("page")
    cloud = Place(tmp_path / "cloud", credentials, "cloud")
    web = Web(cloud.box)
    box = Node(tmp_path / "box", dataclasses.replace(credentials, node="box"))
    (box.folder / "state" / "sync" / kept.FILE).unlink()
    try:
        with cloud.box, web:
            cloud.box.control("config.import", configuration=office("21"))
            cloud.start_sync()
            box.start_store()
            window = admin_window(browser, web, language="en")
            page = window.page
            window.open("/system/cloud")
            expect(page.get_by_text("connected", exact=True)).to_be_visible()
            page.get_by_role("button", name="Take a box in").click()
            dialog = page.get_by_role("dialog")
            dialog.get_by_role("textbox").fill("box")
            dialog.get_by_role("textbox").press("Enter")
            code = dialog.locator(".big-number").inner_text()
            page.keyboard.press("Escape")
            done = subprocess.run(
                ortsamt("sync", "--box", str(box.settings), "enrol", f"127.0.0.1:{web.port}", code),
                cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr + code
            box.start_sync()
            until(lambda: "21" in box.names(), box)
            place = page.locator("li.line", has_text="box")
            expect(place.get_by_text("same state")).to_be_visible()

            box.kill_sync()
            box.put("21", name="At the box")
            cloud.box.control("config.set", kind="extension", id="21", fields={"name": "In the cloud"})
            box.start_sync()
            button = page.get_by_role("button", name=re.compile("^Take (At the box|In the cloud)$"))
            expect(button).to_be_visible()
            taken = button.inner_text().removeprefix("Take ").strip()
            window.accessible("main")
            button.click()
            expect(page.get_by_text("None.", exact=True)).to_be_visible()
            until(lambda: box.names()["21"] == taken and not box.ask("sync.conflicts"), box)
            window.open("/system/outages")
            expect(page.get_by_text("No outage yet.")).to_be_visible()
            window.in_order()
            window.close()
    finally:
        box.stop()
        cloud.kill_sync()
        hub.stop()
