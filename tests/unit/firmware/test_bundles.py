"""Real bundles, made and verified by RAUC: ours is read; a foreign, a changed, a cut one is refused."""

import random
import subprocess
from pathlib import Path

import pytest
from boards import BOARDS
from bundle import Signer, developer_signer, manifest, signing

from appliance.errors import ConfigError
from appliance.firmware import rauc


class Workbench:
    """Two signers and a bundle of the first."""

    def __init__(self, folder: Path) -> None:
        self.ours = developer_signer(folder / "ours", folder / "ours.log")
        self.theirs = developer_signer(folder / "theirs", folder / "theirs.log")
        self.bundle = self.make(folder, self.ours)

    @staticmethod
    def make(folder: Path, signer: Signer) -> Path:
        content = folder / "content"
        content.mkdir()
        root = content / "rootfs.img"
        root.write_bytes(random.Random(1).randbytes(65536))
        (content / "manifest.raucm").write_text(manifest(BOARDS["uefi-amd64"], "1.2", root))
        output = folder / "update.raucb"
        words = signing(signer, str(content), str(output))
        subprocess.run(words, check=True, capture_output=True, timeout=60)
        return output


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    return Workbench(tmp_path_factory.mktemp("bundles"))


def test_a_bundle_of_ours_is_read(workbench: Workbench) -> None:
    found = rauc.info(workbench.bundle, workbench.ours.certificate)
    assert found == rauc.Bundle(compatible="ortsamt-uefi-amd64", version="1.2", image_bytes=65536)
    rauc.check(found, "ortsamt-uefi-amd64", 65536)
    with pytest.raises(ConfigError, match="for ortsamt-uefi-amd64"):
        rauc.check(found, "ortsamt-rpi4", 16384)


def test_a_bundle_with_a_boot_partition_counts_its_root(workbench: Workbench, tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.mkdir()
    root, boot = content / "rootfs.img", content / "boot.img"
    root.write_bytes(random.Random(1).randbytes(65536))
    boot.write_bytes(random.Random(2).randbytes(131072))
    (content / "manifest.raucm").write_text(manifest(BOARDS["rpi4"], "1.2", root, boot))
    output = tmp_path / "update.raucb"
    subprocess.run(
        signing(workbench.ours, str(content), str(output)), check=True, capture_output=True, timeout=60
    )
    found = rauc.info(output, workbench.ours.certificate)
    assert found == rauc.Bundle(compatible="ortsamt-rpi4", version="1.2", image_bytes=65536)


def test_a_bundle_of_somebody_else_is_refused(workbench: Workbench) -> None:
    with pytest.raises(ConfigError) as refused:
        rauc.info(workbench.bundle, workbench.theirs.certificate)
    assert refused.value.error_id == "update.signature"


@pytest.mark.parametrize("harm", ["cut", "noise", "signature"])
def test_a_harmed_bundle_is_refused(workbench: Workbench, tmp_path: Path, harm: str) -> None:
    content = bytearray(workbench.bundle.read_bytes())
    if harm == "cut":
        content = content[: len(content) // 2]
    elif harm == "noise":
        content = bytearray(b"not a bundle at all" * 100)
    else:
        content[-100] ^= 0xFF
    path = tmp_path / "harmed.raucb"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        rauc.info(path, workbench.ours.certificate)
