"""Letting people in, keeping others out, and never locking anybody out for somebody else's mistakes."""

import os
import ssl
import subprocess
import time
from pathlib import Path

from tests.support.processes import ortsamt
from tests.support.web import ADMIN, Client, Web, eventually
from webui.login import code_at


def test_the_first_password_lets_in_and_goes_when_it_is_changed(web: Web, admin: Client) -> None:
    me = admin.good("GET", "/session")
    assert (me["account"], me["role"]) == (ADMIN, "extended_administrator")
    first = web.box.folder / "state/web/first-password"
    assert first.stat().st_mode & 0o077 == 0
    old = first.read_text(encoding="utf-8").strip()
    web.account(admin, "somebody", "user", ["21"])
    assert first.exists()  # only the administrator's own password takes its place
    assert admin.ask("PUT", "/accounts/admin/password", {"password": "ab" * 8}).status == 403
    answer = admin.ask("PUT", "/accounts/admin/password", {"password": "ab" * 8, "current": old})
    assert answer.status == 422
    assert answer.json["error"]["field"] == "password"
    admin.good("PUT", "/accounts/admin/password", {"password": old + "-new", "current": old})
    assert not first.exists()
    assert web.client().log_in(ADMIN, old).status == 401
    assert admin.good("GET", "/session")["account"] == ADMIN  # who changed it stays in
    log = (web.box.folder / "web.log").read_text(encoding="utf-8")
    assert old not in log
    assert old not in (web.box.folder / "core.log").read_text(encoding="utf-8")


def test_guessing_is_slowed_without_locking_others_out(web: Web, admin: Client) -> None:
    web.account(admin, "guessed", "user", ["21"])
    web.account(admin, "bystander", "user", ["22"])
    stranger = web.client()
    seen = [stranger.log_in("guessed", f"wrong password {n}").status for n in range(8)]
    assert seen[:5] == [401] * 5
    refused = stranger.log_in("guessed", "correct horse guessed")
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert web.client().log_in("bystander", "correct horse bystander").status == 201
    nobody = stranger.log_in("nobody-at-all", "correct horse nobody")
    assert (nobody.status, nobody.error) == (401, "web.wrong_password")  # the same words as for a wrong one
    logins = admin.good("GET", "/logins")
    assert {"account": "guessed", "result": "refused"}.items() <= logins[2].items()
    assert logins[0]["account"] == ""  # what was typed as a name may be a password


def test_a_second_factor_is_asked_for_and_counts_once(web: Web, admin: Client) -> None:
    client = web.account(admin, "careful", "user", ["21"])
    secret = client.good("POST", "/accounts/careful/second-factor")["secret"]
    current = "correct horse careful"
    wrong = client.ask(
        "PUT", "/accounts/careful/second-factor", {"secret": secret, "code": "000000x", "current": current}
    )
    assert (wrong.status, wrong.json["error"]["field"]) == (422, "code")
    code = code_at(secret, int(time.time()) // 30)
    client.good(
        "PUT", "/accounts/careful/second-factor", {"secret": secret, "code": code, "current": current}
    )
    assert web.client().log_in("careful", current).error == "web.code_needed"
    code = code_at(secret, int(time.time()) // 30)
    assert web.client().log_in("careful", current, code).status == 201
    assert web.client().log_in("careful", current, code).status == 401  # used up
    assert secret not in str(admin.good("GET", "/configuration/log?kind=account&id=careful"))
    assert secret not in str(admin.good("GET", "/config/account/careful?reveal=true"))


def test_whoever_is_disabled_or_logged_out_is_out(web: Web, admin: Client) -> None:
    client = web.account(admin, "leaving", "user", ["21"])
    token = client.good("POST", "/tokens", {"name": "crm", "scopes": ["records:read"]})["token"]
    program = web.client(token)
    assert program.ask("GET", "/records").status == 200
    assert program.ask("GET", "/voicemail").status == 403  # not in its scopes
    assert program.ask("POST", "/tokens", {"name": "x", "scopes": ["*"]}).status == 403
    admin.good("PATCH", "/config/account/leaving", {"enabled": False})
    assert program.ask("GET", "/records").status == 401
    assert client.ask("GET", "/session").status == 401
    admin.good("PATCH", "/config/account/leaving", {"enabled": True})
    assert client.ask("GET", "/session").status == 200
    client.good("DELETE", "/session")
    assert client.ask("GET", "/session").status == 401


def test_a_password_can_be_reset_on_the_box(web: Web, admin: Client) -> None:
    from tests.support.processes import ortsamt

    web.account(admin, "forgetful", "user", ["21"])
    done = subprocess.run(
        ortsamt("web", "--box", str(web.box.settings), "reset-password", "forgetful"),
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    password = done.stdout.strip().rpartition(" ")[2]
    assert eventually(lambda: web.client().log_in("forgetful", password).status == 201, "the new password")


def test_browsers_are_sent_to_https_and_a_new_certificate_needs_no_restart(web: Web, admin: Client) -> None:
    plain = Client(web.http_port, scheme="http")
    sent = plain.ask("GET", "//some/page?a=b", headers={"Host": "box.example:80"})
    assert (sent.status, sent.headers["Location"]) == (307, f"https://box.example:{web.port}/some/page?a=b")
    assert plain.ask("GET", "//", headers={"Host": "evil\\@x/"}).status == 400
    before = ssl.get_server_certificate(("127.0.0.1", web.port))
    folder = web.box.folder
    for name in ("good", "other"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "30", "-subj", "/CN=pbx.example", "-keyout", f"{folder}/{name}.key",
             "-out", f"{folder}/{name}.crt"], capture_output=True, check=True, timeout=30,
        )  # fmt: skip
    chain, key, other = ((folder / n).read_text() for n in ("good.crt", "good.key", "other.key"))
    unfit = admin.ask("PUT", "/certificate", {"certificate": chain, "key": other})
    assert (unfit.status, unfit.json["error"]["field"]) == (422, "key")
    assert admin.ask("PUT", "/certificate", {"certificate": "x", "key": key}).status == 422
    assert ssl.get_server_certificate(("127.0.0.1", web.port)) == before
    facts = admin.good("PUT", "/certificate", {"certificate": chain, "key": key})
    assert "pbx.example" in facts["subject"]
    assert not facts["own"]
    after = ssl.get_server_certificate(("127.0.0.1", web.port))
    assert after.strip() == chain.strip()
    assert ssl.get_server_certificate(("127.0.0.1", web.box.ports["tls_port"])).strip() == chain.strip()


def test_a_silent_connection_keeps_nobody_waiting(web: Web) -> None:
    import socket

    silent = [socket.create_connection(("127.0.0.1", web.port), timeout=5) for _ in range(10)]
    began = time.monotonic()
    assert web.client().good("GET", "/health")["core"] == "up"
    assert time.monotonic() - began < 3
    for one in silent:
        one.close()


def test_an_acme_client_leaves_a_certificate_and_its_proof(web: Web, tmp_path: Path) -> None:
    folder = web.box.folder / "state/web"
    proof = folder / "acme/.well-known/acme-challenge/token-1"
    proof.write_text("token-1.thumb", encoding="utf-8")
    plain = Client(web.http_port, scheme="http")
    assert plain.ask("GET", "//.well-known/acme-challenge/token-1").body == b"token-1.thumb"
    for path in ("..%2f..%2f..%2ffirst-password", "nothing", "token-1/"):
        assert plain.ask("GET", f"//.well-known/acme-challenge/{path}").status == 307, path
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "9", "-subj", "/CN=acme.example", "-keyout", tmp_path / "privkey.pem",
         "-out", tmp_path / "fullchain.pem"], check=True, capture_output=True,
    )  # fmt: skip
    hook = ortsamt("web", "--box", str(web.box.settings), "install-certificate")
    done = subprocess.run(
        hook, env={**os.environ, "RENEWED_LINEAGE": str(tmp_path)}, capture_output=True, check=True
    )  # fmt: skip
    assert b"takes it now" in done.stdout

    def taken() -> bool:
        pem = ssl.get_server_certificate(("127.0.0.1", web.port))
        return b"acme.example" in ssl.PEM_cert_to_DER_cert(pem)

    eventually(taken, "the new certificate")
    assert not (folder / "tls/incoming.key").exists()
    edge = web.box.folder / "state/edge/tls/edge.crt"
    eventually(lambda: b"acme.example" in ssl.PEM_cert_to_DER_cert(edge.read_text()), "the edge's")
