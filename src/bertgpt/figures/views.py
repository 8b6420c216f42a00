"""BertViz without a network: its three views of attention, each in a frame of its own.

BertViz fetches three JavaScript libraries from other hosts for every view, so that offline it
shows nothing. Here each view is put into a frame of its own that carries its libraries inside,
taken from the packages that ship them (`mpld3` for d3, `sphinxcontrib-jquery` for jQuery). The same
frame works in JupyterLab, in Colab and in the book, which links all frames to one copy.
"""

import hashlib
import html
import importlib.util
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from IPython.display import HTML
from torch import Tensor, nn

from bertgpt.attention import AttentionRecord
from bertgpt.evaluation.attention_records import NO_WEIGHTS, record_attention

# BertViz asks for the two by the names that require.js would resolve; this answers at once.
SHIM = """(function (w) {
  var known = {jquery: function () { return w.jQuery; }, d3: function () { return w.d3; }};
  function req(names, use) { return use.apply(w, names.map(function (n) { return known[n](); })); }
  req.config = function () {};
  w.requirejs = w.require = req;
})(window);"""

_REQUIRE = re.compile(r'<script src="https://cdnjs[^"]+require\.min\.js"></script>')
_CONFIG = re.compile(r"require\.config\(\{.*?\}\s*\}\);", re.DOTALL)
_RANDOM_ID = re.compile(r"bertviz-[0-9a-f]{32}")
# The frame grows with what is drawn in it.
_FIT = """<script>(function () {
  var frame = window.frameElement;
  function fit() {
    var height = document.documentElement.getBoundingClientRect().height;
    if (frame) frame.style.height = height + 4 + "px";
  }
  new ResizeObserver(fit).observe(document.documentElement);
  fit();
})();</script>"""


def head_view(
    attention: Any = None,
    tokens: Sequence[str] | None = None,
    ids: Tensor | Sequence[int] | None = None,
    *,
    mask: Tensor | None = None,
    segment_ids: Tensor | None = None,
    **keywords: Any,
) -> HTML:
    """``bertviz.head_view`` in a frame of its own: lines from each token to those it reads.

    Args:
        attention: a model, with `ids`, `mask` and `segment_ids` as in
            :func:`~bertgpt.evaluation.attention_records.record_attention`; or its records: a list
            of AttentionRecords, or of (1, H, T, T) weights.
        tokens: its T tokens, as they are to be written.
        keywords: as for ``bertviz.head_view``, such as ``layer=1, heads=[0]``.
    Returns:
        The frame, or one line of text where the views are not installed.
    Raises:
        ValueError: if there are no attention weights, or not as many tokens as positions.
    """
    keywords |= _weights(attention, tokens, ids, mask, segment_ids, keywords)

    def draw() -> HTML:
        from bertviz import head_view as view

        return view(html_action="return", **keywords)

    return _framed(draw, "head view")


def model_view(
    attention: Any = None,
    tokens: Sequence[str] | None = None,
    ids: Tensor | Sequence[int] | None = None,
    *,
    mask: Tensor | None = None,
    segment_ids: Tensor | None = None,
    display_mode: str = "light",
    **keywords: Any,
) -> HTML:
    """``bertviz.model_view`` in a frame of its own: every head of every layer at once.

    Args:
        attention, tokens, ids, mask, segment_ids, keywords: as for :func:`head_view`.
        display_mode: "light" or "dark", the ground that the lines are drawn on.
    """
    keywords |= _weights(attention, tokens, ids, mask, segment_ids, keywords)

    def draw() -> HTML:
        from bertviz import model_view as view

        return view(html_action="return", display_mode=display_mode, **keywords)

    return _framed(draw, "model view", display_mode)


def neuron_view(
    attention: Any,
    tokens: Sequence[str],
    ids: Tensor | Sequence[int] | None = None,
    *,
    mask: Tensor | None = None,
    segment_ids: Tensor | None = None,
    display_mode: str = "light",
    layer: int = 0,
    head: int = 0,
) -> HTML:
    """``bertviz.neuron_view`` in a frame of its own: queries and keys, number by number.

    Args:
        attention, tokens, ids, mask, segment_ids: as for :func:`head_view`; weights alone are not
            enough.
        display_mode: "light" or "dark", the ground that the lines are drawn on.
        layer, head: what is shown first, from 0.
    Raises:
        ValueError: if there are no queries and keys.
    """
    if isinstance(attention, nn.Module) and ids is not None:
        attention = record_attention(attention, ids, mask, segment_ids)
    shown = _weights(attention, tokens, None, None, None, {})
    if not all(
        isinstance(record, AttentionRecord) and record.queries.numel() for record in attention
    ):
        raise ValueError(
            "the neuron view needs queries and keys besides weights; give it one of our models, or "
            "a BERT or GPT-2 of `transformers`; head view and model view need weights alone"
        )
    recorded = _Recorded(attention, shown["tokens"])

    def draw() -> HTML:
        from bertviz.neuron_view import show as view

        # Of the kinds of model that BertViz knows, this one gets no tokens added.
        page = view(recorded, "gpt2", recorded, "a text", None, display_mode, layer, head, "return")
        if any(bool(record.weights.triu(1).any()) for record in attention):
            page.data = page.data.replace('"bidirectional": false', '"bidirectional": true', 1)
        return page

    return _framed(draw, "neuron view", display_mode)


def frame(page: str, title: str, display_mode: str = "light") -> HTML:
    """Make one self-contained frame of what BertViz returns.

    Its random id becomes a digest of the content, so that two runs give the same output.
    """
    body = _CONFIG.sub("", _REQUIRE.sub("", page))
    digest = hashlib.sha256(_RANDOM_ID.sub("", body).encode()).hexdigest()[:12]
    body = _RANDOM_ID.sub(f"bertviz-{digest}", body)
    scripts = "".join(f"<script>{text}</script>" for text in (*_libraries(), SHIM))
    ground = "white" if display_mode == "light" else "black"
    document = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>html,body{{margin:0;background:{ground}}}</style>"
        f"<!--bv-libs-->{scripts}<!--/bv-libs-->{body}{_FIT}"
    )
    # Wrapped in a div: IPython warns about HTML that starts with a frame.
    look = f'title="{title}" style="width:100%;height:300px;border:0"'
    inside = f'<iframe {look} srcdoc="{html.escape(document)}"></iframe>'
    return HTML(f'<div class="bertviz-frame">{inside}</div>')


class _MissingError(ValueError):
    """A package that the views need is not installed."""


class _Recorded:
    """Answers what BertViz asks of a model and of a tokenizer, out of what was recorded."""

    cls_token = sep_token = ""

    def __init__(self, seen: Sequence[AttentionRecord], tokens: Sequence[str]) -> None:
        self.seen, self.tokens = seen, list(tokens)

    def eval(self) -> None: ...

    def tokenize(self, _: str) -> list[str]:
        return self.tokens

    def convert_tokens_to_ids(self, tokens: Sequence[str]) -> list[int]:
        return list(range(len(tokens)))

    def __call__(self, _: Tensor) -> tuple[list[dict[str, Tensor]]]:
        return ([{"attn": w, "queries": q, "keys": k} for w, q, k in self.seen],)


def _framed(draw: Callable[[], HTML], title: str, display_mode: str = "light") -> HTML:
    """The frame of a view; a line of text where a package is missing, so that a page goes on."""
    try:
        _need("bertviz")
        return frame(draw().data, f"Attention, {title}", display_mode)
    except _MissingError as missing:
        return HTML(f"<p>{html.escape(str(missing))}</p>")


def _weights(
    attention: Any,
    tokens: Sequence[str] | None,
    ids: Tensor | Sequence[int] | None,
    mask: Tensor | None,
    segment_ids: Tensor | None,
    keywords: dict[str, Any],
) -> dict[str, Any]:
    """What BertViz is to draw: weights and tokens that fit together."""
    if isinstance(attention, nn.Module):
        if ids is None:
            raise ValueError(
                f"{type(attention).__name__} is a model, and what it reads is missing; "
                "give its tokens and their ids: head_view(model, tokens, ids)"
            )
        attention = record_attention(attention, ids, mask, segment_ids)
    given = [attention, *(v for k, v in keywords.items() if k.endswith("_attention"))]
    if not any(weights is not None and len(weights) for weights in given):
        raise ValueError(NO_WEIGHTS)
    if attention is None:  # an encoder-decoder's, in the keywords
        return {}
    weights = [
        record.weights if isinstance(record, AttentionRecord) else record for record in attention
    ]
    T = weights[0].shape[-1]
    if any(w.ndim != 4 or w.shape[0] != 1 for w in weights) or len(tokens or ()) != T:
        raise ValueError(
            f"{len(tokens or ())} tokens and weights of shape {tuple(weights[0].shape)}; a view "
            "shows one text: weights (1, H, T, T) in each layer, and T tokens"
        )
    # A token such as </script> would end the script that it stands in.
    safe = [re.sub("<(?=[/!])", "<\u200b", token) for token in tokens or ()]
    return {"attention": [w.detach().cpu() for w in weights], "tokens": safe}


def _libraries() -> tuple[str, str]:
    """The text of jQuery and of d3, from the packages that ship them."""
    jquery = _need("sphinxcontrib.jquery") / "jquery.js"
    d3 = _need("mpld3") / "js" / "d3.v5.min.js"
    return jquery.read_text(encoding="utf8"), d3.read_text(encoding="utf8")


def _need(package: str) -> Path:
    """The folder of a package that the views need, or a message that says how to get it."""
    try:
        found = importlib.util.find_spec(package)
    except ModuleNotFoundError:  # the parent of a dotted name is missing
        found = None
    if found is None or found.origin is None:
        raise _MissingError(
            f"This view of attention needs the package {package!r}, which is not installed; "
            'install the views with: pip install "bertgpt[views]"'
        )
    return Path(found.origin).parent
