"""Published tokens come from packages that may not be there; what is counted is counted right."""

import hashlib
from pathlib import Path

import pytest

from bertgpt.experiments import published_tokens as published
from bertgpt.tokens.bpe import BPE
from bertgpt.tokens.wordpiece import WordPiece


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of files, whose code must not run."""
    inside = tmp_path / "site" / "ships_files"
    inside.mkdir(parents=True)
    (inside / "__init__.py").write_text("raise RuntimeError('this code ran')\n")
    (inside / "words.txt").write_text("one\ntwo\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return inside


def source(begins: str) -> published.Source:
    return "ships-files==1.0", {"ships_files/words.txt": ("vocab.txt", begins)}


def test_files_are_copied_under_their_usual_names(package: Path, tmp_path: Path) -> None:
    begins = hashlib.sha256(b"one\ntwo\n").hexdigest()[:12]
    folder = published.fetch(source(begins), tmp_path / "new" / "folder")
    assert [path.name for path in folder.iterdir()] == ["vocab.txt"]
    assert (folder / "vocab.txt").read_text() == "one\ntwo\n"


def test_another_file_is_refused(package: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"has the SHA-256 .*, not 0123; install ships-files==1.0 ag"
    ):
        published.fetch(source("0123"), tmp_path / "new")


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    missing: published.Source = ("none-such==1.0", {"none_such/a.txt": ("a.txt", "")})
    with pytest.raises(
        ValueError, match="none_such, which is not installed; run: pip install --no-d"
    ):
        published.fetch(missing, tmp_path)


def test_tokens_are_counted_by_word_and_byte() -> None:
    bpe = BPE.train("low low lower", 261)
    found = published.measured(bpe, ["low low", "é"])
    n = len(bpe.encode("low low")) + 2
    assert (found["tokens"], found["V"], found["unknown"]) == (n, len(bpe), 0)
    assert found["tokens a word"] == pytest.approx(n / 3, abs=1e-4)
    assert found["bytes a token"] == pytest.approx(9 / n, abs=1e-4)
    wordpiece = WordPiece.train("low low lower", 20)
    assert published.measured(wordpiece, ["low slow slow"])["unknown"] == 2
