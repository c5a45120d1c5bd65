"""What the edge shall know, and what of it must still be said; no I/O, no clock of its own, no lock."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from appliance.sip.edge.asking import Tables
from appliance.sip.edge.events import (
    Account,
    Aor,
    Credential,
    DialogDirection,
    DialogInfo,
    DialogState,
)
from appliance.sip.edge.protocol import (
    credential_line,
    dialog_key,
    dialog_lines,
    mwi_line,
    ready_line,
    remove_aor_line,
    remove_credential_line,
)
from appliance.sip.edge.render import MAX_WATCHED

LAMP_GAP_S = 0.05
"""Shortest time between two states told of one extension: a lamp need not flicker faster, and unanswered
NOTIFYs cost
the edge 18 kB each."""

MAX_DIALOGS = 10_000
"""Calls shown at once; beyond that new ones are not shown."""


class Kept(Enum):
    """What became of a call's state: due to be said, kept for a later watcher, or one too many."""

    DUE = auto()
    QUIET = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeKnowledge:
    """What the edge has, as read at a connect: accounts → HA1, accounts → other AOR, AORs, lamps, watched
    keys; ``watched`` is None when the edge could not tell, then every key counts as watched.
    """

    accounts: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    aors: frozenset[str] = frozenset()
    lamps: frozenset[str] = frozenset()
    watched: frozenset[Aor] | None = frozenset()


def knowledge(tables: Tables) -> EdgeKnowledge:
    """What the edge's tables say."""
    watched = tables.get("watched")
    return EdgeKnowledge(
        accounts=tables.get("auth") or {},
        aliases=tables.get("who") or {},
        aors=frozenset(tables.get("aor") or ()),
        lamps=frozenset(tables.get("blf") or ()),
        watched=None if watched is None else frozenset(Aor(key) for key in watched),
    )


class DesiredState:
    """Collects the newest wanted state per key and gives the lines that are due, each key once."""

    def __init__(self, realm: str) -> None:
        self._realm = realm
        self._credentials: dict[Account, Credential] = {}
        self._complete = False
        self._dialogs: dict[tuple[Aor, str], DialogInfo] = {}
        self._watched: set[Aor] = set()
        self._all_watched = False
        self._mwi: dict[Aor, tuple[int, int]] = {}
        self._forget()

    def _forget(self) -> None:
        self._due_accounts: dict[Account, None] = {}
        self._due_aors: dict[Aor, None] = {}
        self._due_dialogs: dict[tuple[Aor, str], None] = {}
        self._due_mwi: dict[Aor, None] = {}
        self._due_lines: deque[bytes] = deque()
        self._ready_due = False
        self._told_at: dict[Aor, float] = {}

    # --- wanted by the core

    def set_credentials(self, credentials: Mapping[Account, Credential]) -> None:
        """These accounts and no others; from now the edge may be made ready."""
        for account in [known for known in self._credentials if known not in credentials]:
            self._drop_account(account)
        self.update_credentials(credentials)
        if not self._complete:
            self._complete = self._ready_due = True

    def update_credentials(self, credentials: Mapping[Account, Credential]) -> None:
        """Add or change these accounts."""
        for account, credential in credentials.items():
            before = self._credentials.get(account)
            if before == credential:
                continue
            self._credentials[account] = credential
            self._due_accounts[account] = None
            self._due_aors.pop(credential.aor, None)
            if before is not None:
                self._drop_aor_unless_used(before.aor)

    def remove_credentials(self, accounts: Iterator[Account]) -> None:
        """Forget these accounts; an extension nobody may use any more loses its contacts."""
        for account in accounts:
            self._drop_account(account)

    def publish_dialog(self, aor: Aor, info: DialogInfo) -> Kept:
        """Show a call to those who watch, now and later."""
        key = (aor, info.call_id)
        if not self._is_watched(aor) and info.state is DialogState.TERMINATED:
            self._dialogs.pop(key, None)
            return Kept.QUIET
        if key not in self._dialogs and len(self._dialogs) >= MAX_DIALOGS:
            return Kept.REFUSED
        self._dialogs[key] = info
        if not self._is_watched(aor):
            return Kept.QUIET
        self._due_dialogs[key] = None
        return Kept.DUE

    def publish_mwi(self, aor: Aor, new: int, old: int) -> None:
        """Show a voice box."""
        if self._mwi.get(aor) != (new, old):
            self._mwi[aor] = (new, old)
            self._due_mwi[aor] = None

    def _drop_account(self, account: Account) -> None:
        gone = self._credentials.pop(account, None)
        if gone is not None:
            self._due_accounts[account] = None
            self._drop_aor_unless_used(gone.aor)

    def _drop_aor_unless_used(self, aor: Aor) -> None:
        if all(credential.aor != aor for credential in self._credentials.values()):
            self._due_aors[aor] = None

    # --- heard from the edge

    def watch(self, aor: Aor) -> None:
        """Somebody watches a key: its calls are due if nobody is known to have watched it before.

        A key without a call needs no word: the edge shows a watcher idle what was never published.
        """
        if self._is_watched(aor):
            return
        self._watched.add(aor)
        self._all_watched = len(self._watched) >= MAX_WATCHED
        self._due_dialogs |= {key: None for key in self._dialogs if self._all_watched or key[0] == aor}

    def _is_watched(self, aor: Aor) -> bool:
        return self._all_watched or aor in self._watched

    def connected(self) -> None:
        """Who watches is not known until ``reconnected``, but for keys given to ``watch`` in between."""
        self._watched.clear()
        self._all_watched = False
        self._due_dialogs.clear()

    def reconnected(self, have: EdgeKnowledge, *, just_started: bool) -> None:
        """Everything must be said again, but for what the edge knows; what it should not have is taken back.

        Watchers of an edge that has just started may have seen calls that ended meanwhile, so every watched
        key without a call is shown idle once.
        """
        self._forget()
        self._ready_due = self._complete
        for account, credential in self._credentials.items():
            alias = str(credential.aor) if str(credential.aor) != str(account) else None
            if have.accounts.get(account) != credential.ha1 or have.aliases.get(account) != alias:
                self._due_accounts[account] = None
        aors = {credential.aor for credential in self._credentials.values()}
        if self._complete:
            self._due_accounts |= {
                Account(name): None for name in have.accounts if name not in self._credentials
            }
            self._due_aors |= {Aor(name): None for name in have.aors if name not in aors}
        # what was published before must be taken back when it ends, whether it is still watched or not
        self._watched |= (have.watched or frozenset()) | {Aor(name.partition("/")[0]) for name in have.lamps}
        self._all_watched = have.watched is None or len(self._watched) >= MAX_WATCHED
        for key, info in list(self._dialogs.items()):
            if self._is_watched(key[0]):
                self._due_dialogs[key] = None
            elif info.state is DialogState.TERMINATED:
                del self._dialogs[key]
        self._due_mwi = dict.fromkeys(self._mwi)
        shown = {dialog_key(aor, call_id) for aor, call_id in self._dialogs}
        for name in sorted(have.lamps - shown):
            aor_text, _, call_id = name.partition("/")
            self._due_lines += dialog_lines(self._realm, Aor(aor_text), _idle(call_id))
        if just_started:
            idle = (self._watched | aors if self._all_watched else self._watched) - {
                aor for aor, _ in self._dialogs
            }
            for aor in sorted(idle):
                self._due_lines.append(dialog_lines(self._realm, aor, _idle(f"start-{aor}"))[1])

    # --- said to the edge

    def take(self, now_s: float, budget_bytes: int) -> list[bytes]:
        """The lines to say next, about so many bytes; each is taken once."""
        lines: list[bytes] = []
        size = 0
        for group in self._groups(now_s):
            lines += group
            size += sum(len(line) + 8 for line in group)
            if size >= budget_bytes:
                break
        return lines

    def wait_s(self, now_s: float) -> float | None:
        """Seconds until ``take`` gives something, None when nothing is due."""
        if self._due_lines or self._due_accounts or self._due_aors or self._due_mwi or self._ready_due:
            return 0.0
        if not self._due_dialogs:
            return None
        return max(
            0.0, min(self._told_at.get(aor, -1e9) + LAMP_GAP_S for aor, _ in self._due_dialogs) - now_s
        )

    def _groups(self, now_s: float) -> Iterator[tuple[bytes, ...]]:
        """Lines that belong together, in the order they must be said in; taken off the list when given."""
        while self._due_accounts:
            account = next(iter(self._due_accounts))
            del self._due_accounts[account]
            credential = self._credentials.get(account)
            if credential is None:
                yield (remove_credential_line(account),)
            else:
                yield (credential_line(account, credential),)
        while self._due_aors:
            aor = next(iter(self._due_aors))
            del self._due_aors[aor]
            yield (remove_aor_line(aor),)
        if self._ready_due:
            self._ready_due = False
            yield (ready_line(),)
        told: set[Aor] = set()
        for key in list(self._due_dialogs):
            aor, _ = key
            if aor not in told and now_s < self._told_at.get(aor, -1e9) + LAMP_GAP_S:
                continue
            told.add(aor)
            del self._due_dialogs[key]
            info = self._dialogs[key]
            if info.state is DialogState.TERMINATED:
                del self._dialogs[key]
            self._told_at[aor] = now_s
            yield dialog_lines(self._realm, aor, info)
        while self._due_mwi:
            aor = next(iter(self._due_mwi))
            del self._due_mwi[aor]
            yield (mwi_line(self._realm, aor, *self._mwi[aor]),)
        while self._due_lines:
            yield (self._due_lines.popleft(),)


def _idle(call_id: str) -> DialogInfo:
    return DialogInfo(
        call_id=call_id, state=DialogState.TERMINATED, direction=DialogDirection.RECIPIENT, remote="anonymous"
    )
