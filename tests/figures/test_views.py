"""Numbers for the prose, source on the page, and attention views that need no other host."""

import html
import importlib.util
import json
import re
import sys
from html.parser import HTMLParser

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from myst_nb.core.variables import format_plain_text
from torch import nn
from transformers import BertConfig, BertModel

from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.evaluation.attention_records import record_attention
from bertgpt.figures import charts, page, views
from bertgpt.gpt import GPT
from bertgpt.masks import causal_mask
from bertgpt.transformer import Transformer

# BertViz leaves its own script files open; that is its matter, and the only thing passed over here.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*bertviz:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file .*bertviz:ResourceWarning"),
]


@pytest.fixture
def head_frame() -> str:
    torch.manual_seed(0)
    weights = [torch.rand(1, 2, 3, 3).softmax(-1)]
    return views.head_view(weights, ["the", "bank", "lent"]).data


def test_glue_writes_what_the_book_reads() -> None:
    InteractiveShell.instance()
    with capture_output() as captured:
        page.glue("a-number", f"{3 / 2:.2f}")
    (output,) = captured.outputs
    assert output.metadata["scrapbook"]["name"] == "a-number"
    mime = output.metadata["scrapbook"]["mime_prefix"] + "text/plain"
    assert format_plain_text(output.data[mime], "s") == "1.50"  # not 1.5: the digits were fixed
    InteractiveShell.clear_instance()


def test_source_is_the_package_as_it_stands() -> None:
    text = page.source(charts.draw_limit).data
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
    assert views.head_view(weights, ["the", "bank", "lent"]).data == head_frame
    assert views.head_view(weights, ["the", "bank", "sang"]).data != head_frame


VIEWS = {"head": views.head_view, "model": views.model_view, "neuron": views.neuron_view}
each_view = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
CFG = TransformerConfig(vocab_size=9, max_positions=5, width=8, n_layers=2, n_heads=2)
IDS, TOKENS = [5, 6, 7], ["the", "bank", "lent"]


def ours(build) -> nn.Module:
    torch.manual_seed(0)
    return build(CFG)


def theirs(attn_implementation: str = "eager") -> BertModel:
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    cfg = BertConfig(
        vocab_size=9, intermediate_size=8, attn_implementation=attn_implementation, **sizes
    )
    return BertModel(cfg)


def told(frame: str) -> dict:
    """What a view hands to BertViz's script."""
    inside = html.unescape(frame)
    start = re.search(r"window\.bertviz_params = |const params = ", inside).end()
    return json.JSONDecoder().raw_decode(inside, start)[0]


@each_view
@pytest.mark.parametrize("model", [ours(BERT), ours(GPT), theirs()], ids=["BERT", "GPT", "theirs"])
def test_a_view_of_a_model_shows_its_weights(view, model) -> None:
    shown = told(view(model, TOKENS, IDS).data)
    part = shown["attention"]["all"] if view is views.neuron_view else shown["attention"][0]
    assert part["left_text"] == TOKENS
    records = record_attention(model, IDS)
    weights = torch.cat([record.weights for record in records])  # (layers, H, T, T)
    torch.testing.assert_close(torch.tensor(part["attn"]), weights)
    if view is views.neuron_view:
        for name in ("queries", "keys"):
            numbers = torch.cat([getattr(record, name) for record in records])
            torch.testing.assert_close(torch.tensor(part[name]), numbers)
        assert shown["bidirectional"] == (not isinstance(model, GPT))


class Frames(HTMLParser):
    """Collects the documents inside the frames of a page, as a browser would read them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.documents: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.documents.append(dict(attrs)["srcdoc"] or "")


@each_view
def test_quotes_and_brackets_stay_inside_the_frame(view) -> None:
    (document,) = Frames(view(ours(GPT), ['"', "<b>", "&quot;"], IDS).data).documents
    assert document.startswith("<!doctype html>")
    assert document.endswith("</script>")
    assert "&quot;" in document


@each_view
def test_a_stack_and_what_was_recorded_of_it_look_the_same(view) -> None:
    stack = ours(Transformer)
    records = record_attention(stack, IDS, causal_mask(3))
    assert view(records, TOKENS).data == view(stack, TOKENS, IDS, mask=causal_mask(3)).data


def test_the_neuron_view_begins_where_it_is_told() -> None:
    shown = told(views.neuron_view(ours(GPT), TOKENS, IDS, layer=1, head=1).data)
    assert (shown["layer"], shown["head"]) == (1, 1)


@each_view
def test_a_token_cannot_end_the_script(view) -> None:
    tokens = ["</script>", "<!--", "a < b"]
    assert "</script>" not in json.dumps(told(view(ours(GPT), tokens, IDS).data))
    again = told(view(ours(GPT), tokens, IDS).data)
    assert "a < b" in json.dumps(again)


@pytest.mark.parametrize("nothing", [None, (), []])
def test_no_weights_is_said(nothing) -> None:
    with pytest.raises(ValueError, match=r"no attention weights to draw.*attn_implementation"):
        views.head_view(nothing, ["a"])
    with pytest.raises(ValueError, match="no attention weights to draw"):
        views.model_view(attention=nothing, tokens=["a"])


@each_view
def test_a_model_that_gives_no_weights_is_said(view) -> None:
    with pytest.raises(ValueError, match=r"no attention weights to draw.*attn_implementation"):
        view(theirs("sdpa"), TOKENS, IDS)


@each_view
def test_tokens_and_positions_must_fit(view) -> None:
    with pytest.raises(ValueError, match=r"2 tokens and weights of shape \(1, 2, 3, 3\)"):
        view(ours(GPT), TOKENS[:2], IDS)
    with pytest.raises(ValueError, match=r"GPT is a model, and what it reads is missing; give its"):
        view(ours(GPT), TOKENS)


def test_several_texts_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights of shape \(2, 2, 3, 3\); a view shows one text"):
        views.head_view([torch.rand(2, 2, 3, 3)], TOKENS)


def test_weights_alone_are_not_enough_for_neurons() -> None:
    with pytest.raises(ValueError, match="the neuron view needs queries and keys besides weights"):
        views.neuron_view([torch.rand(1, 2, 3, 3)], TOKENS)


def test_an_encoder_and_a_decoder() -> None:
    cross = views.head_view(
        cross_attention=[torch.rand(1, 1, 2, 3)], encoder_tokens=TOKENS, decoder_tokens=["x", "y"]
    )
    assert told(cross.data)["attention"][0]["right_text"] == TOKENS


@each_view
@pytest.mark.parametrize("package", ["bertviz", "mpld3", "sphinxcontrib.jquery"])
def test_where_a_package_is_missing_the_page_goes_on(view, monkeypatch, package: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == package else real(name, *a)
    )
    monkeypatch.delitem(sys.modules, package, raising=False)
    note = html.unescape(view(ours(GPT), TOKENS, IDS).data)
    assert f"needs the package '{package}'" in note
    assert 'pip install "bertgpt[views]"' in note
    assert "<iframe" not in note
    with pytest.raises(ValueError, match="tokens and weights"):
        view(ours(GPT), TOKENS[:2], IDS)
