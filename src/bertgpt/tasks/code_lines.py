"""Small functions in Python: made by a grammar, and taken from the standard library.

The rule for both: Python's own parser reads the text, and it is one function. For the made ones
also: no name is read before the text has given it, as an argument, by an assignment or by a loop.
"""

import ast
import warnings
from typing import NamedTuple

from bertgpt.corpora.documents import Corpus
from bertgpt.tasks.made_texts import MadeTexts, Option, Verdict, evenly

NAMES = ("total", "count", "items", "value", "limit", "index")
TITLES = ("area", "search", "update", "measure", "select", "merge")
CALLS, NUMBERS, SIGNS, TESTS = ("max", "min"), ("0", "1", "2", "10"), "+-*", ("<", "==", ">")
DEEPEST = 2  # blocks in a function, and brackets in an expression
LEAST, MOST = 2, 5  # statements before the last
INDENT = "    "


class CodeState(NamedTuple):
    """All that decides how a function goes on."""

    todo: tuple[str, ...]  # still to write: texts, and symbols of the grammar in < >
    known: tuple[str, ...] = ()  # names given so far, sorted
    depth: int = 1  # of the block
    statements: int = 0
    must: bool = False  # a block has begun and has no statement yet

    def first(self, *todo: str) -> "CodeState":
        """The same, with something to be written before the rest."""
        return self._replace(todo=(*todo, *self.todo))


class MadeCode(MadeTexts[CodeState]):
    """Functions with assignments, loops, branches and nested expressions.

    >>> import torch
    >>> code = MadeCode()
    >>> text = code.draw(1, torch.Generator().manual_seed(0))[0]
    >>> bool(code.is_valid(text)), text[:4]
    (True, 'def ')
    """

    start = CodeState(("<def>",))

    def options(self, state: CodeState) -> list[Option[CodeState]]:
        """The ways to write out what comes first: a symbol, or a text, which is certain."""
        if not state.todo:
            return []
        symbol, rest = state.todo[0], state._replace(todo=state.todo[1:])
        kind, _, name = symbol.strip("<>").partition(" ")
        if kind == "def":
            pairs = [(a, b) for a in NAMES for b in NAMES if a != b]
            return evenly(
                [(f"def {title}({a}, {b}):\n", _begun(a, b)) for title in TITLES for a, b in pairs]
            )
        if kind == "line":
            return _lines(rest)
        if kind == "expression":
            return _expressions(int(name), rest)
        if kind in ("sign", "test"):
            return evenly([(f" {s} ", rest) for s in (SIGNS if kind == "sign" else TESTS)])
        if kind == "give":
            known = tuple(sorted({*rest.known, name}))
            return [Option("", 1.0, rest._replace(known=known))]
        return [Option(symbol, 1.0, rest)]

    def is_valid(self, text: str) -> Verdict:
        """Whether a text is one function that Python reads, and no name is read too early."""
        verdict = is_function(text)
        return Verdict(_unknown_name(ast.parse(text))) if verdict else verdict


def _begun(*arguments: str) -> CodeState:
    return CodeState(("<line>",), tuple(sorted(arguments)), must=True)


def _lines(state: CodeState) -> list[Option[CodeState]]:
    """A statement in this block or, where the block may end, in one around it; or the last."""
    depths = range(state.depth if state.must else 1, state.depth + 1)
    ways: list[tuple[str, CodeState]] = []
    for depth in depths if state.must or state.statements < MOST else ():
        pad = INDENT * depth
        now = state._replace(depth=depth, statements=state.statements + 1, must=False)
        for name in NAMES:
            then = now.first("<expression 0>", f"<give {name}>", "\n", "<line>")
            ways.append((f"{pad}{name} = ", then))
        if depth <= DEEPEST and now.statements < MOST:
            now = now._replace(depth=depth + 1, must=True)
            then = now.first("<expression 1>", "<test>", "<expression 1>", ":\n", "<line>")
            ways += [(f"{pad}if ", then), (f"{pad}while ", then)]
            for name in NAMES:
                then = now.first("<expression 1>", f"<give {name}>", "):\n", "<line>")
                ways.append((f"{pad}for {name} in range(", then))
    if state.must or state.statements < LEAST:
        return evenly(ways)
    share = 0.75 if ways else 0.0  # of the lines that go on
    last = Option(f"{INDENT}return ", 1 - share, state.first("<expression 0>", "\n"))
    return [*(o._replace(chance=share * o.chance) for o in evenly(ways) if ways), last]


def _expressions(depth: int, state: CodeState) -> list[Option[CodeState]]:
    """Half of the expressions are names; at the deepest place only names and numbers are left."""
    shares = {"names": 0.5, "numbers": 0.2, "calls": 0.1, "sums": 0.2}
    if depth == DEEPEST:
        shares = {"names": 0.7, "numbers": 0.3}
    inner = f"<expression {depth + 1}>"
    call, add = state.first(inner, ", ", inner, ")"), state.first(inner, "<sign>", inner, ")")
    ways = {
        "names": [(name, state) for name in state.known],
        "numbers": [(number, state) for number in NUMBERS],
        "calls": [(f"{name}(", call) for name in CALLS],
        "sums": [("(", add)],
    }
    return [
        option._replace(chance=share * option.chance)
        for kind, share in shares.items()
        for option in evenly(ways[kind])
    ]


def is_function(text: str) -> Verdict:
    """Whether Python's parser reads a text as one function, from its first character to its last.

    >>> bool(is_function("def f(a):\\n    return a\\n"))
    True
    >>> is_function("def f(a:\\n    return a\\n").fault
    "line 1: '(' was never closed"
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" brings a warning
            body = ast.parse(text).body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        line, what = getattr(error, "lineno", None), getattr(error, "msg", str(error))
        return Verdict(f"line {line}: {what}" if line else f"not read: {what}")
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
        return Verdict(f"{len(body)} statements, not one function")
    return Verdict()


def _unknown_name(tree: ast.Module) -> str:
    """The first name read before it is given; empty if there is none."""
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    known = {*CALLS, "range", *(a.arg for a in function.args.args)}
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    # In an assignment and a loop, the name that is given comes first in the line and last in time.
    given = [(n.lineno, 1, n.col_offset, n) for n in names if isinstance(n.ctx, ast.Store)]
    read = [(n.lineno, 0, n.col_offset, n) for n in names if isinstance(n.ctx, ast.Load)]
    for line, is_given, _, node in sorted(given + read, key=lambda item: item[:3]):
        if is_given:
            known.add(node.id)
        elif node.id not in known:
            return f"line {line}: {node.id!r} is read before it is given"
    return ""


def small_functions(corpus: Corpus, longest: int = 160) -> list[str]:
    """Functions and methods of a corpus of Python, in one form: no comments, no docstrings.

    `ast.unparse` writes them, so spaces and quotes are the same everywhere.

    Args:
        longest: characters; longer functions are left out.
    Returns:
        the functions in order, each once.
    """
    found: dict[str, None] = {}
    for document in corpus.documents:
        for node in ast.walk(_parsed(document.text)):
            if not isinstance(node, ast.FunctionDef):
                continue
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            text = ast.unparse(node) + "\n"
            if len(text) <= longest and text.isascii():
                found[text] = None
    return [*found]


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)
