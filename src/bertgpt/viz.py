"""What a notebook shows besides figures: numbers for the prose, source, and BertViz without a host.

BertViz fetches three JavaScript libraries from other hosts for every view, so that offline it
shows nothing. Here each view is put into a frame of its own that carries its libraries inside,
taken from the packages that ship them (`mpld3` for d3, `sphinxcontrib-jquery` for jQuery). The same
frame works in JupyterLab, in Colab and in the book, which links all frames to one copy.
"""

import hashlib
import html
import importlib.util
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

from IPython.display import HTML, Markdown, display

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


def glue(name: str, value: object) -> None:
    """Store a measured number under `name`, so that the page's prose can quote the run.

    The book puts it in with ``{glue:text}`name` ``. This is the output that ``myst_nb.glue``
    writes, without asking for the book's tools where only the notebook runs.

    Args:
        name: unique in the book, such as ``"counting-order5-bits"``.
        value: what the prose shows; give a formatted string to fix the digits.
    """
    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": repr(value)},  # the book reads it as a literal: '1.50' stays so
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
    )


def source(thing: Any) -> Markdown:
    """Show the source of a class or function of the package, as the page's own code looks.

    >>> "def source" in source(source).data
    True
    """
    text = textwrap.dedent(inspect.getsource(thing)).rstrip()
    return Markdown(f"```python\n{text}\n```")


def head_view(*args: Any, **keywords: Any) -> HTML:
    """``bertviz.head_view`` in a frame of its own: lines from each token to those it reads.

    Args:
        args, keywords: as for ``bertviz.head_view``: a list with one (1, H, T, T) tensor of
            attention weights a layer, and the T tokens.

    Raises:
        ValueError: if there are no attention weights, or the views are not installed.
    """
    _need("bertviz")
    from bertviz import head_view as view

    _need_weights(args, keywords)
    return frame(view(*args, html_action="return", **keywords).data, "Attention, head view")


def model_view(*args: Any, display_mode: str = "light", **keywords: Any) -> HTML:
    """``bertviz.model_view`` in a frame of its own: every head of every layer at once.

    Args:
        args, keywords: as for :func:`head_view`.
        display_mode: "light" or "dark", the ground that the lines are drawn on.
    """
    _need("bertviz")
    from bertviz import model_view as view

    _need_weights(args, keywords)
    page = view(*args, html_action="return", display_mode=display_mode, **keywords)
    return frame(page.data, "Attention, model view", display_mode)


def neuron_view(*args: Any, display_mode: str = "light", **keywords: Any) -> HTML:
    """``bertviz.neuron_view.show`` in a frame of its own: queries and keys, number by number.

    Args:
        args, keywords: as for ``bertviz.neuron_view.show``.
        display_mode: "light" or "dark", the ground that the lines are drawn on.
    """
    _need("bertviz")
    from bertviz.neuron_view import show as view

    page = view(*args, html_action="return", display_mode=display_mode, **keywords)
    return frame(page.data, "Attention, neuron view", display_mode)


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
        raise ValueError(
            f"the attention views need the package {package!r}, which is not installed; "
            'install the views with: pip install "bertgpt[views]"'
        )
    return Path(found.origin).parent


def _need_weights(args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    """BertViz draws an empty page when there are no weights; say why there may be none."""
    given = [*args[:1], *(v for k, v in keywords.items() if k.endswith("attention"))]
    if not any(weights is not None and len(weights) for weights in given):
        raise ValueError(
            "there are no attention weights to draw; a model of `transformers` gives them only "
            'when it was loaded with attn_implementation="eager" and called with '
            "output_attentions=True"
        )
