"""The steps that turn a PJSIP source into the pjsua2 wheel; what stands here is part of the wheel's key."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from console import Command, Failure, run_step, say
from pjsource import Source
from wheelfile import write_wheel

HERE = Path(__file__).resolve().parent
TESTED_VERSION = "2.17"
OLDEST_VERSION = (2, 15)
UNPACK = ("--no-same-owner", "--strip-components=1")
FLAGS = "-O2 -fPIC -DNDEBUG"
CONFIGURE = (
    *("--enable-epoll", "--disable-video", "--disable-v4l2", "--disable-sdl", "--disable-ffmpeg"),
    *("--disable-openh264", "--disable-vpx", "--disable-libyuv", "--disable-libwebrtc", "--disable-upnp"),
    *("--disable-silk", "--disable-bcg729", "--disable-opencore-amr", "--disable-lyra"),
    *("--disable-ilbc-codec", "--disable-g7221-codec"),
    *("--with-external-srtp", "--with-external-gsm", "--with-external-speex"),
    *("--enable-speex-resample", "--disable-speex-aec"),
)
LAYOUT = (
    *("aconfigure", "version.mak", "pjlib/src/pj/log.c", "pjmedia/build/Makefile"),
    *(f"pjsip-apps/src/swig/{name}" for name in ("pjsua2.i", "symbols.i", "python/helper.mak")),
)
EDITS = (
    # Debian leaves a non-free audio device out of its component.
    ("pjmedia/build/Makefile", "bdimad_dev.o", ""),
    # Until libInit sets the level, PJSIP writes all it does to standard output, which is our command's own.
    ("pjlib/src/pj/log.c", "pj_log_max_level = PJ_LOG_MAX_LEVEL;", "pj_log_max_level = 1;"),
)
PATCHES = sorted((HERE / "patches").glob("*.patch"))  # each says at its top what it is for
NEEDED_LIBRARIES = ("libssl", "libsrtp2", "libopus", "libasound", "libspeexdsp", "libgsm")
PACKAGES_HINT = "Are all packages of image-build/packages/build installed?"
INCLUDES = ("pjlib", "pjlib-util", "pjmedia", "pjsip", "pjnath")


def inputs_hash(source_id: str) -> str:
    """Return the key of a build: recipe, configuration, interpreter, machine, Debian release and source."""
    digest = hashlib.sha256()
    for path in (HERE / "building.py", HERE / "wheelfile.py", HERE / "config_site.h", *PATCHES):
        digest.update(path.read_bytes() + b"\0")
    release = re.findall(r"^(?:ID|VERSION_ID)=.*$", Path("/etc/os-release").read_text("utf-8"), re.MULTILINE)
    interpreter = (sys.version_info[:2], sysconfig.get_config_var("EXT_SUFFIX"), platform.machine())
    digest.update(repr((interpreter, release, source_id)).encode())
    return digest.hexdigest()[:16]


def build(source: Source, work: Path, key: str) -> Path:
    """Build the wheel from a verified source in the folder `work`; return its path."""
    tree = work / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    log = work / "log"
    run_step(
        f"unpacking {source.archive.name}",
        [
            Command(
                argv=[*("tar", "-xf", str(source.archive), "-C", str(tree)), *UNPACK],
                log=log / "unpack.log",
            )
        ],
    )
    version = check_layout(tree)
    shutil.copyfile(HERE / "config_site.h", tree / "pjlib/include/pj/config_site.h")
    for name, old, new in EDITS:
        path = tree / name
        path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")
    apply_patches(tree, log)
    configure(tree, log)
    compile_tree(tree, log)
    module = link(tree, log)
    swig = module.parent
    check_module(swig, module)
    details = {"source": source.origin, "sha256": source.sha256, "flags": FLAGS, "configure": CONFIGURE}
    return write_wheel(
        work,
        name="pjsua2",
        version=f"{version}+ortsamt.{key}",
        summary="PJSIP's object oriented API, built for Ortsamt",
        files={
            "pjsua2.py": (swig / "pjsua2.py").read_bytes(),
            module.name: module.read_bytes(),
            "pjsua2_build.json": json.dumps(details, indent=1).encode(),
        },
    )


def check_layout(tree: Path) -> str:
    """Return the version of an unpacked source; raise `Failure` when it is not one this recipe can build."""
    missing = [path for path in LAYOUT if not (tree / path).exists()]
    if missing:
        raise Failure(f"this is no pjproject source that the recipe knows: no {', '.join(missing)}")
    values = dict(
        re.findall(
            r"^export PJ_VERSION_(\w+)\s*:=[ \t]*(\S*)", (tree / "version.mak").read_text(), re.MULTILINE
        )
    )
    try:
        numbers = (int(values["MAJOR"]), int(values["MINOR"]))
    except (KeyError, ValueError):
        raise Failure("version.mak of the source states no version") from None
    if numbers < OLDEST_VERSION:
        raise Failure(f"pjproject {numbers[0]}.{numbers[1]} is too old; 2.15 or newer is needed")
    version = ".".join(str(number) for number in numbers) + (f".{values['REV']}" if values.get("REV") else "")
    if version != TESTED_VERSION:
        say(f"note: this is pjproject {version}; the recipe was tested with {TESTED_VERSION}")
    return version


def apply_patches(tree: Path, log: Path) -> None:
    """Apply our few changes to PJSIP."""
    for path in PATCHES:
        argv = ["patch", "-p1", "--forward", "--no-backup-if-mismatch", "-i", str(path)]
        run_step(
            f"applying {path.name}",
            [Command(argv=argv, cwd=tree, log=log / f"{path.stem}.log")],
            hint="The patch was made for another version of pjproject.",
        )


def configure(tree: Path, log: Path) -> None:
    """Run PJSIP's configure script."""
    run_step(
        "configuring PJSIP",
        [
            Command(
                argv=["./aconfigure", *CONFIGURE],
                cwd=tree,
                log=log / "configure.log",
                env={"CFLAGS": FLAGS, "CXXFLAGS": FLAGS},
            )
        ],
        usual_s=10,
        hint=PACKAGES_HINT,
    )
    written = (log / "configure.log").read_text("utf-8", "replace")
    for feature in ("OpenSSL library found", "OPUS library found"):
        if feature.lower() not in written.lower():
            say(f"note: configure did not say “{feature}”")


def compile_tree(tree: Path, log: Path) -> None:
    """Compile PJSIP's libraries and, beside them, the long single file of the Python binding."""
    swig = tree / "pjsip-apps/src/swig/python"
    run_step(
        "writing the Python binding",
        [Command(argv=["make", "pjsua2_wrap.cpp"], cwd=swig, log=log / "swig.log")],
        usual_s=6,
    )
    includes = [f"-I{tree / part / 'include'}" for part in INCLUDES]
    wrapper = [
        *("g++", "-c", *make_variable(swig, "cflags"), *includes, f"-I{sysconfig.get_path('include')}"),
        *("-w", "-fno-strict-aliasing", "-o", "pjsua2_wrap.o", "pjsua2_wrap.cpp"),
    ]
    jobs = max(1, (os.cpu_count() or 1))
    run_step(
        "compiling PJSIP",
        [
            Command(argv=wrapper, cwd=swig, log=log / "wrapper.log"),
            Command(argv=["make", f"-j{jobs}", "lib"], cwd=tree, log=log / "libraries.log"),
        ],
        usual_s=120,
    )


def make_variable(swig: Path, name: str) -> list[str]:
    """Return what PJSIP's own makefile for language bindings says of `cflags`, `ldflags` or `libs`."""
    return output_of(["make", "-s", "--no-print-directory", "-f", "helper.mak", name], swig).split()


def output_of(argv: list[str], folder: Path) -> str:
    """Return the output of a short command; raise `Failure` when it fails."""
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"{' '.join(argv)} failed (exit {done.returncode})", done.stderr.strip())
    return done.stdout


def link(tree: Path, log: Path) -> Path:
    """Link the extension module, strip it, and check that it has the libraries it is meant to have."""
    swig = tree / "pjsip-apps/src/swig/python"
    module = swig / f"_pjsua2{sysconfig.get_config_var('EXT_SUFFIX')}"
    libraries = [f"-l{name}" for name in make_variable(swig, "libs")]
    linker = ["g++", "-shared", "-s", "-o", str(module), "pjsua2_wrap.o", *make_variable(swig, "ldflags")]
    run_step(
        "linking pjsua2",
        [Command(argv=[*linker, *libraries], cwd=swig, log=log / "link.log")],
        usual_s=2,
    )
    dynamic = output_of(["objdump", "-p", str(module)], swig)
    missing = [name for name in NEEDED_LIBRARIES if not re.search(rf"NEEDED\s+{name}\.", dynamic)]
    if missing:
        raise Failure(
            f"the built module does not use {', '.join(missing)}",
            f"{PACKAGES_HINT}\nwhole output: {log / 'configure.log'}",
        )
    return module


def check_module(swig: Path, module: Path) -> None:
    """Import the module in a fresh interpreter and let it start and stop its library once."""
    script = (
        "import pjsua2; e = pjsua2.Endpoint(); e.libCreate(); c = pjsua2.EpConfig();"
        "c.uaConfig.maxCalls = 4; c.uaConfig.threadCnt = 0; c.logConfig.level = 0;"
        "c.logConfig.consoleLevel = 0;"
        "e.libInit(c); e.libStart(); names = ' '.join(x.codecId for x in e.codecEnum2()); e.libDestroy();"
        "lost = [x for x in ('PCMA/8000', 'PCMU/8000', 'G722/16000', 'opus/48000') if x not in names];"
        "raise SystemExit('missing codecs: ' + ', '.join(lost) if lost else 0)"
    )
    run_step(
        "trying pjsua2",
        [Command(argv=[sys.executable, "-c", script], cwd=swig, log=module.with_suffix(".log"))],
        hint="The module was built but does not work.",
    )
