"""Taking one operation of the log back: which change that would be."""

from collections.abc import Sequence

from appliance.errors import ConfigError
from appliance.store.edits import UNSET, Change, Delete, Put
from appliance.store.operations import EXISTENCE, Operation, merge_all
from appliance.store.reading import stored_values


def reverse(target: Operation, history: Sequence[Operation]) -> Change:
    """The value before, or the entity as it was; ``history``: all operations of the entity.

    Raises ConfigError ``config.overtaken`` when a later operation stands in the way.
    """
    kind, entity = target.key
    before = merge_all(one for one in history if one.stamp < target.stamp)
    now = merge_all(history)
    later = [one for one in history if one.stamp > target.stamp and one.field in (target.field, None)]
    if target.field is None and now.exists:
        later = [one for one in history if one.stamp > target.stamp and one.field == EXISTENCE]
    again = target.field not in (None, EXISTENCE) and all(one.field for one in later)
    if later and again and now.values().get(target.field or "") == target.value:
        later = []  # what came later was taken back
    if later:
        raise ConfigError(
            f"{kind} {entity} was changed again by {later[-1].who} since",
            error_id="config.overtaken",
            hint=f"undo {later[-1].id} first or set the value you want",
        )
    if target.field == EXISTENCE:
        return Delete(kind=kind, id=entity)
    if target.field is None:
        if not before.exists:
            raise ConfigError(
                f"{kind} {entity} did not exist before",
                error_id="config.overtaken",
                hint="nothing to take back",
            )
        return Put(kind=kind, id=entity, fields=stored_values(target.key, before))
    old = stored_values(target.key, before) if before.exists else {}
    return Put(kind=kind, id=entity, fields={target.field: old.get(target.field, UNSET)})
