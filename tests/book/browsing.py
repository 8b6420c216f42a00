"""What the tests of the built pages share: where the book is, how to open and watch a page.

`BOOK_HTML` names the built site; without it `_build/html` is taken.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html")).resolve()
SCREENSHOTS = ROOT / "build" / "screenshots"
WIDTHS = {"wide": 1400, "phone": 390}  # pixels
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
# Letter by letter, the drawings, formulas and code of one page keep axe busy for half a minute. So
# drawings and formulas, which have a text of their own, are emptied when they have been looked at,
# and of the words of code and signatures only the first of each colour on each ground is kept.
STRIP = """() => {
    document.querySelectorAll('svg.bg-figure, mjx-container').forEach(e => e.replaceChildren());
    const seen = new Set();
    for (const word of document.querySelectorAll('.highlight pre span, .sig span')) {
        const ground = word.closest('.cell_input, .cell_output, .admonition')?.className;
        const kind = `${word.className} on ${ground}`;
        if (seen.has(kind)) word.replaceWith(...word.childNodes);
        seen.add(kind);
    }
}"""
# What is counted and printed at the end; these stand there even when they stay zero.
TALLY: Counter[str] = Counter(
    {
        "page loads": 0,
        "views of a page (theme x width)": 0,
        "requests": 0,
        "  to other hosts": 0,
        "  that failed": 0,
        "  given up as the page was left": 0,
        "console errors": 0,
        "page errors": 0,
        "pages that scroll sideways": 0,
        "blocks that scroll sideways": 0,
        "broken images": 0,
        "axe findings, serious or critical": 0,
    }
)


def built_pages() -> list[str]:
    """Every page of the built site, as a path below it; the redirect at the top left out."""
    found = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    return [name for name in found if not name.startswith("_static/") and name != "index.html"]


class Watch:
    """Listens to a page and keeps what must not happen."""

    def __init__(self, page: Page, *own: str) -> None:
        self.own = own
        self.faults: list[str] = []
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("requestfailed", self._request_failed)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._fault("page errors", str(error)))

    def _fault(self, kind: str, what: str) -> None:
        TALLY[kind] += 1
        self.faults.append(f"{kind.strip()}: {what}")

    def _request(self, request: Any) -> None:
        TALLY["requests"] += 1
        if not request.url.startswith((*self.own, "data:", "blob:", "about:")):
            self._fault("  to other hosts", request.url)

    def _request_failed(self, request: Any) -> None:
        # A browser that goes on to the next page drops what it was still fetching for the last one,
        # its icon above all. That is no fault of the page; a missing file answers with an error,
        # and a server or host that is not there fails in another way.
        if request.failure == "net::ERR_ABORTED":
            TALLY["  given up as the page was left"] += 1
        else:
            self._fault("  that failed", f"{request.failure} {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self._fault("  that failed", f"{response.status} {response.url}")

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self._fault("console errors", message.text)


@contextmanager
def opened(
    browser: Browser, *, theme: str = "light", width: int = 1400, **options: Any
) -> Iterator[BrowserContext]:
    """A fresh browser context: nothing stored, the given theme, the given width in pixels."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,
        reduced_motion="reduce",
        **options,
    )
    store = f"for (const key of ['mode', 'theme']) localStorage.setItem(key, '{theme}')"
    context.add_init_script(f"try {{ {store} }} catch (e) {{}}")
    try:
        yield context
    finally:
        context.close()


def settle(page: Page) -> None:
    """Waits until formulas are set and two frames are drawn."""
    page.evaluate(
        """async () => {
            if (window.MathJax?.startup?.promise) await MathJax.startup.promise;
            await document.fonts.ready;
            for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
        }"""
    )
