"""A registration is deleted on the page of its extension; the telephone may register again."""

from playwright.sync_api import expect

from tests.support.browser import Window
from tests.support.web import Client, Web


def test_a_registration_is_deleted(web: Web, window: Window, admin: Client) -> None:
    page, box = window.page, web.box
    window.open("/office/extensions/24")
    with box.phones("24"):
        line = page.locator("li", has=page.get_by_text("angemeldet", exact=True))
        expect(line).to_have_count(1)
        window.accessible()
        line.get_by_role("button", name="Anmeldung löschen").click()
        question = page.get_by_role("dialog")
        expect(question).to_contain_text("ändern Sie das Passwort")
        question.get_by_role("button", name="Abbrechen").click()
        [row] = [one for one in admin.good("GET", "/registrations") if one["extension"] == "24"]
        line.get_by_role("button", name="Anmeldung löschen").click()
        question.get_by_role("button", name="Anmeldung löschen").click()
        expect(page.get_by_text("nicht angemeldet", exact=True)).to_be_visible()
        assert all(one["extension"] != "24" for one in admin.good("GET", "/registrations"))
        asked = {"aor": row["aor"], "uri": row["uri"]}
        assert admin.ask("POST", "/registrations/drop", asked).status == 404
    with box.phones("24"):  # nothing keeps it away
        expect(page.get_by_text("angemeldet", exact=True)).to_be_visible()
        [row] = [one for one in admin.good("GET", "/registrations") if one["extension"] == "24"]
        asked = {"aor": row["aor"], "uri": row["uri"]}
        user = web.account(admin, "gustav", "user", ["23"])
        assert user.ask("POST", "/registrations/drop", asked).status == 403
        grant = {"resource": "registrations", "action": "manage", "scope": "own"}
        group = {"id": "droppers", "name": "Droppers", "grants": [grant]}
        admin.good("POST", "/config/permission_group", group)
        admin.good("PATCH", "/config/account/gustav", {"groups": ["droppers"]})
        assert user.ask("POST", "/registrations/drop", asked).status == 404
        assert row["aor"] in {one["aor"] for one in admin.good("GET", "/registrations")}
        window.visit(f"/office/devices/{row['aor']}")
        expect(page.get_by_role("button", name="Anmeldung löschen")).to_be_visible()
    window.in_order()
