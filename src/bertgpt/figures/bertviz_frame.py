"""BertViz without a network: what it draws, in a frame that carries its libraries inside.

BertViz fetches three JavaScript libraries from other hosts for every view, so it shows nothing
offline. A frame made here has them inside, taken from the packages that ship them (`mpld3` for d3,
`sphinxcontrib-jquery` for jQuery). The same frame works in JupyterLab, in Colab and in the book,
which links all frames to one copy. Written against BertViz 1.4.1, whose HTML the patterns match.
"""

import hashlib
import html
import importlib.util
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from IPython.display import HTML
from torch import Tensor

from bertgpt.attention import AttentionRecord

# BertViz asks for the two by the names that require.js would resolve; this answers at once.
SHIM = """(function (w) {
  var known = {jquery: function () { return w.jQuery; }, d3: function () { return w.d3; }};
  function req(names, use) { return use.apply(w, names.map(function (n) { return known[n](); })); }
  req.config = function () {};
  w.requirejs = w.require = req;
})(window);"""

REQUIRE_JS = re.compile(r'<script src="https://cdnjs[^"]+require\.min\.js"></script>')
REQUIRE_CONFIG = re.compile(r"require\.config\(\{.*?\}\s*\}\);", re.DOTALL)
RANDOM_ID = re.compile(r"bertviz-[0-9a-f]{32}")  # of the element that a view draws into
# The frame grows with what is drawn in it.
FIT = """<script>(function () {
  var frame = window.frameElement;
  function fit() {
    var height = document.documentElement.getBoundingClientRect().height;
    if (frame) frame.style.height = height + 4 + "px";
  }
  new ResizeObserver(fit).observe(document.documentElement);
  fit();
})();</script>"""


class MissingPackageError(ValueError):
    """A package that the views need is not installed."""


class RecordedModel:
    """Answers what BertViz's neuron view asks of a model and of a tokenizer, from the records."""

    cls_token = sep_token = ""

    def __init__(self, records: Sequence[AttentionRecord], tokens: Sequence[str]) -> None:
        self.records, self.tokens = records, list(tokens)

    def eval(self) -> None: ...

    def tokenize(self, _: str) -> list[str]:
        return self.tokens

    def convert_tokens_to_ids(self, tokens: Sequence[str]) -> list[int]:
        return list(range(len(tokens)))

    def __call__(self, _: Tensor) -> tuple[list[dict[str, Tensor]]]:
        layers = [
            {"attn": record.weights, "queries": record.queries, "keys": record.keys}
            for record in self.records
        ]
        return (layers,)


def framed(draw: Callable[[], HTML], title: str, display_mode: str = "light") -> HTML:
    """The frame of a view; a line of text where a package is missing, so that a page goes on."""
    try:
        folder_of("bertviz")
        return frame(draw().data, f"Attention, {title}", display_mode)
    except MissingPackageError as missing:
        return HTML(f"<p>{html.escape(str(missing))}</p>")


def frame(page: str, title: str, display_mode: str = "light") -> HTML:
    """Make one self-contained frame of what BertViz returns.

    Its random id becomes a digest of the content, so two runs give the same output.
    """
    body = REQUIRE_CONFIG.sub("", REQUIRE_JS.sub("", page))
    digest = hashlib.sha256(RANDOM_ID.sub("", body).encode()).hexdigest()[:12]
    body = RANDOM_ID.sub(f"bertviz-{digest}", body)
    scripts = "".join(f"<script>{text}</script>" for text in (*libraries(), SHIM))
    ground = "white" if display_mode == "light" else "black"
    document = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>html,body{{margin:0;background:{ground}}}</style>"
        f"<!--bv-libs-->{scripts}<!--/bv-libs-->{body}{FIT}"
    )
    # Wrapped in a div: IPython warns about HTML that starts with a frame.
    style = f'title="{title}" style="width:100%;height:300px;border:0"'
    inside = f'<iframe {style} srcdoc="{html.escape(document)}"></iframe>'
    return HTML(f'<div class="bertviz-frame">{inside}</div>')


def script_safe(tokens: Sequence[str]) -> list[str]:
    """Tokens that cannot end the script they are written into, as `</script>` would."""
    return [re.sub("<(?=[/!])", "<\u200b", token) for token in tokens]


def libraries() -> tuple[str, str]:
    """The text of jQuery and of d3, from the packages that ship them."""
    jquery = folder_of("sphinxcontrib.jquery") / "jquery.js"
    d3 = folder_of("mpld3") / "js" / "d3.v5.min.js"
    return jquery.read_text(encoding="utf8"), d3.read_text(encoding="utf8")


def folder_of(package: str) -> Path:
    """The folder of a package that the views need.

    Raises:
        MissingPackageError: if it is not installed; the message says how to get it.
    """
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:  # the parent of a dotted name is missing
        spec = None
    if spec is None or spec.origin is None:
        raise MissingPackageError(
            f"This view of attention needs the package {package!r}, which is not installed; "
            'install the views with: pip install "bertgpt[views]"'
        )
    return Path(spec.origin).parent
