"""What a hub signs for itself is good enough for whoever looks closely, as Python 3.13 does."""

import subprocess
from pathlib import Path

from appliance.sync.hub import Hub, ServerPlan


def test_the_authority_and_its_servers_pass_the_strict_rules(tmp_path: Path) -> None:
    plan = ServerPlan(name="n0", host="127.0.0.1", port=4222, cluster_port=6222, websocket=8443)
    Hub.make(tmp_path / "hub", [plan])
    said = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "authority.pem",
         "server.pem"],
        cwd=tmp_path / "hub", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
