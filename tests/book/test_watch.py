"""The watch over a page: what it must see, and the one thing that it lets pass."""

import re

import pytest
from browsing import TALLY, Watch, built_pages, settle
from playwright.sync_api import Page

LEFT = "  given up as the page was left"
FAULTS = {
    "fetch('/no-such-file.png')": "404 .*no-such-file",
    "fetch('http://127.0.0.1:9/').catch(() => {})": "to other hosts",
    "fetch('/').then(() => console.error('a complaint'))": "a complaint",
    "setTimeout(() => { throw new Error('a slip') })": "a slip",
}


@pytest.fixture
def watched(base: str, tab: Page) -> Watch:
    watch = Watch(tab, base)
    tab.goto(f"{base}/{built_pages()[0]}", wait_until="networkidle")
    settle(tab)
    assert not watch.faults
    return watch


@pytest.mark.parametrize("script", FAULTS)
def test_a_fault_is_seen(script: str, watched: Watch, tab: Page) -> None:
    before = TALLY.copy()
    tab.evaluate(f"() => {{ {script} }}")
    tab.wait_for_timeout(300)
    assert re.search(FAULTS[script], "\n".join(watched.faults))
    TALLY.clear()  # what was done on purpose is not counted among the book's faults
    TALLY.update(before)


def test_what_is_given_up_is_counted_apart(watched: Watch, tab: Page) -> None:
    before = TALLY[LEFT]
    tab.evaluate(
        """() => {
            const stop = new AbortController();
            fetch('/search.html', {signal: stop.signal}).catch(() => {});
            stop.abort();
        }"""
    )
    tab.wait_for_timeout(300)
    assert TALLY[LEFT] == before + 1
    assert not watched.faults
