"""Letting people and programs in: passwords, second factors, sessions, tokens, and what slows guessing down.

Guessing is counted for each pair of account and address, so nobody can lock anybody else out; what is tried
from everywhere at one account is slowed for addresses from which nobody has logged in to it before.
"""

import base64
import hashlib
import hmac
import secrets
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.model.accounts import Account
from webui.database import Login, Session, WebDatabase
from webui.directory import Directory, Identity, Office
from webui.errors import Refused

IDLE_S = 8 * 3600
LONGEST_S = 7 * 86400
TOUCH_S = 60
FREE_FAILURES = 5
"""Of one account from one address; each further one doubles the pause."""
FREE_FAILURES_ANYWHERE = 50
"""Of one account or from one address."""
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
FORGET_S = 3600.0
MAX_COUNTED = 20_000
MIN_PASSWORD = 10
TOTP_S = 30
TOKEN_PREFIX = "ort_"  # noqa: S105 - what tokens begin with
_log = structlog.get_logger("web")
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_one_at_a_time = threading.Lock()
_NOBODY = _hasher.hash(secrets.token_hex(16))


def hash_password(password: str, field: str = "password") -> str:
    """An argon2id hash; raises ConfigError for one that is too weak."""
    if not MIN_PASSWORD <= len(password) <= 200:
        raise ConfigError(
            f"the password must have {MIN_PASSWORD} to 200 characters",
            field=field,
            hint="four words that do not belong together are good",
        )
    if len(set(password)) < 5:
        raise ConfigError("the password is too simple", field=field, hint="use more different characters")
    with _one_at_a_time:
        return _hasher.hash(password)


def fits(password: str, kept: str) -> bool:
    """Whether it is the password of this hash; takes as long when there is none."""
    if not _one_at_a_time.acquire(timeout=5):
        raise Refused(503, "web.busy", "too many people log in", hint="try again", retry_s=2)
    try:
        _hasher.verify(kept or _NOBODY, password[:200])
        return bool(kept)
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _one_at_a_time.release()


def code_at(secret: str, step: int) -> str:
    """The six digits of a step of 30 s (RFC 6238 with HMAC-SHA-1, RFC 4226 §5.3)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


class _Counter:
    """Failures by key, and until when the key is to wait."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._kept: OrderedDict[tuple[str, ...], tuple[int, float, float]] = OrderedDict()

    def wait(self, key: tuple[str, ...], now: float) -> float:
        count, until, last = self._kept.get(key, (0, 0.0, now))
        return max(0.0, until - now) if now - last < FORGET_S and count > self._free else 0.0

    def failed(self, key: tuple[str, ...], now: float) -> None:
        count, _, last = self._kept.pop(key, (0, 0.0, now))
        count = 1 if now - last >= FORGET_S else count + 1
        over = count - self._free
        pause = min(FIRST_PAUSE_S * 2 ** min(over, 20), LONGEST_PAUSE_S) if over > 0 else 0.0
        self._kept[key] = (count, now + pause, now)
        while len(self._kept) > MAX_COUNTED:
            self._kept.popitem(last=False)

    def good(self, key: tuple[str, ...]) -> None:
        self._kept.pop(key, None)


class Door:
    """Checks who is there."""

    def __init__(self, database: WebDatabase, office: Office, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._office = office
        self._clock = clock
        self._pairs = _Counter(FREE_FAILURES)
        self._accounts = _Counter(FREE_FAILURES_ANYWHERE)
        self._addresses = _Counter(FREE_FAILURES_ANYWHERE)
        self._guard = threading.Lock()

    def log_in(
        self, name: str, password: str, code: str, address: str, agent: str
    ) -> tuple[str, Session, Identity]:
        """The cookie, session and identity; raises Refused 401 or 429, always with the same words."""
        now = self._clock()
        directory = self._office.directory()
        account = directory.accounts.get(name)
        named = account.id if account is not None else ""
        self._not_too_often(name[:64], address, now)
        good = fits(password, account.password if account is not None and account.enabled else "")
        if good and account is not None and account.totp and not self._second(account, code, now):
            good = False
            if not code:
                raise Refused(
                    401, "web.code_needed", "the code of the second factor is needed", field="code",
                    hint="your app shows it",
                )  # fmt: skip
        if not good or account is None:
            with self._guard:
                self._pairs.failed((name[:64], address), now)
                self._accounts.failed((name[:64],), now)
                self._addresses.failed((address,), now)
            self._tell(Login(at=now, account=named, address=address, agent=agent[:200], result="refused"))
            raise Refused(
                401, "web.wrong_password", "name or password is wrong", field="password",
                hint="an administrator can set a new password",
            )  # fmt: skip
        with self._guard:
            self._pairs.good((name[:64], address))
        secret = secrets.token_urlsafe(32)
        self._database.clear_sessions(now - IDLE_S, now - LONGEST_S)
        session = self._database.begin_session(secret, account.id, now, address, agent[:200])
        self._database.add_login(
            Login(at=now, account=account.id, address=address, agent=agent[:200], result="in")
        )
        return secret, session, self._office.identity(account, directory, session=secret, csrf=session.csrf)

    def of_session(self, secret: str) -> Identity | None:
        """Who has this cookie; None: nobody (any more)."""
        session = self._database.session(secret)
        now = self._clock()
        if session is None or now - session.seen > IDLE_S or now - session.began > LONGEST_S:
            return None
        account = self._alive(session.account)
        if account is None:
            return None
        if now - session.seen > TOUCH_S:
            self._database.touch_session(secret, now)
        return self._office.identity(account, self._office.directory(), session=secret, csrf=session.csrf)

    def of_token(self, secret: str) -> Identity | None:
        """Whose token it is, with its rights narrowed to its scopes."""
        token = self._database.token(secret)
        now = self._clock()
        if token is None or (token.expires is not None and token.expires <= now):
            return None
        account = self._alive(token.account)
        if account is None:
            return None
        if token.used is None or now - token.used > TOUCH_S:
            self._database.touch_token(token.id, now)
        found = self._office.identity(account, self._office.directory())
        return Identity(
            account=found.account,
            rights=found.rights.narrowed(token.scopes),
            directory=found.directory,
            own=found.own,
            team=found.team,
        )

    def _alive(self, name: str) -> Account | None:
        account = self._office.directory().accounts.get(name)
        return account if account is not None and account.enabled else None

    def _second(self, account: Account, code: str, now: float) -> bool:
        step = int(now) // TOTP_S
        for one in (step, step - 1, step + 1):
            if hmac.compare_digest(code_at(account.totp, one), code.strip()):
                return self._database.use_factor(account.id, one)
        return False

    def _not_too_often(self, name: str, address: str, now: float) -> None:
        with self._guard:
            wait = self._pairs.wait((name, address), now)
            anywhere = max(self._accounts.wait((name,), now), self._addresses.wait((address,), now))
        if not wait and anywhere and not self._database.known(name, address):
            wait = anywhere
        if wait:
            raise Refused(
                429, "web.too_often", "too many wrong passwords", hint=f"try again in {int(wait) + 1} s",
                retry_s=int(wait) + 1,
            )  # fmt: skip

    def _tell(self, login: Login) -> None:
        _log.warning("login refused", account=login.account or "unknown", address=login.address)
        try:
            self._database.add_login(login)
        except DeviceUnavailable as error:
            _log.error("a login cannot be written", error=str(error))


def first_of(directory: Directory) -> bool:
    """Whether nobody can log in yet."""
    return not any(one.password for one in directory.accounts.values())
