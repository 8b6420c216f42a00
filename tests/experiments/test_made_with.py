"""The digest of an experiment's code sees what the experiment hangs on, and nothing else."""

import shutil
from pathlib import Path

import pytest

from bertgpt.experiments import made_with, runner

PACKAGE = made_with.PACKAGE


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's sources, whose digests are taken."""
    root = tmp_path / "bertgpt"
    shutil.copytree(PACKAGE, root, ignore=shutil.ignore_patterns("__pycache__", "results"))
    inside = {root / path.relative_to(PACKAGE) for path in made_with.NOT_MEASURING}
    monkeypatch.setattr(made_with, "PACKAGE", root)
    monkeypatch.setattr(made_with, "NOT_MEASURING", inside)
    return root


def digest(root: Path, name: str) -> str:
    return made_with.code_digest(root / "experiments" / f"{name}.py")


def edit(path: Path, old: str, new: str) -> None:
    source = path.read_text(encoding="utf8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf8")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("experiments/adding_50.py", "1500", "1501"),  # the experiment itself
        ("experiments/adding_nets.py", "WIDTH = 32", "WIDTH = 64"),  # what it imports
        ("tasks/adding.py", "T // 2", "T // 3"),  # what that imports
        ("recurrent/lstm.py", "sigmoid", "tanh"),  # and so on
    ],
)
def test_a_change_of_helper_code_is_seen(copy: Path, file: str, old: str, new: str) -> None:
    before, other = digest(copy, "adding_50"), digest(copy, "mask_decides")
    edit(copy / file, old, new)
    assert digest(copy, "adding_50") != before
    assert digest(copy, "mask_decides") == other


def test_what_no_number_hangs_on_is_not_seen(copy: Path) -> None:
    before = digest(copy, "adding_50")
    path = copy / "experiments" / "adding_nets.py"
    edit(path, '"""The recurrent nets', '"""Nets')
    edit(path, "WIDTH = 32\n", "# A comment.\nWIDTH = (\n    32\n)\n")
    for other in ("experiments/runner.py", "experiments/copy.py", "words/ngram.py"):
        file = copy / other
        file.write_text(file.read_text(encoding="utf8") + "\nx = 1\n", encoding="utf8")
    assert digest(copy, "adding_50") == before


def test_a_data_file_that_the_code_names_is_seen(copy: Path) -> None:
    before, other = digest(copy, "norm_place"), digest(copy, "adding_50")
    data = copy / "data" / "toyland.txt"
    data.write_text(data.read_text(encoding="utf8") + "\n", encoding="utf8")
    assert digest(copy, "norm_place") != before
    assert digest(copy, "adding_50") == other


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    from bertgpt.words import training_pairs\n",
        "import bertgpt.words.training_pairs as pairs\n",
    ],
    ids=["in a function", "under another name"],
)
def test_imports_are_followed_wherever_they_are(tmp_path: Path, source: str) -> None:
    path = tmp_path / "some.py"
    path.write_text(source, encoding="utf8")
    names = {str(p.relative_to(PACKAGE)) for p in made_with.imported_files(path) - {path}}
    assert {"words/__init__.py", "words/training_pairs.py"} <= names
    assert "words/ngram.py" not in names


def test_every_experiment_has_a_digest_of_its_own() -> None:
    digests = {made_with.code_digest(runner.FOLDER / f"{name}.py") for name in runner.names()}
    assert len(digests) == len(runner.names())
