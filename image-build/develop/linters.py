"""The linters of the project: what ./dev lint runs, and the test run with it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKED = (
    *("appliance", "webui", "tests"),
    *("image-build/develop", "image-build/image", "image-build/pjsua2", "image-build/prompts"),
)


def linters(root: Path) -> Mapping[str, Sequence[str]]:
    """Return the command of each linter, by name; paths are relative to `root`."""
    binaries = root / "build" / "venv" / "bin"
    folders = [folder for folder in CHECKED if any((root / folder).rglob("*.py"))]
    return {
        "ruff": [str(binaries / "ruff"), "check", "--quiet", "--output-format", "concise", *folders],
        "format": [str(binaries / "ruff"), "format", "--check", "--quiet", *folders],
        "mypy": [str(binaries / "mypy"), "--no-error-summary", *folders],
        "imports": [
            *(str(binaries / "lint-imports"), "--cache-dir", str(root / "build" / "import_linter_cache")),
        ],
    }


def run_linter(root: Path, argv: Sequence[str]) -> tuple[bool, str]:
    """Run one linter in `root`; return whether it is content, and what it said."""
    done = subprocess.run(
        argv, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return done.returncode == 0, (done.stdout + done.stderr).strip()
