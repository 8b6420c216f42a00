"""Functions in Python: what the parser reads, and which names are known."""

import ast

import pytest
import torch

from bertgpt.corpora.documents import Corpus, Document
from bertgpt.tasks.code_lines import MadeCode, is_function, small_functions

CODE = """def area(items, limit):
    total = (items + 2)
    for count in range(max(total, 1)):
        if count < limit:
            total = count
    return total
"""


def test_a_function_that_nobody_drew_is_valid_if_python_reads_it() -> None:
    assert MadeCode().is_valid(CODE).fault == ""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("(items + 2)", "(items + 2", "line 2: '(' was never closed"),
        ("    return", "   return", "line 6: unindent does not match"),
        ("limit:", "limit", "line 4: expected ':'"),
        ("            total", "        total", "line 5: expected an indented block"),
        ("(items + 2)", "value", "line 2: 'value' is read before it is given"),
        ("(items + 2)", "total", "line 2: 'total' is read before it is given"),
        ("range(max(total, 1))", "range(count)", "line 3: 'count' is read before it is given"),
        ("return total", "return index", "line 6: 'index' is read before it is given"),
        ("def area", "total = 1\ndef area", "2 statements, not one function"),
        ("def area(items, limit):\n    total = (items + 2)\n", "if 1:\n", "1 statements, not one"),
        ("return total", "return tot\0al", "not read: source code string cannot contain null"),
    ],
)
def test_the_first_fault_is_named(old: str, new: str, fault: str) -> None:
    assert MadeCode().is_valid(CODE.replace(old, new)).fault.startswith(fault)


def test_code_nested_too_deep_for_the_parser_is_a_fault() -> None:
    assert is_function("def f():\n    return " + "(" * 5000 + ")" * 5000 + "\n").fault


def test_small_functions_of_a_corpus_have_one_form() -> None:
    code = '''
class A:
    def one(self):  # a comment
        """What it does."""
        return  "a"

def two(): "only a docstring"

def one(self): return 'a'

def ä(): pass

def long():
    x = "%s"
''' % ("x" * 200)  # fmt: skip
    found = small_functions(Corpus("", "", "", (Document("a.py", code),)))
    assert sorted(found) == ["def one(self):\n    return 'a'\n", "def two():\n    pass\n"]
    assert all(is_function(text) for text in found)
    longer = small_functions(Corpus("", "", "", (Document("a.py", code),)), 300)
    assert len(longer) == 3


def test_made_code_uses_every_kind_of_statement() -> None:
    texts = MadeCode().draw(60, torch.Generator().manual_seed(0))
    kinds = {type(node) for text in texts for node in ast.walk(ast.parse(text))}
    assert {ast.For, ast.While, ast.If, ast.Assign, ast.Return, ast.BinOp, ast.Call} <= kinds
