"""The account by which one comes in for the first time, and its password in a file."""

import secrets
from collections.abc import Callable
from pathlib import Path

from appliance.errors import NotFound
from appliance.model.accounts import Role
from appliance.store.writing import write_file
from webui.core_link import CoreLink
from webui.directory import Directory
from webui.login import fits, hash_password

FIRST_ACCOUNT = "admin"
_TYPEABLE = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_password() -> str:
    """A random password fit to be typed: 80 bits and more."""
    return "".join(secrets.choice(_TYPEABLE) for _ in range(14))


def reset_password(link: CoreLink, account: str, password: str) -> bool:
    """Give an account a new password and no second factor; True: it was made, as administrator."""
    fields: dict[str, object] = {"password": hash_password(password), "totp": "", "enabled": True}
    try:
        link.ask("config.get", {"kind": "account", "id": account})
        made = False
    except NotFound:
        made = True
        fields |= {"role": Role.EXTENDED_ADMINISTRATOR.value, "name": "Administrator"}
    link.ask("config.set", {"kind": "account", "id": account, "fields": fields, "who": "web:reset"})
    return made


class FirstPassword:
    """Kept to be read (label, console, root) until another takes its place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = path.with_suffix(".new")
        self._hash = ""

    def make(self, give: Callable[[str], object]) -> None:
        """``give`` a new one to the account; who finds the file can log in with it."""
        password = new_password()
        write_file(self._written, password + "\n")  # before it counts
        give(password)
        self.finish()

    def finish(self) -> None:
        """Show one that counts already, also when the plug was pulled in between."""
        if self._written.exists():
            self._written.replace(self.path)

    def forget(self) -> None:
        """Nobody comes in by it any more."""
        self.path.unlink(missing_ok=True)

    def look(self, directory: Callable[[], Directory]) -> None:
        """Forget it when the account has got another; raises DeviceUnavailable while the core is away."""
        try:
            shown = self.path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return
        account = directory().accounts.get(FIRST_ACCOUNT)
        kept = account.password if account is not None else ""
        if kept == self._hash:
            return  # proving it takes long and much memory
        if fits(shown, kept):
            self._hash = kept
        else:
            self.forget()
