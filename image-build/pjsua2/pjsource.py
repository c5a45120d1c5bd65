"""Where the PJSIP source comes from: Debian's archive, or a tarball that the user brings.

Debian has no pjproject package of its own any more, but its *asterisk* source carries a whole one as the
component `Xpjproject`. It is fetched with apt under a private configuration: the machine's own sources, lists
and caches are neither used nor changed. apt checks the archive's signature against
debian-archive-keyring, the signed index gives the checksum of the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from console import Command, Failure, run_step, say

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_HELPER = Path("/usr/lib/apt/apt-helper")
SUITE = "sid"
PACKAGE = "asterisk"
COMPONENT = re.compile(r"\.orig-Xpjproject\.tar\.\w+$")
URI_LINE = re.compile(r"^'(?P<uri>[^']+)' (?P<name>\S+) \d+ SHA256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)
SOURCE_HELP = (
    "Fetch an official pjproject release (2.15 or newer) on another machine and say\n"
    "  image-build/pjsua2/recipe.py --source pjproject-2.17.tar.gz --sha256 …\n"
    "or name a Debian mirror that this machine reaches with --mirror."
)
APT_CONFIGURATION = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{folder}/sources.list.d";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "{folder}/preferences.d";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Get::Only-Source "true";
APT::Sandbox::User "root";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A verified source archive: where it lies, its checksum and what it was called where it came from."""

    archive: Path
    sha256: str
    origin: str


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def local_source(path: Path, expected: str | None) -> Source:
    """Take a tarball that the user brings; its checksum must be given and match."""
    if not path.is_file():
        raise Failure(f"there is no file {path}")
    actual = sha256_of(path)
    if expected is None:
        raise Failure(
            f"the checksum of {path.name} is needed",
            f"The file has SHA-256 {actual}. Compare it with what the release page states, then add\n"
            f"  --sha256 {actual}",
        )
    if actual != expected.lower():
        raise Failure(f"{path.name} is not the expected file", f"SHA-256 is {actual}\nexpected {expected}")
    return Source(archive=path.resolve(), sha256=actual, origin=path.name)


def cached_source(cache: Path) -> Source | None:
    """Return the archive fetched earlier when it is still what was verified then."""
    try:
        note = json.loads((cache / "debian.json").read_text(encoding="utf-8"))
        source = Source(archive=cache / note["archive"], sha256=note["sha256"], origin=note["origin"])
        return source if sha256_of(source.archive) == source.sha256 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def debian_source(cache: Path, work: Path, mirror: str | None) -> Source:
    """Fetch the component from Debian's archive into `cache`; `work` holds apt's private state and logs."""
    if not KEYRING.is_file():
        raise Failure(f"{KEYRING} is missing", "install the package debian-archive-keyring")
    uri = mirror or system_mirror()
    configuration = _private_apt(work / "apt", uri)
    apt = ("apt-get", "-c", str(configuration))
    run_step(
        f"reading Debian's {SUITE} source index",
        [Command(argv=[*apt, "update", "--error-on=any"], log=work / "apt-update.log")],
        usual_s=4,
        hint=f"Is the network up, and the clock right? The mirror asked was {uri}\n{SOURCE_HELP}",
    )
    listing = _output([*apt, "--print-uris", "--download-only", "source", PACKAGE])
    found = [match for match in URI_LINE.finditer(listing) if COMPONENT.search(match["name"])]
    if len(found) != 1:
        raise Failure(f"Debian's {PACKAGE} source no longer carries one pjproject component", SOURCE_HELP)
    name, expected = found[0]["name"], found[0]["sha256"]
    fetched = work / name
    run_step(
        f"fetching {name}",
        [
            Command(
                argv=[
                    *(str(APT_HELPER), "-c", str(configuration), "download-file"),
                    *(found[0]["uri"], str(fetched), f"SHA256:{expected}"),
                ],
                log=work / "apt-fetch.log",
            )
        ],
        usual_s=5,
        hint=SOURCE_HELP,
    )
    if sha256_of(fetched) != expected:
        raise Failure(f"{name} does not have the checksum of the signed index", SOURCE_HELP)
    return _keep(cache, fetched, expected, name.partition(".orig-")[0])


def _keep(cache: Path, fetched: Path, sha256: str, origin: str) -> Source:
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"pjproject-{sha256[:16]}{''.join(fetched.suffixes[-2:])}"
    shutil.copyfile(fetched, archive.with_suffix(".new"))
    archive.with_suffix(".new").replace(archive)
    fetched.unlink()
    source = Source(archive=archive, sha256=sha256, origin=origin)
    note = cache / "debian.json"
    note.with_suffix(".new").write_text(
        json.dumps({**asdict(source), "archive": archive.name}), encoding="utf-8"
    )
    note.with_suffix(".new").replace(note)
    return source


def system_mirror() -> str:
    """Return the URI of the Debian archive that the machine's own apt sources name."""
    listing = _output(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(ORIGIN) $(LABEL)"])
    release = _release_name()
    rows = [line.split() for line in listing.splitlines()]
    for suites in ({release}, {"sid", "unstable", "testing", "stable"}):
        for uri, suite, *origin in (row for row in rows if len(row) >= 2):
            if suite in suites and origin in (["Debian", "Debian"], []) and "security" not in uri:
                return uri.rstrip("/")
    raise Failure("this machine's apt sources name no Debian archive", SOURCE_HELP)


def _release_name() -> str:
    values = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text("utf-8").splitlines() if "=" in line
    )
    return values.get("VERSION_CODENAME", "stable").strip('"')


def _private_apt(folder: Path, uri: str) -> Path:
    if re.search(r"\s", str(folder)):
        raise Failure(f"apt cannot work in a folder with blanks in its name: {folder}")
    for part in ("sources.list.d", "preferences.d", "state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list.d" / "source.sources").write_text(
        f"Types: deb-src\nURIs: {uri}\nSuites: {SUITE}\nComponents: main\nSigned-By: {KEYRING}\n",
        encoding="utf-8",
    )
    configuration = folder / "apt.conf"
    configuration.write_text(APT_CONFIGURATION.format(folder=folder), encoding="utf-8")
    return configuration


def _output(argv: list[str]) -> str:
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}
        )
    except OSError as error:
        raise Failure(f"cannot start {argv[0]}: {error.strerror}", "This needs Debian's apt.") from error
    if done.returncode:
        say(done.stderr.rstrip())
        raise Failure(f"{' '.join(argv[:1])} failed (exit {done.returncode})", SOURCE_HELP)
    return done.stdout
