"""Serves the built book on this machine and drives it with a real Chromium.

`BOOK_HTML` names the built site; without it `_build/html` is taken. `CHROME` names the browser;
without it the usual names are looked up. No browser: the tests are skipped, but not where CI=true.
"""

import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("BOOK_HTML", ROOT / "_build" / "html")).resolve()
SCREENSHOTS = ROOT / "build" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these Chromium itself asks other hosts for updates and the like.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
# Letter by letter, the drawings, formulas and code of one page keep axe busy for half a minute. So
# drawings and formulas, which have a text of their own, are emptied when they have been looked at,
# and of the code's words only the first of each colour on each ground is kept apart.
STRIP = """() => {
    document.querySelectorAll('svg.bg-figure, mjx-container').forEach(e => e.replaceChildren());
    const seen = new Set();
    for (const word of document.querySelectorAll('.highlight pre span')) {
        const ground = word.closest('.cell_input, .cell_output, .admonition')?.className;
        const kind = `${word.className} on ${ground}`;
        if (seen.has(kind)) word.replaceWith(...word.childNodes);
        seen.add(kind);
    }
}"""
WIDTHS = {"wide": 1400, "phone": 390}
TALLY: Counter[str] = Counter()


def built_pages() -> list[str]:
    """Every page of the built site, as a path below it; the redirect at the top left out."""
    found = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    return [name for name in found if not name.startswith("_static/") and name != "index.html"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", built_pages() or ["there is no built book"])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if TALLY:
        terminalreporter.section("the built book in a browser")
        for name, number in TALLY.items():
            terminalreporter.line(f"{number:7d}  {name}")
        terminalreporter.line(f"screenshots: {SCREENSHOTS.relative_to(ROOT)}")


@pytest.fixture(scope="session")
def site() -> Path:
    if not built_pages():
        pytest.fail(
            f"there is no built book at {SITE}; build it with `make book`, or set BOOK_HTML"
        )
    return SITE


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="session")
def base(site: Path) -> Iterator[str]:
    """The address under which the site is served, on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(site)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def browser(site: Path) -> Iterator[Browser]:
    named = os.environ.get("CHROME")
    executable = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        reason = (
            f"no browser here ({', '.join(BROWSERS)}, or CHROME=...): the pages are not looked at"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        print(f"\n{reason}")
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


class Watch:
    """Listens to a page and keeps what must not happen."""

    def __init__(self, page: Page, own: str) -> None:
        self.own = own
        self.faults: list[str] = []
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("requestfailed", lambda r: self.faults.append(f"request failed: {r.url}"))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))

    def _request(self, request: Any) -> None:
        TALLY["requests"] += 1
        if not request.url.startswith((self.own, "data:", "blob:", "about:")):
            self.faults.append(f"asks another host: {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"answer {response.status}: {response.url}")

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.faults.append(f"console error: {message.text}")


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


@pytest.fixture(scope="session")
def themed(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """One context for each theme, shared by all pages so that the browser's cache is used."""
    with opened(browser, theme="light") as light, opened(browser, theme="dark") as dark:
        yield {"light": light, "dark": dark}


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A fresh page of its own context, for tests that press keys."""
    with opened(browser) as context:
        yield context.new_page()


def settle(page: Page) -> None:
    """Waits until formulas are set and two frames are drawn."""
    page.evaluate(
        """async () => {
            if (window.MathJax?.startup?.promise) await MathJax.startup.promise;
            await document.fonts.ready;
            for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
        }"""
    )
