"""The box tries itself because a page wants it: each result as it comes, one run at a time."""

from tests.support.web import Client, Web, eventually


def test_the_box_tries_itself(web: Web, admin: Client) -> None:
    began = admin.good("POST", "/self-test", {"fax": False})
    assert began["began"]

    def over() -> bool:
        return not admin.good("GET", "/self-test")["running"]

    eventually(over, "the trial to end", 60)
    found = admin.good("GET", "/self-test")
    assert found["error"] == ""
    results = {one["what"]: one["result"] for one in found["results"]}
    assert results["core"] == "ok"
    assert results["edge"] == "ok"
    assert web.account(admin, "plain", "user", ["21"]).ask("GET", "/self-test").status == 403
