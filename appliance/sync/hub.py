"""The hub: a NATS cluster for many tenants, as files. Made and changed here, served by nats-server.

Theory of operation: one folder holds the operator's keys, the certificates' authority, a signed account for
every tenant and the settings of each server. The *hub* account alone owns streams. A tenant's account owns
nothing and imports, by subjects that name the tenant, its own part of the hub: so a tenant cannot even say
the name of another's subject. Whoever has this folder rules the hub: keep it off the servers' network.
"""

import secrets
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from appliance.errors import ConfigError, NotFound
from appliance.sync import claims, subjects
from appliance.sync.claims import Key
from appliance.sync.credentials import Credentials
from appliance.sync.files import write_json

STATE = "hub.json"
CERTIFICATE_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An office. ``revoked``: public user key → claims issued up to then (seconds since 1970) are refused."""

    name: str
    shard: int
    account: str
    signing: str
    key: str
    revoked: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubState:
    """Everything secret about a hub."""

    operator: str
    system: str
    hub: str
    servers: tuple[str, ...]
    """What nodes connect to."""
    shards: int = 1
    tenants: Mapping[str, Tenant] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPlan:
    """One server of the cluster; ports on ``host``. ``websocket`` 0: none."""

    name: str
    host: str
    port: int
    cluster_port: int
    websocket: int = 0
    monitor: int = 0


class Hub:
    """The folder of a hub."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigError when there is no hub in it."""
        self.folder = folder
        try:
            self.state = msgspec.json.decode((folder / STATE).read_bytes(), type=HubState)
        except FileNotFoundError:
            raise ConfigError(
                f"there is no hub in {folder}", error_id="hub.none", hint="make one: ortsamt hub init"
            ) from None
        except (OSError, msgspec.MsgspecError) as error:
            raise ConfigError(f"{folder / STATE} cannot be used: {error}", error_id="hub.state") from error

    @classmethod
    def make(
        cls, folder: Path, servers: Sequence[ServerPlan], *, names: Sequence[str] = (), shards: int = 1
    ) -> "Hub":
        """A new hub with its certificates and the servers' settings. Raises ConfigError when there is one.

        ``names``: what nodes call the servers; empty: their hosts.
        """
        if (folder / STATE).exists():
            raise ConfigError(
                f"there is a hub in {folder} already", error_id="hub.exists", hint="choose another folder"
            )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        hosts = tuple(names) or tuple(dict.fromkeys(one.host for one in servers))
        urls = [f"tls://{names[i] if names else one.host}:{one.port}" for i, one in enumerate(servers)]
        urls += [
            f"wss://{names[i] if names else one.host}:{one.websocket}"
            for i, one in enumerate(servers)
            if one.websocket
        ]
        state = HubState(
            operator=claims.new_key(claims.OPERATOR).seed,
            system=claims.new_key(claims.ACCOUNT).seed,
            hub=claims.new_key(claims.ACCOUNT).seed,
            servers=tuple(urls),
            shards=shards,
        )
        _certificates(folder, (*hosts, *(one.host for one in servers)))
        write_json(folder / STATE, state)
        hub = cls(folder)
        hub.write_servers(servers)
        return hub

    @property
    def authority(self) -> str:
        """PEM of who signed the servers' certificates."""
        return (self.folder / "authority.pem").read_text(encoding="ascii")

    def accounts(self) -> dict[str, str]:
        """Public key → signed claims of every account."""
        state = self.state
        by = Key(seed=state.operator)
        hub, system = Key(seed=state.hub).public, Key(seed=state.system).public
        made = {
            hub: claims.account("hub", hub, by, exports=subjects.exports(), jetstream_bytes=-1),
            system: claims.account("system", system, by),
        }
        for tenant in state.tenants.values():
            made[Key(seed=tenant.account).public] = self.account_of(tenant.name)
        return made

    def account_of(self, name: str) -> str:
        """The signed claims of a tenant. Raises NotFound."""
        tenant = self._tenant(name)
        public = Key(seed=tenant.account).public
        return claims.account(
            name,
            public,
            Key(seed=self.state.operator),
            signing_keys=(Key(seed=tenant.signing).public,),
            imports=subjects.imports(name, tenant.shard, Key(seed=self.state.hub).public),
            revocations=tenant.revoked,
            connections=4 * subjects.SLOTS,
        )

    def system_user(self) -> tuple[str, Key]:
        """Claims and key of a user that may tell the servers about accounts."""
        return self._operator_user(self.state.system, "operator")

    def hub_user(self) -> tuple[str, Key]:
        """Claims and key of a user that may make streams."""
        return self._operator_user(self.state.hub, "streams")

    def add_tenant(self, name: str, shard: int = 0) -> Tenant:
        """A new tenant, not yet told to the servers. Raises ConfigError for a name that cannot be."""
        tenant = self._new_tenant(name, shard)
        self._keep(tenant)
        return tenant

    def add_tenants(self, names: Iterable[str], shard: int = 0) -> None:
        """Many at once, likewise: all or none."""
        self._keep(*[self._new_tenant(name, shard) for name in names])

    def _new_tenant(self, name: str, shard: int) -> Tenant:
        if not subjects.TOKEN.fullmatch(name):
            raise ConfigError(
                f"tenant: '{name}' cannot be a name", error_id="hub.tenant", hint="letters, digits, hyphens"
            )
        if name in self.state.tenants:
            raise ConfigError(
                f"there is a tenant {name} already", error_id="hub.tenant", hint="choose another"
            )
        if not 0 <= shard < self.state.shards:
            raise ConfigError(f"there is no shard {shard}", error_id="hub.shard", hint="see hub.json")
        return Tenant(
            name=name,
            shard=shard,
            account=claims.new_key(claims.ACCOUNT).seed,
            signing=claims.new_key(claims.ACCOUNT).seed,
            key=secrets.token_hex(32),
        )

    def credentials(self, tenant: str, node: str) -> Credentials:
        """For the tenant's instance in the cloud, which enrols the others. Raises NotFound, ConfigError."""
        one = self._tenant(tenant)
        if not subjects.TOKEN.fullmatch(node):
            raise ConfigError(
                f"node: '{node}' cannot be a name", error_id="hub.node", hint="letters, digits, hyphens"
            )
        key = claims.new_key(claims.USER)
        account = Key(seed=one.account).public
        return Credentials(
            tenant=tenant,
            node=node,
            slot=0,
            shard=one.shard,
            jwt=node_claims(tenant, node, 0, one.shard, key.public, Key(seed=one.signing), account),
            seed=key.seed,
            key=one.key,
            servers=self.state.servers,
            authority=self.authority,
            account=account,
            signing_seed=one.signing,
        )

    def revoke(self, tenant: str, user: str) -> None:
        """Refuse a user key (``U…``) from now on; not yet told to the servers. Raises NotFound."""
        one = self._tenant(tenant)
        self._keep(replace(one, revoked={**one.revoked, user: int(time.time()) + 1}))

    def _tenant(self, name: str) -> Tenant:
        tenant = self.state.tenants.get(name)
        if tenant is None:
            raise NotFound(f"there is no tenant {name}", hint=f"there are: {', '.join(self.state.tenants)}")
        return tenant

    def _keep(self, *tenants: Tenant) -> None:
        changed = {one.name: one for one in tenants}
        state = replace(self.state, tenants={**self.state.tenants, **changed})
        write_json(self.folder / STATE, state)
        self.state = state

    def _operator_user(self, account_seed: str, name: str) -> tuple[str, Key]:
        account, key = Key(seed=account_seed), claims.new_key(claims.USER)
        return claims.user(name, key.public, account, account.public, expires=int(time.time()) + 3600), key

    def write_servers(self, servers: Sequence[ServerPlan]) -> None:
        """Write the settings, certificates and accounts of every server into its folder.

        All get the same claims, signed once: servers whose accounts differ send each other all of them
        every few minutes, which stalls them when there are thousands.
        """
        accounts = self.accounts()
        for one in servers:
            self._write_server(one, servers, accounts)

    def _write_server(
        self, server: ServerPlan, servers: Sequence[ServerPlan], accounts: Mapping[str, str]
    ) -> None:
        folder = self.folder / server.name
        resolver = folder / "accounts"
        resolver.mkdir(parents=True, exist_ok=True)
        for public, signed in accounts.items():
            (resolver / f"{public}.jwt").write_text(signed, encoding="ascii")
        for name in ("server.pem", "server.key", "authority.pem"):
            shutil.copy(self.folder / name, folder / name)
        system = Key(seed=self.state.system).public
        operator = claims.operator(Key(seed=self.state.operator), system)
        (folder / "server.conf").write_text(_settings(server, servers, operator, system), encoding="ascii")


def node_claims(
    tenant: str, node: str, slot: int, shard: int, user: str, signing: Key, account: str
) -> str:  # fmt: skip
    """The signed claims of a node's user key."""
    return claims.user(
        f"{tenant}.{node}",
        user,
        signing,
        account,
        publish=subjects.may_publish(tenant, node, slot, shard),
        subscribe=subjects.may_subscribe(node),
    )


def _settings(server: ServerPlan, servers: Sequence[ServerPlan], operator: str, system: str) -> str:
    # Ten seconds for a handshake: two, the default, are short over mobile networks and when all come at once.
    tls = "tls { cert_file: server.pem, key_file: server.key, ca_file: authority.pem, timeout: 10"
    routes = ", ".join(f"tls://{one.host}:{one.cluster_port}" for one in servers if one.name != server.name)
    lines = [
        f"server_name: {server.name}",
        f"listen: {server.host}:{server.port}",
        f"{tls} }}",
        f"operator: {operator}",
        f"system_account: {system}",
        'resolver { type: full, dir: accounts, allow_delete: true, interval: "5m" }',
        "jetstream { store_dir: streams }",
        "max_payload: 1048576",
        'ping_interval: "30s"',
        'write_deadline: "10s"',
    ]
    if len(servers) > 1:
        lines.append(
            f"cluster {{ name: ortsamt, listen: {server.host}:{server.cluster_port},"
            f" {tls}, verify: true }}, routes: [{routes}] }}"
        )
    if server.websocket:
        lines.append(f"websocket {{ listen: {server.host}:{server.websocket}, {tls} }} }}")
    if server.monitor:
        lines.append(f"http: 127.0.0.1:{server.monitor}")
    return "\n".join(lines) + "\n"


def _certificates(folder: Path, hosts: Sequence[str]) -> None:
    """An authority, and one certificate for all servers of the cluster. Raises ConfigError."""
    names = ",".join(
        f"IP:{one}" if one.replace(".", "").isdigit() or ":" in one else f"DNS:{one}"
        for one in dict.fromkeys(hosts)
    )
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    commands = (
        [*new, "-x509", "-days", str(CERTIFICATE_DAYS), "-subj", "/CN=Ortsamt hub",
         # RFC 5280 §4.2.1.3: without its use Python 3.13 (Debian 13) trusts no authority.
         "-addext", "basicConstraints=critical,CA:TRUE",
         "-addext", "keyUsage=critical,keyCertSign,cRLSign",
         "-keyout", "authority.key", "-out", "authority.pem"],
        [*new, "-x509", "-CA", "authority.pem", "-CAkey", "authority.key", "-days", str(CERTIFICATE_DAYS),
         "-subj", "/CN=hub", "-addext", f"subjectAltName={names}", "-addext", "basicConstraints=CA:FALSE",
         "-addext", "extendedKeyUsage=serverAuth,clientAuth", "-keyout", "server.key", "-out", "server.pem"],
    )  # fmt: skip
    for command in commands:
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", b"") or b""
            raise ConfigError(
                f"openssl made no certificate: {error} {said.decode(errors='replace')[-200:]}",
                error_id="hub.certificate",
                hint="install openssl 3",
            ) from error
