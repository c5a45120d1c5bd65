"""``config.import_csv`` and ``config.export_csv``: many extensions at once as a spreadsheet has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import ConfigError
from appliance.model.decode import decode
from appliance.model.languages import Language
from appliance.store.configuration import ConfigurationStore
from appliance.store.csv_table import parse
from appliance.store.importing_csv import plan_table, problems_by_row, results, table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportingTable:
    """Params of ``config.import_csv``: the text of the table. ``dry_run`` only tells."""

    text: str
    dry_run: bool = False
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportingTable:
    """Params of ``config.export_csv``. ``language`` of headers and delimiter; None: the site's."""

    language: Language | None = None
    reveal: bool = False


class TableMethods:
    """Binds a store to a server."""

    def __init__(self, store: ConfigurationStore) -> None:
        self._store = store

    def register(self, server: ControlServer) -> None:
        """Offer both methods."""
        server.register("config.import_csv", self.import_, slow=True)
        server.register("config.export_csv", self.export, slow=True)

    def import_(self, params: Mapping[str, Any]) -> object:
        """Make all changes of a table or none; ``{"applied", "rows": [RowResult], "problems": […]}``.

        With ``dry_run`` problems are part of the result, otherwise they are the error.
        """
        asked = decode(ImportingTable, params, where="config.import_csv")
        plan = plan_table(parse(asked.text), self._store.snapshot())
        existing = self._store.existing()
        draft = self._store.preview(plan.changes, asked.who)
        problems = problems_by_row(plan, draft)
        rows = results(plan, draft, existing, problems)
        if asked.dry_run:
            return {"applied": False, "rows": rows, "problems": problems}
        if problems:
            raise ConfigError.of(problems)
        self._store.apply(plan.changes, asked.who)
        return {"applied": True, "rows": rows, "problems": ()}

    def export(self, params: Mapping[str, Any]) -> object:
        """``{"text", "left_out": [public numbers whose distribution no table can hold]}``."""
        asked = decode(ExportingTable, params, where="config.export_csv")
        snapshot = self._store.snapshot()
        text, left = table_of(snapshot, asked.language or snapshot.site.language, reveal=asked.reveal)
        return {"text": text, "left_out": left}


def register_tables(server: ControlServer, store: ConfigurationStore) -> None:
    """Offer import and export of tables."""
    TableMethods(store).register(server)
