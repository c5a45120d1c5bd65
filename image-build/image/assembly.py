"""The steps of ./dev image, each done again only when its inputs change; everything lands in build/image."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aptpackages
import bundle
import debs
import disk
import firmware
import wheels
from boards import Board, Loader
from console import say
from environment import Workshop, key_of, stamped
from foreign import foreign_of, teach
from workshop import ToolsRoot, entering, sources

HERE = Path(__file__).resolve().parent
PACKING = tuple(HERE / name for name in ("boards.py", "debs.py", "disk.py", "wheels.py"))
UNSEEN = ("man", "locale", "info", "doc", "lintian", "bug", "gtk-doc", "help")
"""Folders of /usr/share that the box has no use for."""
KERNEL_UNSEEN = ("gpu", "media", "infiniband", "iio", "staging", "net/wireless", "isdn", "scsi/*")
"""Drivers that no box has, under kernel/drivers; of scsi adapters alone: SATA and USB disks need the rest."""
PI_FILES = (
    ("./boot/*", 2),
    ("./usr/lib/raspi-firmware/*", 4),
    ("./usr/lib/linux-image-*/broadcom/*", 5),
)
"""Where the loader's files, kernel and device trees are in a root, and how deep."""
SQUASH = "-comp gzip -Xcompression-level 6 -root-mode 0755 -processors 2 -quiet -no-progress"
"""gzip is what GRUB can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What image is wanted."""

    board: Board
    release: str
    """The version that the box and its updates say; letters that a package version may have."""
    epoch: int
    """The date of every file in it (seconds)."""
    mirror: str
    """Debian's archive; a snapshot makes an image that can be made again later."""
    security: str
    signer: bundle.Signer | None = None
    """None: a developer's own key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was made."""

    root: Path
    """The file system of a slot."""
    image: Path
    bundle: Path
    inventory: Path


class Builder:
    """Makes one order in one clone."""

    def __init__(self, workshop: Workshop, order: Order, suffix: str = "") -> None:
        """``suffix``: of the folder, for a second time beside the first."""
        self._shop, self.order = workshop, order
        self._folder = workshop.build / "image"
        self._name = order.board.name + suffix
        self.made = self._folder / self._name
        self._foreign = foreign_of(order.board)
        self.tools = ToolsRoot(self._folder, workshop.log, order.mirror, order.security, self._foreign)

    def make(self) -> Result:
        """Make root, bundle and image; raises Failure."""
        order = self.order
        self.made.mkdir(parents=True, exist_ok=True)
        self._tools()
        signer = self.signer()
        packages = self._packages()
        root = self._root(packages, signer)
        made = Result(
            root=root,
            image=self.made / f"ortsamt-{order.board.name}-{order.release}.img",
            bundle=self.made / f"ortsamt-{order.board.name}-{order.release}.raucb",
            inventory=self.made / "sbom.cdx.json",
        )
        self._bundle(root, signer, made.bundle)
        self._image(root, made.image)
        return made

    def _tools(self) -> None:
        """The builder's own Debian, anew when its lists change."""
        foreign, tools = self._foreign, self.tools
        key = key_of([aptpackages.LISTS / name for name in ("build", "image-tools")], self.order.mirror)
        if foreign:
            key += key_of([], self.tools.packages(), foreign.furnishing())
        stamped(self._shop, f"image-{tools.name}", key, tools.root / "usr/bin/mmdebstrap", tools.make)
        if foreign:
            teach(foreign, tools.root, entering(tools.root, {}, [foreign.python, "-c", ""]))

    def inside(
        self, title: str, argv: list[str], *, env: Mapping[str, str] | None = None, usual_s: float = 0.0
    ) -> None:
        """Run a command in the builder's Debian; raises Failure."""
        cache = self._cache()
        binds = {self._shop.root: "/work/source", self._folder: "/work/image", cache: "/cache/ortsamt"}
        self.tools.run(title, argv, binds=binds, env=env, usual_s=usual_s)

    @staticmethod
    def _cache() -> Path:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ortsamt"
        cache.mkdir(parents=True, exist_ok=True)
        return cache

    def seen(self, path: Path) -> str:
        """How a path under build/image is called inside the builder's Debian."""
        return f"/work/image/{path.relative_to(self._folder)}"

    # --- packages of ours

    def _packages(self) -> list[Path]:
        folder = self.made / "debs"
        board, root = self.order.board, self._shop.root
        version = self.order.release
        runs = aptpackages.listed(["run"])
        python = debs.Package(
            name="ortsamt-python",
            version=version,
            architecture=board.architecture,
            depends=("python3", *aptpackages.listed(["pjsua2-libraries"])),
            description="Python packages that Ortsamt uses, with pjsua2",
        )
        product = debs.Package(
            name="ortsamt",
            version=version,
            architecture="all",
            depends=("ortsamt-python", *runs),
            description="telephone exchange of an office",
        )
        folder.mkdir(exist_ok=True)
        lock = root / "image-build/requirements.lock"
        key = key_of([lock, root / "image-build/pjsua2", *PACKING], version, self.order.epoch)
        stamped(
            self._shop,
            f"image-python-{self._name}",
            key,
            folder / python.file_name,
            lambda: self._python(python, folder),
        )
        inputs = [root / name for name in ("appliance", "webui", "rootfs", "systemd", "LICENSE")]
        key = key_of([*inputs, self._shop.build / "prompts", *PACKING], version, self.order.epoch)
        stamped(
            self._shop,
            f"image-product-{self._name}",
            key,
            folder / product.file_name,
            lambda: self._product(product, folder),
        )
        return [folder / python.file_name, folder / product.file_name]

    def _python(self, package: debs.Package, folder: Path) -> None:
        shop, board = self._shop, self.order.board
        tree = self.made / "tree-python"
        shutil.rmtree(tree, ignore_errors=True)
        debs.lay_python(tree)
        (site,) = (shop.venv / "lib").glob("python3*/site-packages")
        pyproject = (shop.root / "pyproject.toml").read_text(encoding="utf-8")
        lock = wheels.pins((shop.root / "image-build/requirements.lock").read_text(encoding="utf-8"))
        needed = {
            name: lock[name] for name in wheels.wanted(pyproject, wheels.installed(site)) if name in lock
        }
        store = self.made / "wheels"
        wheels.fetch(shop.python, board, needed, store, shop.log / "image-wheels.log")
        self._engine(store)
        wheels.unpack(store.glob("*.whl"), tree / debs.SITE, shop.log / "image-unpack.log")
        self._pack(tree, package, folder)

    def _engine(self, store: Path) -> None:
        """pjsua2, built in Debian 13 and for it."""
        log = self.made / "pjsua2-wheel"
        foreign = self._foreign
        python = f"PATH={foreign.path} {foreign.python}" if foreign else "/usr/bin/python3"
        script = (
            f"{python} /work/source/image-build/pjsua2/recipe.py --work /tmp/pjsua2"
            f" --mirror {self.order.mirror} >{self.seen(log)}"
        )
        self.inside(
            "building pjsua2 for Debian 13",
            ["sh", "-c", script],
            env={"XDG_CACHE_HOME": "/cache"},
            usual_s=2,
        )
        wheel = Path(log.read_text(encoding="utf-8").strip())
        shutil.copyfile(self._cache() / wheel.relative_to("/cache/ortsamt"), store / wheel.name)

    def _product(self, package: debs.Package, folder: Path) -> None:
        tree = self.made / "tree-product"
        shutil.rmtree(tree, ignore_errors=True)
        debs.lay_product(self._shop.root, self._shop.build / "prompts", tree, self.order.release)
        plans = tree / "usr/lib/ortsamt/repart.d"
        plans.mkdir(parents=True)
        for name, text in disk.repart_files():
            (plans / name).write_text(text, encoding="utf-8")
        self._pack(tree, package, folder)

    def _pack(self, tree: Path, package: debs.Package, folder: Path) -> None:
        debs.settle(tree, self.order.epoch)
        site = f"{self.seen(tree)}/{debs.SITE}"
        self.inside(
            f"compiling {package.name}",
            [
                *("python3", "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash"),
                *("-s", self.seen(tree), "-p", "/", "-x", r"/(tests?|testing)/", site),
            ],
            env={"PYTHONHASHSEED": "0"},
        )
        debs.settle(tree, self.order.epoch)
        debs.write_control(tree, package)
        self.inside(
            f"packing {package.name}",
            [*debs.packing(self.seen(tree), self.seen(folder / package.file_name))],
            env={"SOURCE_DATE_EPOCH": str(self.order.epoch)},
        )
        shutil.rmtree(tree)

    # --- the root of a slot

    def _root(self, packages: list[Path], signer: bundle.Signer) -> Path:
        order = self.order
        root = self.made / "rootfs.img"
        lists = aptpackages.LISTS
        inputs = [
            *packages,
            lists / "image",
            lists / "run",
            lists / "pjsua2-libraries",
            HERE / "finish",
            HERE / "inventory.py",
            signer.certificate,
        ]

        tar = self.made / "root.tar"
        base = self._debian() if self._foreign else None
        recipe = inspect.getsource(Builder._own) + inspect.getsource(Builder._bootstrap)
        key = key_of(inputs, order.release, order.epoch, recipe, UNSEEN, KERNEL_UNSEEN)

        def pack() -> None:
            root.unlink(missing_ok=True)
            script = (
                # sqfstar takes the date by an option alone.
                f"unset SOURCE_DATE_EPOCH; sqfstar -reproducible -mkfs-time {order.epoch} "
                f"-all-time {order.epoch} {SQUASH} {self.seen(root)} <{self.seen(tar)}"
            )
            self.inside("packing the root", ["sh", "-c", script], usual_s=60)

        name = self._name
        stamped(self._shop, f"image-tar-{name}", key, tar, lambda: self._own(packages, signer, base))
        stamped(self._shop, f"image-root-{name}", key + SQUASH, root, pack)
        return root

    def _system(self) -> list[str]:
        """Debian packages of a root that all boards of an architecture have."""
        return [*aptpackages.listed(["image", "run", "pjsua2-libraries"]), self.order.board.kernel]

    def _debian(self) -> Path:
        """The packages of Debian alone, once a day for all boards: under emulation that takes long."""
        architecture = self.order.board.architecture
        tar = self._folder / f"debian-{architecture}.tar"
        day = self.order.epoch // 86400
        recipe = inspect.getsource(Builder._bootstrap)
        key = key_of([], self._system(), day, self.order.mirror, recipe, UNSEEN, KERNEL_UNSEEN)

        def make() -> None:
            self._bootstrap("installing Debian under emulation", tar, self._system(), usual_s=900)

        stamped(self._shop, f"image-debian-{architecture}", key, tar, make)
        return tar

    def _own(self, packages: list[Path], signer: bundle.Signer, base: Path | None) -> None:
        """The root: Debian's packages and ours; ``base``: where the former are installed already."""
        order = self.order
        board = order.board
        names = [*([] if base else self._system()), *board.packages]
        brought = self.made / "brought"
        shutil.rmtree(brought, ignore_errors=True)
        brought.mkdir()
        for package in packages:
            shutil.copyfile(package, brought / package.name)
        shutil.copyfile(signer.certificate, brought / "keyring.pem")
        seen = self.seen(brought)
        finish = '/work/source/image-build/image/finish "$1"'
        steps = (
            f'mkdir -p "$1/var/tmp/brought" "$1/etc/rauc" && cp {seen}/*.deb "$1/var/tmp/brought/"',
            "chroot \"$1\" sh -c 'dpkg --force-overwrite -i /var/tmp/brought/*.deb'",
            'rm -r "$1/var/tmp/brought"',
            f'cp {seen}/keyring.pem "$1/etc/rauc/keyring.pem"',
            f"{finish} {order.release} {board.compatible} {order.epoch}",
            f'cp "$1/usr/share/ortsamt/sbom.cdx.json" {self.seen(self.made)}/sbom.cdx.json',
        )
        title, target = "making the root from Debian packages", self.made / "root.tar"
        self._bootstrap(title, target, names, base=base, steps=steps, usual_s=180 if base else 60)

    def _bootstrap(
        self,
        title: str,
        target: Path,
        names: list[str],
        *,
        base: Path | None = None,
        steps: Sequence[str] = (),
        usual_s: float,
    ) -> None:
        """A tree of Debian packages as a tar file: from nothing, or over the tree ``base``."""
        order, board = self.order, self.order.board
        unseen = [f"path-exclude=/usr/share/{name}/*" for name in UNSEEN]
        unseen += ["path-include=/usr/share/doc/*/copyright"]
        for prefix in ("/lib", "/usr/lib"):
            unseen += [f"path-exclude={prefix}/modules/*/kernel/drivers/{name}/*" for name in KERNEL_UNSEEN]
        begin = ["--variant=minbase"]
        if base:
            # The archive's addresses are the board's own.
            laying = f'tar -C "$1" -xpf {self.seen(base)} --numeric-owner --exclude=./etc/apt/sources.list'
            begin = ["--variant=custom", f"--setup-hook={laying}"]
        self.inside(
            title,
            [
                *("mmdebstrap", "--mode=root", "--format=tar", *begin),
                f"--architectures={board.architecture}",
                *([f"--include={','.join(names)}"] if names else []),
                '--aptopt=Apt::Install-Recommends "false"',
                *(f"--dpkgopt={one}" for one in unseen),
                *(f"--customize-hook={step}" for step in steps),
                *("trixie", self.seen(target)),
                *sources(order.mirror, order.security, board.components),
            ],
            env={"SOURCE_DATE_EPOCH": str(order.epoch)},
            usual_s=usual_s,
        )

    # --- bundle and image

    def _bundle(self, root: Path, signer: bundle.Signer, output: Path) -> None:
        content = self.made / "bundle"
        shutil.rmtree(content, ignore_errors=True)
        content.mkdir()
        os.link(root, content / "rootfs.img")
        board, boot = self.order.board, None
        if board.loader is Loader.TRYBOOT:
            boot = content / "boot.img"
            os.link(self._pi_boot(disk.plan(board)), boot)
        (content / "manifest.raucm").write_text(
            bundle.manifest(board, self.order.release, content / "rootfs.img", boot), encoding="utf-8"
        )
        try:
            self.sign(content, output, signer)
        finally:
            shutil.rmtree(content, ignore_errors=True)

    def sign(self, content: Path, output: Path, signer: bundle.Signer | None = None) -> None:
        """Make a bundle of a folder under build/image; None: signed as the image's own."""
        keys = self._folder / "signing"
        shutil.rmtree(keys, ignore_errors=True)
        keys.mkdir(mode=0o700)
        signer = signer or self.signer()
        try:
            shutil.copyfile(signer.key, keys / "key.pem")
            shutil.copyfile(signer.certificate, keys / "certificate.pem")
            output.unlink(missing_ok=True)
            inside = bundle.Signer(
                key=Path(self.seen(keys / "key.pem")), certificate=Path(self.seen(keys / "certificate.pem"))
            )
            self.inside(
                "signing the bundle",
                bundle.signing(inside, self.seen(content), self.seen(output)),
                usual_s=6,
            )
        finally:
            shutil.rmtree(keys, ignore_errors=True)

    def signer(self) -> bundle.Signer:
        """Who signs: the one ordered, or this clone's developer."""
        return self.order.signer or bundle.developer_signer(self._folder / "keys", self.log("key"))

    def log(self, name: str) -> Path:
        """Where the output of a step goes."""
        return self._shop.log / f"image-{name}.log"

    def _image(self, root: Path, output: Path) -> None:
        board = self.order.board
        partitions = disk.plan(board)
        beside = output.with_suffix(".new")
        with beside.open("wb") as file:
            file.truncate(disk.image_size(partitions))
        self.inside("dividing the image", ["sgdisk", *disk.sgdisk_arguments(partitions), self.seen(beside)])
        contents = {"root-a": root}
        if board.loader is Loader.GRUB:
            contents["esp"] = self._esp(partitions)
        else:
            contents |= self._pi(partitions)
        disk.assemble(beside, partitions, contents)
        for old in self.made.glob("ortsamt-*"):
            if self.order.release not in old.name:
                old.unlink()
        beside.replace(output)

    def _esp(self, partitions: tuple[disk.Partition, ...]) -> Path:
        board = self.order.board
        folder = self.made / "esp"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "EFI/BOOT").mkdir(parents=True)
        (folder / "grub").mkdir()
        early = self.made / "early.cfg"
        early.write_text(firmware.EARLY, encoding="utf-8")
        (folder / "grub/grub.cfg").write_text(
            firmware.grub_configuration(board, partitions), encoding="utf-8"
        )
        (folder / "grub/grubenv").write_bytes(firmware.fresh_environment())
        program = folder / "EFI/BOOT" / board.efi_file
        self.inside(
            "making the boot loader", firmware.core_image(board, self.seen(program), self.seen(early))
        )
        return self._fat(folder, self.made / "esp.img", partitions[0])

    def _pi(self, partitions: tuple[disk.Partition, ...]) -> dict[str, Path]:
        start = self.made / "start"
        shutil.rmtree(start, ignore_errors=True)
        start.mkdir()
        for name, text in firmware.tryboot_files(partitions).items():
            (start / name).write_text(text, encoding="utf-8")
        boot = self._pi_boot(partitions)
        return {"start": self._fat(start, self.made / "start.img", partitions[0])} | {
            f"boot-{slot}": boot for slot in "ab"
        }

    def _pi_boot(self, partitions: tuple[disk.Partition, ...]) -> Path:
        """Loader's files, kernel and device trees: the same for both slots, and in updates."""
        folder = self.made / "boot"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for place, depth in PI_FILES:
            self.inside(
                f"taking boot files from {place.split('/')[1]}",
                [
                    *("tar", "-xf", self.seen(self.made / "root.tar"), "-C", self.seen(folder)),
                    *(f"--strip-components={depth}", "--wildcards", "--no-same-owner", place),
                ],
            )
        for name, text in firmware.pi_boot_files(partitions, self.order.board.consoles).items():
            (folder / name).write_text(text, encoding="utf-8")
        firmware.check_pi_boot(folder)
        return self._fat(folder, self.made / "boot.img", partitions[1])

    def _fat(self, folder: Path, image: Path, partition: disk.Partition) -> Path:
        """A FAT file system with these files; the same files give the same bytes."""
        files = sorted(path for path in folder.rglob("*"))
        for path in [folder, *files]:
            os.utime(path, (self.order.epoch, self.order.epoch))
        seen = self.seen(image)
        copies = "\n".join(
            f"mmd -i {seen} ::{path.relative_to(folder)}"
            if path.is_dir()
            else f"mcopy -m -i {seen} {self.seen(path)} ::{path.relative_to(folder)}"
            for path in files
        )
        blocks = partition.size // 1024
        label = f"{partition.label.upper():.11}"
        making = f"mkfs.fat --invariant -F 32 -n {label} -i 6F727473 -C {seen} {blocks} >/dev/null"
        script = f"rm -f {seen}\n{making}\n{copies}\n"
        self.inside(
            f"filling {partition.label}",
            ["sh", "-euc", script],
            # mcopy keeps a file's date; a folder gets that of its making, unless it is told.
            env={"TZ": "UTC", "MTOOLS_SKIP_CHECK": "1", "SOURCE_DATE_EPOCH": str(self.order.epoch)},
        )
        return image


def release_of(root: Path) -> str:
    """The version in pyproject.toml with the day of the last commit: ``0.1.0+20261123.dce10a2``."""
    import tomllib

    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    done = subprocess.run(
        ["git", "-C", str(root), "log", "-1", "--format=%cd.%h", "--date=format:%Y%m%d"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{version}+{done.stdout.strip()}" if done.returncode == 0 and done.stdout.strip() else version


def epoch_of(root: Path) -> int:
    """SOURCE_DATE_EPOCH, else the date of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    done = subprocess.run(
        ["git", "-C", str(root), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False
    )
    return int(done.stdout.strip() or 1)


def show(made: Result) -> None:
    """Say what was made, how large it is and its checksum."""
    for path in (made.image, made.bundle, made.root, made.inventory):
        digest = digest_of(path)
        used = path.stat().st_blocks * 512 / 1e6
        say(f"{path}: {path.stat().st_size / 1e6:.0f} MB ({used:.0f} MB on disk), SHA-256 {digest}")


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
