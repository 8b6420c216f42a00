"""The shape of the package: who may import whom, and how much code there may be."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "bertgpt"

# A file imports only from rows above its own.
ROWS: tuple[tuple[str, ...], ...] = (
    ("config", "device", "shapes", "automaton", "wikitext", "merges", "tokenizer"),
    ("names", "weights"),
    ("story", "corpus"),
    ("grammar", "vocab", "windows", "bpe", "wordpiece"),
    ("ngram", "word2vec", "charngrams"),
    ("rnn", "lstm", "spins"),
    ("masks",),
    ("attention",),
    ("seq2seq", "transformer"),
    ("heads",),
    ("objectives",),
    ("bert", "gpt"),
    ("checkpoints",),
    ("decode", "cache", "train", "pretrain"),
    ("evaluate",),
    ("experiments",),
    ("figures", "looks"),
    ("maps", "viz"),
    ("check",),
)
ROW = {name: number for number, row in enumerate(ROWS) for name in row}
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")
LIMIT_PACKAGE = 2600
# Counted apart is what no model imports: checkers and experiments, which grow with each page, the
# texts that are read, and what shows them. What is left is the models and their training.
APART = {"check": 1600, "experiments": 1500, "texts": 800, "showing": 600}
PART_OF = dict.fromkeys(("automaton", "wikitext", "story", "corpus", "grammar"), "texts")
PART_OF |= dict.fromkeys(("figures", "maps", "looks", "viz"), "showing")
LIMIT_FILE = 200


def module_of(path: Path) -> str:
    """The first name below `bertgpt`: all of `check/` is one module."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(source: str) -> set[str]:
    """Modules of the package that a source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the package: `from bertgpt.masks import ...`"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("bertgpt.")}
    return found


def code_lines(source: str) -> int:
    """Lines that hold code: no blank lines, no comments, no docstrings."""
    lines: set[int] = set()
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in quiet and token.type != tokenize.ENDMARKER:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            lines -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(lines)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_come_from_rows_above(path: Path) -> None:
    module = module_of(path)
    assert module in ROW, f"{module} has no row in ROWS: decide which layer it is"
    for other in imported(path.read_text(encoding="utf8")) - {module}:
        assert ROW[other] < ROW[module], f"{module} may not import {other}"


def test_a_wrong_import_would_be_seen() -> None:
    assert imported("from bertgpt.bert import BERT\nimport bertgpt.gpt\nimport math") == {
        "bert",
        "gpt",
    }
    assert not ROW["bert"] < ROW["attention"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_stays_readable(path: Path) -> None:
    assert code_lines(path.read_text(encoding="utf8")) <= LIMIT_FILE


def test_the_package_stays_small() -> None:
    limits = {"all other modules": LIMIT_PACKAGE, **APART}
    totals = dict.fromkeys(limits, 0)
    for path in FILES:
        part = PART_OF.get(module_of(path), module_of(path))
        totals[part if part in APART else "all other modules"] += code_lines(path.read_text("utf8"))
    for part, total in totals.items():
        print(f"{part}: {total} of {limits[part]} code lines")
    assert all(total <= limits[part] for part, total in totals.items())


def test_code_lines_are_counted_as_said() -> None:
    source = '"""Doc\nstring."""\n\n# comment\nx = (1,\n     2)\n'
    source += '\ndef f():\n    """Doc."""\n    return x\n'
    assert code_lines(source) == 4


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_package_is_quiet(path: Path) -> None:
    """No print and no pickle; the command line of the experiments is the one place that prints."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    calls = {
        n.func.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert "print" not in calls or path.name == "runner.py"
    assert "pickle" not in path.read_text(encoding="utf8").replace("no pickle", "")
