"""A process with the real stores behind a real control socket, without telephony: ``keeper.py STATE SOCKET``.

Prints ``ready`` when it serves; ends on SIGTERM or when its standard input is closed.
"""

import sys
from pathlib import Path

from appliance.app.numbering import register_numbers
from appliance.control.configuration import register_configuration, shown_operation
from appliance.control.notes import register_notes
from appliance.control.records import register_records
from appliance.control.server import ControlServer
from appliance.control.tables import register_tables
from appliance.model.snapshot import Snapshot
from appliance.notify.notifier import Notifier
from appliance.store.configuration import ConfigurationStore
from appliance.store.notes import NoteStore
from appliance.store.operations import Operation
from appliance.store.records import RecordStore


def main(state: Path, socket: Path) -> None:
    """Serve until standard input ends."""
    configuration = ConfigurationStore(state / "configuration.db", "box")
    records = RecordStore(state / "records.db")
    server = ControlServer(socket)
    register_configuration(server, configuration)
    register_tables(server, configuration)
    register_numbers(server, configuration.snapshot)
    notes = NoteStore(records)
    notifier = Notifier(state / "mail.db", "box", configuration.snapshot(), server.publish)
    register_records(server, records, notes, configuration.snapshot)
    register_notes(server, notes, records, notifier)

    def changed(snapshot: Snapshot, operations: tuple[Operation, ...]) -> None:
        notifier.changed(snapshot, operations)
        for operation in operations:
            server.publish("configuration", shown_operation(operation))

    configuration.subscribe(changed)
    server.start()
    print("ready", flush=True)
    sys.stdin.read()
    server.stop()
    notifier.stop()
    notes.close()
    records.close()
    configuration.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
