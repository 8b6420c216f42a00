"""Views of BertViz in the built book: drawn on a screen, replaced by maps everywhere else."""

from pathlib import Path

import pytest
from browsing import TALLY, Watch, built_pages, opened, settle
from playwright.sync_api import Browser, Page

# What each kind of view draws: a line from token to token, in every head.
LINES = {
    "head view": "#vis svg line",
    "model view": "svg path, svg line",
    "neuron view": "svg line",
}


def pages_with_views(site: Path) -> list[str]:
    names = [
        n
        for n in built_pages()
        if '<div class="bertviz-frame"><iframe' in (site / n).read_text("utf-8")
    ]
    assert names, "no page of the book holds a view of attention"
    return names


def test_every_view_is_drawn_from_this_site_alone(site: Path, base: str, tab: Page) -> None:
    seen = set()
    for name in pages_with_views(site):
        watch = Watch(tab, base)
        tab.goto(f"{base}/{name}")
        settle(tab)
        for frame in tab.locator(".bertviz-frame iframe").all():
            frame.scroll_into_view_if_needed()
            kind = frame.get_attribute("title").removeprefix("Attention, ")
            inside = frame.content_frame
            inside.locator(LINES[kind]).first.wait_for(state="attached", timeout=10_000)
            assert inside.locator("svg text").count() > 1, f"{name}: no tokens in the {kind}"
            tall = inside.locator("html").evaluate("e => e.getBoundingClientRect().height")
            assert frame.bounding_box()["height"] >= tall, f"{name}: the {kind} is cut off"
            seen.add(kind)
            TALLY["views of attention drawn"] += 1
        assert not watch.faults, "\n".join(watch.faults)
    assert seen == set(LINES)


def test_a_click_opens_another_head(site: Path, base: str, tab: Page) -> None:
    """The head view answers: a click on a head's square changes which lines are drawn."""
    name = pages_with_views(site)[0]
    tab.goto(f"{base}/{name}")
    frame = tab.locator("iframe[title='Attention, head view']").first
    frame.scroll_into_view_if_needed()
    inside = frame.content_frame
    lines = inside.locator("#vis svg line")
    lines.first.wait_for(state="attached", timeout=10_000)
    look = "ls => ls.map(l => l.getAttribute('stroke-opacity') + l.parentElement.outerHTML.length)"
    before = lines.evaluate_all(look)
    inside.locator("select#layer").select_option("1")
    tab.wait_for_timeout(300)
    assert lines.evaluate_all(look) != before


@pytest.mark.parametrize("way", ["print", "no script"])
def test_a_map_stands_in_for_each_view(way: str, site: Path, base: str, browser: Browser) -> None:
    with opened(browser, java_script_enabled=way == "print") as context:
        page = context.new_page()
        for name in pages_with_views(site):
            page.goto(f"{base}/{name}")
            if way == "print":
                page.emulate_media(media="print")
            for view in page.locator(".bertviz-frame").all():
                assert not view.locator("iframe").is_visible()
                following = view.locator("xpath=following::*[name()='svg'][@role='img'][1]")
                assert following.is_visible(), f"{name}: no map after a view"
