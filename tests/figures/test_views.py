"""Numbers for the prose, source on the page, and attention views that need no other host."""

import html
import importlib.util
import json
import re
import sys
from html.parser import HTMLParser

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel

from bertgpt.attention import AttentionRecord
from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.evaluation.attention_records import record_attention
from bertgpt.figures import views
from bertgpt.gpt import GPT

# BertViz leaves its own script files open; that is its matter, and the only thing passed over here.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*bertviz:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file .*bertviz:ResourceWarning"),
]


IDS, TOKENS = [5, 6, 7], ["the", "bank", "lent"]


def record(weights: torch.Tensor) -> AttentionRecord:
    """Weights without the queries and keys that gave them."""
    return AttentionRecord(weights, torch.empty(0), torch.empty(0))


@pytest.fixture
def head_frame() -> str:
    torch.manual_seed(0)
    return views.head_view([record(torch.rand(1, 2, 3, 3).softmax(-1))], TOKENS).data


def test_a_view_asks_no_other_host(head_frame: str) -> None:
    inside = html.unescape(head_frame)
    without_libraries = re.sub(r"<!--bv-libs-->.*<!--/bv-libs-->", "", inside, flags=re.DOTALL)
    assert "cdnjs" not in inside
    assert not re.search(r'src="https?:', inside)
    assert "bank" in without_libraries
    assert "require.config" not in without_libraries


def test_a_view_is_the_same_every_time(head_frame: str) -> None:
    torch.manual_seed(0)
    records = [record(torch.rand(1, 2, 3, 3).softmax(-1))]
    assert views.head_view(records, TOKENS).data == head_frame
    assert views.head_view(records, ["the", "bank", "sang"]).data != head_frame


VIEWS = {"head": views.head_view, "model": views.model_view, "neuron": views.neuron_view}
each_view = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
CFG = TransformerConfig(vocab_size=9, max_positions=5, width=8, n_layers=2, n_heads=2)


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
    records = record_attention(model, IDS)
    shown = told(view(records, TOKENS).data)
    part = shown["attention"]["all"] if view is views.neuron_view else shown["attention"][0]
    assert part["left_text"] == TOKENS
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
    (document,) = Frames(view(records(), ['"', "<b>", "&quot;"]).data).documents
    assert document.startswith("<!doctype html>")
    assert document.endswith("</script>")
    assert "&quot;" in document


def records(build=GPT) -> list[AttentionRecord]:
    return record_attention(ours(build), IDS)


def test_the_neuron_view_begins_where_it_is_told() -> None:
    shown = told(views.neuron_view(records(), TOKENS, layer=1, head=1).data)
    assert (shown["layer"], shown["head"]) == (1, 1)


@each_view
def test_a_token_cannot_end_the_script(view) -> None:
    tokens = ["</script>", "<!--", "a < b"]
    assert "</script>" not in json.dumps(told(view(records(), tokens).data))
    again = told(view(records(), tokens).data)
    assert "a < b" in json.dumps(again)


@each_view
@pytest.mark.parametrize("nothing", [None, (), []])
def test_no_weights_is_said(view, nothing) -> None:
    with pytest.raises(ValueError, match=r"no attention weights to draw.*attn_implementation"):
        view(nothing, ["a"])


def test_a_model_that_gives_no_weights_is_said() -> None:
    with pytest.raises(ValueError, match=r"no attention weights to draw.*attn_implementation"):
        record_attention(theirs("sdpa"), IDS)


@each_view
def test_what_is_no_record_is_refused(view) -> None:
    with pytest.raises(ValueError, match=r"but got a GPT; give a view record_attention\(model, i"):
        view(ours(GPT), TOKENS)
    with pytest.raises(ValueError, match="expected the records of one text, but got a list"):
        view([torch.rand(1, 2, 3, 3)], TOKENS)


@each_view
def test_tokens_and_positions_must_fit(view) -> None:
    with pytest.raises(ValueError, match=r"2 tokens and weights of shape \(1, 2, 3, 3\)"):
        view(records(), TOKENS[:2])


def test_several_texts_are_refused() -> None:
    with pytest.raises(ValueError, match=r"weights of shape \(2, 2, 3, 3\); a view shows one text"):
        views.head_view([record(torch.rand(2, 2, 3, 3))], TOKENS)


def test_weights_are_not_enough_for_neurons() -> None:
    with pytest.raises(ValueError, match="the neuron view needs queries and keys besides weights"):
        views.neuron_view([record(torch.rand(1, 2, 3, 3))], TOKENS)


@each_view
def test_keywords_and_modes_reach_bertviz(view) -> None:
    dark = {} if view is views.head_view else {"display_mode": "dark"}
    layer = {"layer": 1} if view is not views.model_view else {}
    page = html.unescape(view(records(), TOKENS, **dark, **layer).data)
    assert f"background:{'black' if dark else 'white'}" in page
    if dark:
        assert told(page)["display_mode"] == "dark"
    if layer:
        assert told(page)["layer"] == 1


@each_view
@pytest.mark.parametrize("package", ["bertviz", "mpld3", "sphinxcontrib.jquery"])
def test_where_a_package_is_missing_the_page_goes_on(view, monkeypatch, package: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == package else real(name, *a)
    )
    monkeypatch.delitem(sys.modules, package, raising=False)
    note = html.unescape(view(records(), TOKENS).data)
    assert f"needs the package '{package}'" in note
    assert 'pip install "bertgpt[views]"' in note
    assert "<iframe" not in note
    with pytest.raises(ValueError, match="tokens and weights"):
        view(records(), TOKENS[:2])
