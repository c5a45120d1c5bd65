"""A process that writes without end and says what is acknowledged: ``scribe.py STATE FIRST [BYTES]``.

Each line names an extension whose ``put`` has returned and a call whose ``flush`` has. With BYTES no file
may grow larger (RLIMIT_FSIZE): it says the error and whether the store still works with what it has.
"""

import resource
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from appliance.errors import OrtsamtError
from appliance.model.ids import CallId
from appliance.model.plan import CallKind
from appliance.model.records import CallRecord
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import Put
from appliance.store.records import RecordStore


def main(state: Path, first: int, limit: int | None) -> None:
    """Write until killed, or until the disk is full."""
    configuration = ConfigurationStore(state / "configuration.db", "box")
    records = RecordStore(state / "records.db")
    if limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    number = first
    while True:
        name = str(number)
        try:
            configuration.apply(
                [
                    Put(kind="extension", id=name, fields={"number": name, "name": "x" * 60}),
                    Put(kind="device", id=f"d{name}", fields={"extension": name, "username": name}),
                ],
                "scribe",
            )
        except OrtsamtError as error:
            print(f"refused {error.error_id} after {number - 1}", flush=True)
            known = len(configuration.snapshot().extensions)
            configuration.close()
            again = ConfigurationStore(state / "configuration.db", "box")
            print(f"kept {len(again.snapshot().extensions) - known} more or less", flush=True)
            sys.stdin.read()
            return
        if limit is None:
            records.put_call(
                CallRecord(
                    call=CallId(name),
                    kind=CallKind.INTERNAL,
                    started=datetime.now(UTC),
                    caller_number=name,
                    caller_name="",
                    withheld=False,
                    dialled="21",
                    called="21",
                )
            )
            if not records.flush(10):
                print("records do not settle", flush=True)
        print(f"acknowledged {name}", flush=True)
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
