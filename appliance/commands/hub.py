"""``ortsamt hub``: the message engine in the cloud that carries exchange: make it, add and revoke tenants."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from appliance.sync.hub import ServerPlan

HELP = "make and look after the NATS cluster in the cloud, and its tenants"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--hub", type=Path, required=True, metavar="DIR", help="the hub's folder")
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    making = actions.add_parser("init", help="a new hub: keys, certificates, settings of each server")
    making.add_argument(
        "servers",
        nargs="+",
        metavar="NAME=HOST:PORT:CLUSTERPORT[:WEBSOCKETPORT]",
        help="n1=10.0.0.1:4222:6222:443",
    )
    making.add_argument("--name", action="append", default=[], help="what boxes call each server, in order")
    making.add_argument("--shards", type=int, default=1, help="pairs of streams that tenants share")
    streams = actions.add_parser("streams", help="make the streams, once the servers run")
    streams.add_argument("--replicas", type=int, default=3)
    streams.add_argument("--records-gb", type=int, default=0, help="room for records on their way; 0: any")
    streams.add_argument(
        "--records-days", type=int, default=30, help="so long they stay in the hub; 0: for ever"
    )
    adding = actions.add_parser("add", help="a new tenant; prints nothing secret, writes a file")
    adding.add_argument("tenant")
    adding.add_argument("--node", default="cloud", help="its instance in the cloud")
    adding.add_argument("--shard", type=int, default=0)
    adding.add_argument("--out", type=Path, required=True, help="where the instance's credentials go")
    revoking = actions.add_parser("revoke", help="let a node's key (U…, see 'ctl sync') in no more")
    revoking.add_argument("tenant")
    revoking.add_argument("user")
    actions.add_parser("tenants", help="who there is")


def run(arguments: argparse.Namespace) -> int:
    """Do one action; raises OrtsamtError."""
    from appliance.sync import cluster
    from appliance.sync import credentials as kept
    from appliance.sync.hub import Hub

    if arguments.action == "init":
        hub = Hub.make(
            arguments.hub,
            [_server(one) for one in arguments.servers],
            names=arguments.name,
            shards=arguments.shards,
        )
        print(f"made {arguments.hub}; start on each server: nats-server -c server.conf (in its folder)")
        return 0
    hub = Hub(arguments.hub)
    if arguments.action == "streams":
        most = arguments.records_gb * 1_000_000_000 or -1
        asyncio.run(
            cluster.make_streams(
                hub, arguments.replicas, records_max_bytes=most, records_days=arguments.records_days
            )
        )
        print("the streams are there")
    elif arguments.action == "add":
        hub.add_tenant(arguments.tenant, arguments.shard)
        made = hub.credentials(arguments.tenant, arguments.node)
        kept.write(arguments.out.parent, made).replace(arguments.out)
        taken = asyncio.run(cluster.tell_account(hub, arguments.tenant))
        print(f"tenant {arguments.tenant}: {taken} servers know it; credentials in {arguments.out}")
    elif arguments.action == "revoke":
        hub.revoke(arguments.tenant, arguments.user)
        taken = asyncio.run(cluster.tell_account(hub, arguments.tenant))
        print(f"revoked; {taken} servers know it")
    else:
        for tenant in hub.state.tenants.values():
            print(f"{tenant.name}  shard {tenant.shard}, {len(tenant.revoked)} keys revoked")
    return 0


def _server(text: str) -> "ServerPlan":
    from appliance.errors import ConfigError
    from appliance.sync.hub import ServerPlan

    name, _, rest = text.partition("=")
    host, *ports = rest.split(":")
    if not name or not host or not 2 <= len(ports) <= 3 or not all(one.isdigit() for one in ports):
        raise ConfigError(f"'{text}' is no server", error_id="hub.usage", hint="n1=10.0.0.1:4222:6222:443")
    numbers = [int(one) for one in ports]
    return ServerPlan(
        name=name,
        host=host,
        port=numbers[0],
        cluster_port=numbers[1],
        websocket=numbers[2] if len(numbers) > 2 else 0,
    )
