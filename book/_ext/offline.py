"""Pages that ask no other host for anything.

What a plain build fetches from elsewhere, and what happens to it here:

* MathJax: one file (``tex-svg-full.js``, needs no fonts) is copied out of the package
  ``sphinx-mathjax-offline`` when a page holds a formula.
* BertViz: each view loads require.js from a CDN and points it at CDN copies of d3 and jQuery.
  Pages that hold a view get one copy of both, out of ``mpld3`` and ``sphinxcontrib-jquery``,
  and a shim of a few lines in place of require.js.  Frames made by `bertgpt.figures.bertviz_frame`
  carry the libraries inside themselves, between two markers; here they are replaced by links.
* thebe (live code) is loaded from a CDN and needs a server elsewhere: dropped.
* ipywidgets' page scripts come from a CDN: dropped.
* The redirect at the top names no icon, so that a browser asks for one that does not exist: an
  empty one is named there.

Whatever a page still asks another host for becomes a warning that names the page and the address.
"""

import html
import importlib.util
import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
MATHJAX = "mathjax/tex-svg-full.js"
VIEWS = ("views/jquery.js", "views/d3.js", "views/require.js")
SHIM = """\
// Hands BertViz the d3 and jQuery that the page has loaded; a real require.js wins.
(function (page) {
  if (typeof page.requirejs === "function") return;
  function load(names, use) {
    return use.apply(page, names.map(function (n) { return n === "d3" ? page.d3 : page.jQuery; }));
  }
  load.config = function () {};
  page.requirejs = page.require = load;
})(window);
"""

_REQUIRE_TAG = r'<script src="https://cdnjs\.cloudflare\.com/ajax/libs/require\.js/[^"]+"></script>'
_REQUIRE_CELL = re.compile(r'<div class="output text_html">\s*' + _REQUIRE_TAG + r"\s*</div>")
_REQUIRE = re.compile(_REQUIRE_TAG)
_CDN = re.compile(r"https://cdnjs\.cloudflare\.com/ajax/libs/(d3|jquery)/[^'\"&]+")
_FRAME = re.compile(r"&lt;!--bv-libs--&gt;.*?&lt;!--/bv-libs--&gt;", re.S)
_SRCDOC = re.compile(r'\ssrcdoc="([^"]*)"')
_THEBE = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>\s*(<script>kernelName = .*?</script>)?', re.S
)
# Addresses that a browser fetches by itself; a plain link is not one of them.
_ASKS = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\s(?:src|srcset|data)="?
        \s*((?:https?:)?//[^\s"'>]+)
      | <link\b[^>]*?\shref="?((?:https?:)?//[^\s"'>]+)
      | @import\s+(?:url\()?["']?((?:https?:)?//[^\s"')]+)""",
    re.X,
)


def package_file(package: str, name: str, remedy: str) -> Path:
    """A file that a pip package ships.

    Raises:
        ExtensionError: if the package or the file is missing; the text says what to install.
    """
    # "sphinx-mathjax-offline" holds hyphens and cannot be imported, only looked up.
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        if (file := Path(folder, name)).is_file():
            return file
    raise ExtensionError(
        f"the built pages need {name} of the package {package!r}, which is not installed here; "
        f"install it with: pip install {remedy}"
    )


def _copy(source: Path, app: Sphinx, name: str) -> None:
    target = Path(app.outdir, "_static", name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def copy_views(app: Sphinx) -> None:
    """Puts d3, jQuery and the shim under ``_static/views``, once."""
    if Path(app.outdir, "_static", VIEWS[-1]).exists():
        return
    jquery = package_file("sphinxcontrib.jquery", "jquery.js", "sphinxcontrib-jquery")
    _copy(jquery, app, VIEWS[0])
    _copy(package_file("mpld3", "js/d3.v5.min.js", "mpld3"), app, VIEWS[1])
    Path(app.outdir, "_static", VIEWS[-1]).write_text(SHIM, encoding="utf-8")


def offline_views(body: str, links: list[str]) -> str:
    """Rewrites the BertViz views in a page's HTML so that they use the page's own libraries.

    Args:
        body: the HTML of the page's content.
        links: addresses of jQuery, d3 and the shim, relative to the page.
    """
    tags = "".join(f"&lt;script src=&quot;{link}&quot;&gt;&lt;/script&gt;" for link in links)
    body = _FRAME.sub(lambda _: tags, body)
    if "bertviz" in body:
        body = _CDN.sub(r"\1", _REQUIRE.sub("", _REQUIRE_CELL.sub("", body)))
    return body


def asked_for(body: str) -> list[str]:
    """The addresses on other hosts that a browser would fetch when it shows this HTML."""
    frames = [html.unescape(frame) for frame in _SRCDOC.findall(body)]
    found = (match for text in (body, *frames) for match in _ASKS.findall(text))
    return sorted({next(filter(None, groups)) for groups in found})


def _mentions_thebe(file: Any) -> bool:
    attributes = getattr(file, "attributes", {})
    return "thebe" in f"{getattr(file, 'filename', '')}{attributes.get('body', '')}".lower()


def _page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    for files in (context.get("script_files", []), context.get("css_files", [])):
        files[:] = [file for file in files if not _mentions_thebe(file)]
    body = _THEBE.sub("", context.get("body") or "")
    framed = "&lt;!--bv-libs--&gt;" in body
    plain = "cdnjs.cloudflare.com" in body and "bertviz" in body
    if framed or plain:
        copy_views(app)
        if plain:  # inside this event a script is added to this page only
            for priority, name in enumerate(VIEWS, start=300):
                app.add_js_file(name, priority=priority)
        body = offline_views(body, [context["pathto"](f"_static/{name}", 1) for name in VIEWS])
    for address in asked_for(body):
        LOGGER.warning(
            "this page makes the reader's browser fetch %s; pages may ask no other host for "
            "anything: put the file into the book or link to it",
            address,
            location=page,
            type="offline",
        )
    if body:
        context["body"] = body


def _configure(app: Sphinx, config: Config) -> None:
    config["mathjax_path"] = MATHJAX
    if "nb_ipywidgets_js" in config:
        config["nb_ipywidgets_js"] = {}
    launch = config.html_theme_options.get("launch_buttons") or {}
    if launch.get("thebe"):
        LOGGER.warning(
            "_config.yml: launch_buttons.thebe is on, but its script comes from another host and "
            "is removed; set it to false",
            type="offline",
        )


def _front_door(app: Sphinx) -> None:
    page = Path(app.outdir, "index.html")
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    if (there := re.search(r'http-equiv="Refresh" content="0; url=([^"]+)"', text)) is None:
        return
    title = html.escape(app.config.html_title)
    page.write_text(
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="Refresh" content="0; url={there[1]}">\n'
        f'<link rel="icon" href="data:,">\n<a href="{there[1]}">{title}</a>\n</html>\n',
        encoding="utf-8",
    )


def _finish(app: Sphinx, problem: Exception | None) -> None:
    if problem is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    for leftover in static.glob("sphinx-thebe.*"):
        leftover.unlink()
    _front_door(app)
    if app.env.get_domain("math").has_equations():  # type: ignore[attr-defined]
        name = f"static/{MATHJAX}"
        mathjax = package_file("sphinx-mathjax-offline", name, "sphinx-mathjax-offline")
        _copy(mathjax, app, MATHJAX)


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.connect("config-inited", _configure, priority=900)
    app.connect("html-page-context", _page, priority=900)
    app.connect("build-finished", _finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
