"""Each exercise of each notebook: the stub fails with a message, the hidden solution passes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bertgpt.check.feedback import Feedback

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(
    r"""^(?P<mark>`{3,}|:{3,}) \{(?P<kind>exercise|solution)\} (?P<title>.*?) \n
        (?P<body>.*?) \n
        (?P=mark) \s*$""",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
LABEL = re.compile(r"^:label:\s*(\S+)", re.MULTILINE)
CODE = re.compile(r"^(`{3,})python\n(.*?)\n\1\s*$", re.MULTILINE | re.DOTALL)


def exercises() -> list[Any]:
    """(notebook, label, stub source, solution source) of every exercise in the book."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text())["cells"]
        prose = [m for c in cells if c["cell_type"] == "markdown"
                 for m in FENCE.finditer("".join(c["source"]))]  # fmt: skip
        labels = [LABEL.search(m["body"])[1] for m in prose if m["kind"] == "exercise"]
        stubs = {c["metadata"]["exercise"]: "".join(c["source"])
                 for c in cells if "exercise" in c["metadata"]}  # fmt: skip
        solutions = {m["title"].strip(): m["body"] for m in prose if m["kind"] == "solution"}
        for label in labels:
            body = solutions.get(label, "")
            assert ":class: dropdown" in body, f"{path.stem}: {label} has no hidden solution"
            code = CODE.search(body)
            assert code, f"{path.stem}: the solution of {label} holds no Python"
            assert label in stubs, f"{path.stem}: {label} has no stub cell"
            found.append(pytest.param(path.stem, label, stubs[label], code[2], id=label))
        assert set(stubs) == set(labels), f"{path.stem}: stub without exercise"
        assert set(solutions) == set(labels), f"{path.stem}: solution without exercise"
    return found


def outcome(source: str, call: str) -> Feedback:
    """Run a source in an empty namespace and return what the checker says."""
    space: dict[str, Any] = {"__name__": "exercise"}
    exec(compile(source, "<exercise>", "exec"), space)
    result = eval(call, space)
    assert isinstance(result, Feedback)
    return result


def split_call(stub: str, notebook: str) -> tuple[str, str]:
    """A stub's definitions, and its last line: the call of a checker of its page."""
    body, _, call = stub.rstrip().rpartition("\n")
    page = notebook.partition("_")[2]
    assert call.startswith(f"check.{page}."), f"a stub ends in `check.{page}...`, not in {call!r}"
    return body, call


@pytest.mark.parametrize(("notebook", "label", "stub", "solution"), exercises())
def test_stub_fails_and_solution_passes(notebook, label, stub, solution) -> None:
    body, call = split_call(stub, notebook)
    before = outcome(body, call)
    assert not before.passed, "the stub already passes"
    assert len(before.message) > 20
    after = outcome(f"from bertgpt import check\n{solution}", call)
    assert after.passed, after.message


def test_every_page_has_exercises() -> None:
    pages = [parameters.values[0] for parameters in exercises()]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert 3 <= pages.count(path.stem) <= 6, path.stem
