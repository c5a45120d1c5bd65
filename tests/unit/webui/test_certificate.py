"""The box's own certificate follows its addresses; one that was uploaded is left alone."""

from pathlib import Path

from webui.tls import Certificate


def test_it_covers_new_addresses_and_keeps_the_old(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path / "tls", ("ortsamt", "192.0.2.9", "2001:db8::9"))
    certificate.ensure()
    before = certificate.certificate.read_bytes()
    assert not certificate.cover(("192.0.2.9", "2001:DB8::9", "ortsamt"))
    assert certificate.certificate.read_bytes() == before, "browsers need not be asked again"
    assert certificate.cover(("198.51.100.7", "box.local"))
    names = certificate.facts().names
    for name in ("DNS:ortsamt", "192.0.2.9", "198.51.100.7", "DNS:box.local", "2001:DB8:0:0:0:0:0:9"):
        assert name in names
    again = Certificate(tmp_path / "tls", ("ortsamt",))  # after a restart
    assert not again.cover(("198.51.100.7",))
    assert again.cover(("198.51.100.8",))
    assert "192.0.2.9" in again.facts().names


def test_an_uploaded_one_stays(tmp_path: Path) -> None:
    other = Certificate(tmp_path / "other", ("pbx.example.com",))
    other.ensure()
    certificate = Certificate(tmp_path / "tls", ("ortsamt",))
    certificate.ensure()
    certificate.upload(other.certificate.read_text(), other.key.read_text())
    assert not certificate.cover(("198.51.100.7",))
    assert "pbx.example.com" in certificate.facts().names
