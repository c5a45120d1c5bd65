"""``config.import_csv``, ``config.export_csv``, ``config.import_rows``: as spreadsheets have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.control.server import ControlServer
from appliance.errors import ConfigError
from appliance.model.decode import decode
from appliance.model.documents import KINDS
from appliance.model.languages import Language
from appliance.store.configuration import ConfigurationStore
from appliance.store.csv_table import parse
from appliance.store.importing_csv import TablePlan, plan_table, problems_by_row, results, table_of
from appliance.store.importing_rows import plan_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportingTable:
    """Params of ``config.import_csv``: the text of the table. ``dry_run`` only tells."""

    text: str
    dry_run: bool = False
    who: str = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportingRows:
    """Params of ``config.import_rows``: documents of one kind, a row each. ``dry_run`` only tells."""

    kind: str
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
        """Offer them."""
        server.register("config.import_csv", self.import_, slow=True)
        server.register("config.import_rows", self.import_rows, slow=True)
        server.register("config.export_csv", self.export, slow=True)

    def import_(self, params: Mapping[str, Any]) -> object:
        """Make all changes of a table or none; ``{"applied", "rows": [RowResult], "problems": […]}``.

        With ``dry_run`` problems are part of the result, otherwise they are the error.
        """
        asked = decode(ImportingTable, params, where="config.import_csv")
        return self._bring(plan_table(parse(asked.text), self._store.snapshot()), asked.who, asked.dry_run)

    def import_rows(self, params: Mapping[str, Any]) -> object:
        """As :meth:`import_`, with documents of any one kind that comes as a table."""
        asked = decode(ImportingRows, params, where="config.import_rows")
        present = self._store.list(asked.kind) if asked.kind in KINDS else ()
        plan = plan_rows(asked.kind, asked.text, self._store.snapshot(), present)
        return self._bring(plan, asked.who, asked.dry_run)

    def _bring(self, plan: TablePlan, who: str, dry_run: bool) -> object:
        existing = self._store.existing()
        draft = self._store.preview(plan.changes, who)
        problems = problems_by_row(plan, draft)
        rows = results(plan, draft, existing, problems)
        if dry_run:
            return {"applied": False, "rows": rows, "problems": problems}
        if problems:
            raise ConfigError.of(problems)
        self._store.apply(plan.changes, who)
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
