"""Each experiment is a file named as its result, and says on which page it is read."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bertgpt.evaluation.results import RESULTS
from bertgpt.experiments import runner

ROOT = Path(__file__).parents[2]
# Their seeds stay untouched until all else of their page stands.
UNTOUCHED = {"controlled_held"}
HEAD = re.compile(r"^Page (\d\d|[a-z]+)(?:, (C\d\d(?: C\d\d)*), E\d\d)?: .+[.?]$")


def heading(name: str) -> re.Match[str]:
    """Page, claims and number of the experiment, from the first line of its file."""
    tree = ast.parse((runner.FOLDER / f"{name}.py").read_text(encoding="utf8"))
    line = (ast.get_docstring(tree) or "").split("\n")[0]
    match = HEAD.match(line)
    assert match, f"{name}.py begins with {line!r}, not with 'Page 05, C30 C39, E02: what it asks.'"
    return match


def results_read(page: str) -> list[str]:
    """Names given to `load_result` in the notebook with this number, `{T}` as any text.

    A page without a number is Markdown, and reads results through its extension.
    """
    if not page.isdigit():
        code = (ROOT / "book" / "_ext" / f"{page}.py").read_text(encoding="utf8")
    else:
        (path,) = (ROOT / "notebooks").glob(f"{page}_*.ipynb")
        cells = json.loads(path.read_text(encoding="utf8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    names = re.findall(r"load_result\(\s*f?[\"']([^\"']+)[\"']", code)
    return [re.sub(r"\\{.*?\\}", ".+", re.escape(name)) for name in names]


def is_written(page: str) -> bool:
    """Whether the page is there; a page that is still to come needs no stored results."""
    return not page.isdigit() or any((ROOT / "notebooks").glob(f"{page}_*.ipynb"))


@pytest.mark.parametrize("name", runner.names())
def test_an_experiment_is_read_on_its_page(name: str) -> None:
    page, claims = heading(name).groups(default="")
    if not is_written(page):
        pytest.skip(f"page {page}, which is to read {name}, is not written yet")
    if name in UNTOUCHED and not (RESULTS / f"{name}.json").is_file():
        pytest.skip(f"the seeds of {name} are still untouched: page {page} is written from others")
    assert bool(claims) == page.isdigit(), f"{name}: a page with a number settles claims"
    assert any(re.fullmatch(read, name) for read in results_read(page)), f"page {page}: {name}"
    text = (ROOT / "book" / "claims.yml").read_text(encoding="utf8")
    for claim in claims.split():
        assert f"- id: {claim}\n" in text, claim


def test_experiments_and_results_are_the_same() -> None:
    stored = {path.stem for path in RESULTS.glob("*.json")}
    assert stored <= set(runner.names())
    wanted = {name for name in runner.names() if is_written(heading(name)[1])}
    assert wanted - UNTOUCHED <= stored


def test_the_function_is_named_as_its_file() -> None:
    for name in runner.names():
        run_one, seeds = runner.find(name)
        assert run_one.__name__ == name
        assert run_one.__module__ == f"bertgpt.experiments.{name}"
        assert len(seeds) >= 2


def test_a_name_imports_its_own_file_alone() -> None:
    code = (
        "import sys; from bertgpt.experiments.runner import find, names; names(); find('kept');"
        "print(*sorted(m for m in sys.modules if m.startswith('bertgpt.experiments.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = [name.rpartition(".")[2] for name in done.stdout.split()]
    assert modules == ["kept", "made_with", "runner", "seeds"]
