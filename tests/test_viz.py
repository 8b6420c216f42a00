"""Numbers for the prose, source on the page, and attention views that need no other host."""

import html
import importlib.util
import re
import sys

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from myst_nb.core.variables import format_plain_text

from bertgpt import figures, viz

# BertViz leaves its own script files open; that is its matter, and the only thing passed over here.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*bertviz:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file .*bertviz:ResourceWarning"),
]


@pytest.fixture
def head_frame() -> str:
    torch.manual_seed(0)
    weights = [torch.rand(1, 2, 3, 3).softmax(-1)]
    return viz.head_view(weights, ["the", "bank", "lent"]).data


def test_glue_writes_what_the_book_reads() -> None:
    InteractiveShell.instance()
    with capture_output() as captured:
        viz.glue("a-number", f"{3 / 2:.2f}")
    (output,) = captured.outputs
    assert output.metadata["scrapbook"]["name"] == "a-number"
    mime = output.metadata["scrapbook"]["mime_prefix"] + "text/plain"
    assert format_plain_text(output.data[mime], "s") == "1.50"  # not 1.5: the digits were fixed
    InteractiveShell.clear_instance()


def test_source_is_the_package_as_it_stands() -> None:
    text = viz.source(figures.draw_limit).data
    assert text.startswith("```python\ndef draw_limit(")
    assert "axhline" in text


def test_a_view_asks_no_other_host(head_frame: str) -> None:
    inside = html.unescape(head_frame)
    without_libraries = re.sub(r"<!--bv-libs-->.*<!--/bv-libs-->", "", inside, flags=re.DOTALL)
    assert "cdnjs" not in inside
    assert not re.search(r'src="https?:', inside)
    assert "bank" in without_libraries
    assert "require.config" not in without_libraries


def test_a_view_is_the_same_every_time(head_frame: str) -> None:
    torch.manual_seed(0)
    weights = [torch.rand(1, 2, 3, 3).softmax(-1)]
    assert viz.head_view(weights, ["the", "bank", "lent"]).data == head_frame
    assert viz.head_view(weights, ["the", "bank", "sang"]).data != head_frame


def test_all_three_views_are_framed() -> None:
    weights = [torch.rand(1, 2, 3, 3).softmax(-1)]
    assert "<iframe" in viz.model_view(weights, ["the", "bank", "lent"]).data


@pytest.mark.parametrize("nothing", [None, (), []])
def test_no_weights_is_said(nothing) -> None:
    with pytest.raises(ValueError, match=r"no attention weights to draw.*attn_implementation"):
        viz.head_view(nothing, ["a"])
    with pytest.raises(ValueError, match="no attention weights to draw"):
        viz.model_view(attention=nothing, tokens=["a"])


@pytest.mark.parametrize("package", ["bertviz", "mpld3", "sphinxcontrib.jquery"])
def test_a_missing_package_is_named(monkeypatch, package: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == package else real(name, *a)
    )
    monkeypatch.delitem(sys.modules, package, raising=False)
    message = rf"need the package '{package}'.*pip install \"bertgpt\[views\]\""
    with pytest.raises(ValueError, match=message):
        viz.head_view([torch.rand(1, 1, 2, 2)], ["a", "b"])
