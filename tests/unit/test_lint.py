from pathlib import Path

import pytest
from linters import linters, run_linter

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(linters(ROOT)))
def test_linter_is_content(name: str) -> None:
    content, text = run_linter(ROOT, linters(ROOT)[name])
    if not content:
        pytest.fail(f"{name}:\n{text}", pytrace=False)
