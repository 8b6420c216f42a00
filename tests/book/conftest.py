"""Serves the built book on this machine and starts a real Chromium to read it.

`CHROME` names the browser; without it the usual names are looked up. No browser: the tests are
skipped and say so, but where CI=true they fail.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browsing import ROOT, SCREENSHOTS, SITE, TALLY, built_pages, opened
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--part", default="1/1", help="2/3: the second of three parts, for run_pages.py"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of this part: pages are dealt by the size of their files, the rest in turn.

    All tests of a page stay in one part, so that its browser holds what they share.
    """
    part, number = map(int, config.getoption("--part").split("/"))
    sizes = [0] * number
    mine: dict[str, bool] = {}
    heavy_first = sorted(items, key=lambda item: -_size(item))
    for item in heavy_first:
        name = _page(item) or item.nodeid
        if name not in mine:
            least = sizes.index(min(sizes))
            sizes[least] += _size(item)
            mine[name] = least == part - 1
    others = [item for item in items if not mine[_page(item) or item.nodeid]]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if mine[_page(item) or item.nodeid]]


def _page(item: pytest.Item) -> str | None:
    spec = getattr(item, "callspec", None)
    return spec.params.get("page_name", spec.params.get("listing")) if spec else None


def _size(item: pytest.Item) -> int:
    page = SITE / (_page(item) or "")
    return page.stat().st_size if page.is_file() else 100_000  # bytes: as long as a middling page


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    pages = built_pages() or ["there is no built book"]
    if "page_name" in metafunc.fixturenames:
        written = [name for name in pages if not name.startswith("_modules/")]
        metafunc.parametrize("page_name", written)
    if "listing" in metafunc.fixturenames:  # Sphinx's listings of source, all made alike
        metafunc.parametrize("listing", [name for name in pages if name.startswith("_modules/")])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if TALLY["requests"]:
        terminalreporter.section("the built book in a browser")
        for name, number in TALLY.items():
            terminalreporter.line(f"{number:7d}  {name}")
        if TALLY["photographs"]:
            terminalreporter.line(f"photographs: {SCREENSHOTS.relative_to(ROOT)}")
        else:
            terminalreporter.line("no photographs: no page failed, and PHOTOGRAPHS=1 was not set")


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
