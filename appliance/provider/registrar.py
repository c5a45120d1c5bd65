"""Accounts of the provider and where they are registered (RFC 3261 §10). No I/O."""

from dataclasses import dataclass

from appliance.provider.digest import Challenger, read
from appliance.provider.message import Message, parameter, split_list, uri_of
from appliance.provider.transport import Path

_MIN_EXPIRES = 10
_MAX_EXPIRES = 3600


@dataclass(slots=True, kw_only=True)
class Account:
    """One customer. ``numbers`` are prefixes of E.164 numbers that are theirs; ``peer`` a fixed address."""

    name: str
    secret: str
    numbers: tuple[str, ...] = ()
    peer: tuple[str, int] | None = None
    contact: str = ""
    path: Path | None = None
    expires_at: float = 0.0

    def registered(self, now: float) -> bool:
        """Whether calls can be sent to it."""
        return self.path is not None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Who made a request, or the refusal: status, header to add, and why (for the log)."""

    account: Account | None = None
    status: int = 0
    challenge: str = ""
    claimed: str = ""
    why: str = ""


class Registrar:
    """Checks who asks and keeps the contacts; one per account, the last one counts."""

    def __init__(self, accounts: tuple[Account, ...], challenger: Challenger) -> None:
        self.accounts = {account.name: account for account in accounts}
        self._challenger = challenger

    def identify(self, request: Message, path: Path, now: float) -> Verdict:
        """Who made this request: by fixed address, else by digest."""
        for account in self.accounts.values():
            if account.peer is not None and account.peer[0] == path.host and request.method != "REGISTER":
                return Verdict(account=account)
        ours = request.method == "REGISTER"
        status = 401 if ours else 407
        given = read(request.get("Authorization" if ours else "Proxy-Authorization"))
        if given is None:
            return Verdict(status=status, challenge=self._challenger.challenge(now))
        if not self._challenger.fresh(given, now):
            return Verdict(status=status, challenge=self._challenger.challenge(now, stale=True))
        found = self.accounts.get(given.username)
        if found is None or found.peer is not None:
            return Verdict(status=403, claimed=given.username, why="unknown account")
        if not self._challenger.correct(given, request.method, found.secret):
            return Verdict(status=403, claimed=given.username, why="wrong password")
        return Verdict(account=found)

    def bind(self, account: Account, request: Message, path: Path, now: float) -> int | None:
        """Take a REGISTER's contacts; returns the seconds granted (0: removed), None when it only asked."""
        contact = request.get("Contact")
        if not contact:
            return None
        first = split_list(contact)[0]
        text = parameter(first, "expires") or request.get("Expires") or "300"
        wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 300
        if first == "*" or wanted == 0:
            account.contact, account.path, account.expires_at = "", None, 0.0
            return 0
        granted = min(max(wanted, _MIN_EXPIRES), _MAX_EXPIRES)
        account.contact, account.path, account.expires_at = uri_of(first), path, now + granted
        return granted

    def account_of(self, number: str, name: str = "") -> Account | None:
        """Whose number this is: the named account, the longest fitting prefix, else the first account."""
        if name:
            return self.accounts.get(name)
        fitting = [
            (len(prefix), account)
            for account in self.accounts.values()
            for prefix in account.numbers
            if number.startswith(prefix)
        ]
        if fitting:
            return max(fitting, key=lambda one: one[0])[1]
        return next(iter(self.accounts.values()), None)
