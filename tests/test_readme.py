"""The README's tree and its proof: made from the docstrings, run as they are printed.

`python tests/test_readme.py` writes the tree again.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PACKAGE = ROOT / "src" / "bertgpt"
BEGIN, END = "<!-- tree: made by tests/test_readme.py -->\n```\n", "```\n<!-- end of tree -->"
# The root in the order in which it is read: what comes later imports what comes before.
THESIS = "config shapes masks attention transformer objectives heads bert gpt".split()
ROOMS = (
    "toyland corpora tokens words recurrent weights training generation evaluation figures tasks "
    "controlled experiments check"
).split()


def first_line(path: Path) -> str:
    """The first line of a module's docstring, without what a code block cannot show."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.sub(r":\w+:`~?([^`]*)`", r"\1", docstring.splitlines()[0])


def tree() -> str:
    """One line for each room and each module of the package."""
    lines = [f"{'src/bertgpt/':26s}the thesis: one stack, a mask, an objective, a head"]
    lines += [f"  {name + '.py':24s}{first_line(PACKAGE / f'{name}.py')}" for name in THESIS]
    for room in ROOMS:
        folder = PACKAGE / room
        if not folder.is_dir():
            continue
        lines.append(f"  {room + '/':24s}{first_line(folder / '__init__.py')}")
        for path in sorted(folder.glob("*.py")):
            if not path.stem.startswith("__"):
                lines.append(f"    {path.name:21s} {first_line(path)}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def parts() -> tuple[str, str, str]:
    """The README before its tree, the tree, and what follows."""
    before, begin, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    shown, end, after = rest.partition(END)
    assert begin, f"README.md has no line {BEGIN.splitlines()[0]!r}"
    assert end, f"README.md has no line {END.splitlines()[-1]!r}"
    return before, shown, after


def test_the_tree_says_what_the_docstrings_say() -> None:
    assert parts()[1] == tree(), "write it again with: python tests/test_readme.py"


def test_every_room_is_in_the_tree() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms <= set(ROOMS)
    assert {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"} == set(THESIS)


def test_the_proof_holds_as_it_is_printed() -> None:
    text = README.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    lines = [line for line in code.splitlines() if line.strip() and "import" not in line]
    assert len(lines) == 8
    assert sum(line.startswith("assert ") for line in lines) >= 2
    exec(compile(code, "README.md", "exec"), {})


if __name__ == "__main__":
    before, _, after = parts()
    README.write_text(before + BEGIN + tree() + END + after, encoding="utf-8")
