"""What is installed is what the lock file says, and the lock file covers what pyproject.toml asks for."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    lines = (ROOT / "image-build" / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {normal(name): version for name, version in pairs}


def test_every_requirement_of_the_project_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {normal(Requirement(one).name) for one in wanted} <= set(pins())


def test_everything_the_project_pulls_in_has_its_pinned_version() -> None:
    locked, seen, queue = pins(), set[str](), [Requirement("ortsamt[dev]")]
    while queue:
        wanted = queue.pop()
        for line in distribution(wanted.name).requires or ():
            needed = Requirement(line)
            extras = wanted.extras or {""}
            if needed.marker and not any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                continue
            if normal(needed.name) not in seen:
                seen.add(normal(needed.name))
                queue.append(needed)
    assert len(seen) > 20
    assert {name: distribution(name).version for name in seen} == {name: locked[name] for name in seen}
