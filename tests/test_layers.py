"""The shape of the package: which room may import which, and how much one file may hold."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "bertgpt"
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")
by_file = pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))

# The root is the thesis: a file imports only from rows above its own. Mask, objective and head are
# three files, and none of them knows another.
ROOT_ROWS: tuple[tuple[str, ...], ...] = (
    ("config", "shapes"),
    ("masks", "objectives"),
    ("attention",),
    ("transformer",),
    ("heads",),
    ("bert", "gpt"),
)
ROOT_ROW = {name: number for number, row in enumerate(ROOT_ROWS) for name in row}
ABOVE = {"root", "toyland", "corpora", "tokens", "words", "recurrent", "weights"}
TRAINED = ABOVE | {"training", "generation", "evaluation"}
# room -> the rooms that it may import besides itself.
ROOMS: dict[str, set[str]] = {
    "root": set(),
    "toyland": set(),
    "corpora": set(),
    "tokens": {"root"},
    "words": {"root", "corpora", "tokens"},
    "recurrent": {"root"},
    "weights": {"root", "tokens"},
    "training": ABOVE,
    "generation": {"root", "weights"},
    "evaluation": {"root"},
    "figures": {"root", "evaluation"},
    "tasks": TRAINED,
    "controlled": TRAINED | {"tasks"},
    "experiments": TRAINED | {"tasks", "controlled"},
    "check": TRAINED | {"tasks", "controlled", "experiments"},
}
TOKENS_A_FILE = 2000


def home(path: Path) -> tuple[str, str]:
    """Room and module of a file: ("root", "masks"), ("words", "ngram")."""
    *rooms, module = path.relative_to(PACKAGE).with_suffix("").parts
    return (rooms[0] if rooms else "root"), module


def imported(source: str) -> set[tuple[str, str]]:
    """(room, module) of everything of the package that a source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the package: `from bertgpt.masks import ...`"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, *rest = name.split(".")
            if package == "bertgpt" and rest:
                in_a_room = rest[0] in ROOMS
                found.add((rest[0], rest[1]) if in_a_room else ("root", rest[0]))
    return found


def token_count(source: str) -> int:
    """Tokens of code: no comments, no docstrings, no line ends and no indents.

    A budget of lines would pay for squeezing several statements into one.
    """
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    quiet |= {tokenize.ENDMARKER, tokenize.ENCODING}
    docstrings = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            docstrings.add(node.body[0].lineno)
    return sum(
        token.type not in quiet
        and not (token.type == tokenize.STRING and token.start[0] in docstrings)
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
    )


@by_file
def test_imports_come_from_rooms_that_are_allowed(path: Path) -> None:
    room, module = home(path)
    assert room in ROOMS, f"{room} has no line in ROOMS: decide which rooms it may import"
    for other_room, other in imported(path.read_text(encoding="utf8")):
        if room == other_room == "root":
            assert ROOT_ROW[other] < ROOT_ROW[module], f"{module} may not import {other}"
        elif other_room != room:
            assert other_room in ROOMS[room], f"{room}/ may not import {other_room}/{other}"


def test_no_two_rooms_import_each_other() -> None:
    for room, others in ROOMS.items():
        assert not any(room in ROOMS[other] for other in others), room


def test_the_root_is_the_thesis() -> None:
    assert {p.stem for p in PACKAGE.glob("*.py")} - {"__init__"} == set(ROOT_ROW)


def test_a_wrong_import_would_be_seen() -> None:
    source = "from bertgpt.bert import BERT\nimport bertgpt.words.ngram\nimport math"
    assert imported(source) == {("root", "bert"), ("words", "ngram")}
    assert imported("from bertgpt.toyland import toyland") == {("toyland", "toyland")}
    assert not ROOT_ROW["bert"] < ROOT_ROW["attention"]
    assert "objectives" not in {m for _, m in imported((PACKAGE / "heads.py").read_text("utf8"))}


@by_file
def test_a_file_stays_readable(path: Path) -> None:
    n = token_count(path.read_text(encoding="utf8"))
    assert n <= TOKENS_A_FILE, f"{n} tokens; split it by what it is about (a file holds one idea)"


def test_tokens_are_counted_as_said() -> None:
    source = '"""Doc\nstring."""\n\n# comment\nx = (1,\n     2)\n'  # x = ( 1 , 2 )
    source += '\ndef f():\n    """Doc."""\n    return x\n'  # def f ( ) : return x
    assert token_count(source) == 7 + 7


@by_file
def test_a_module_says_in_a_line_what_it_holds(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf8"))) or ""
    first = docstring.split("\n\n")[0]
    assert first, "the README's tree shows the first line of each module's docstring"
    assert "\n" not in first, "the first line ends with a full stop and an empty line"


def test_every_module_is_on_the_reference_page_of_its_room() -> None:
    pages = PACKAGE.parent.parent / "book" / "api"
    for path in FILES:
        room, module = home(path)
        if module in ("__init__", "__main__"):
            continue
        name = f"bertgpt.{module}" if room == "root" else f"bertgpt.{room}.{module}"
        page = (pages / f"{room}.md").read_text(encoding="utf8")
        assert f".. automodule:: {name}\n" in page, f"book/api/{room}.md does not show {name}"


@by_file
def test_the_package_is_quiet(path: Path) -> None:
    """No print and no pickle; only the two command lines print: experiments, and pretraining."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    calls = {
        n.func.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert "print" not in calls or path.name in ("runner.py", "pretrain.py")
    assert "pickle" not in path.read_text(encoding="utf8").replace("no pickle", "")
