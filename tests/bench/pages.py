"""How soon pages can be used with a large office: ``python -m tests.bench.pages``.

500 extensions with telephones, 100 000 calls in the journal. Each page is opened by its address (a browser
that has the files already) and by a click inside; printed is the time until it stands there and can be used.
"""

import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.model.ids import CallId, NumberId
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord
from appliance.store.records import RecordStore
from tests.support.box import Box, office, ring
from tests.support.browser import admin_window, chromium
from tests.support.web import Web

EXTENSIONS = 500
CALLS = 100_000
ROUNDS = 5
PAGES = (
    "/office/extensions",
    "/office/numbers",
    "/system/journal",
    "/system/overview",
    "/my/calls",
    "/my/phone",
)


def main() -> None:
    """Measure and print."""
    people = [str(1000 + number) for number in range(EXTENSIONS)]
    documents = office(*people, number={"head": {"number": "+492215550100", "steps": [ring(*people[:20])]}})
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder), documents)
        _fill(Path(folder) / "state" / "records.db", people)
        with box, Web(box) as web, chromium() as browser:
            admin = web.admin()
            admin.good("PATCH", "/config/account/admin", {"extensions": [people[0]]})
            window = admin_window(browser, web, language="en")
            print(f"{EXTENSIONS} extensions, {CALLS} calls; median (longest) of {ROUNDS}, at most 300 ms")
            for path in PAGES:
                if not window.page.evaluate(f"fetch('{path}').then(answer => answer.ok)"):
                    continue
                whole, inside = [], []
                for _ in range(ROUNDS):
                    window.open(path)
                    whole.append(window.page.evaluate("performance.getEntriesByName('page').at(-1).duration"))
                    window.open("/account")
                    inside.append(
                        window.page.evaluate(
                            """async path => {
                                const link = document.createElement("a");
                                link.href = path;
                                document.body.append(link);
                                const began = performance.now();
                                link.click();
                                const main = document.querySelector("main");
                                while (main.dataset.ready !== path) await new Promise(requestAnimationFrame);
                                return performance.now() - began;
                            }""",
                            path,
                        )
                    )
                print(f"{path:20} by address {_said(whole)}   by click {_said(inside)}")
            window.close()


def _said(times: list[float]) -> str:
    return f"{statistics.median(times):6.0f} ({max(times):.0f}) ms"


def _fill(path: Path, people: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    store = RecordStore(path, capacity=CALLS * 2)
    began = datetime.now(UTC) - timedelta(days=300)
    for number in range(CALLS):
        started = began + timedelta(seconds=number * 250)
        one = people[number % EXTENSIONS]
        store.put_call(
            CallRecord(
                call=CallId(f"old-{number}"), kind=CallKind.INBOUND, started=started,
                caller_number=f"+4930{number:07}", caller_name="", withheld=False, dialled="+492215550100",
                called=one, number=NumberId("head"), answered=started + timedelta(seconds=5),
                ended=started + timedelta(seconds=65),
            )
        )  # fmt: skip
    store.flush(300)
    store.close()


if __name__ == "__main__":
    main()
