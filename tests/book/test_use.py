"""What a reader does with the pages, by keyboard, in print and without JavaScript."""

import re
from pathlib import Path

import pytest
from browsing import AXE, STRIP, TALLY, Watch, built_pages, opened, settle
from playwright.sync_api import Browser, BrowserContext, Page


def first_page_with(site: Path, *texts: str) -> str:
    """The first page whose HTML holds all the texts; the book must have one."""
    for name in built_pages():
        page = (site / name).read_text(encoding="utf-8")
        if all(text in page for text in texts):
            return name
    pytest.fail(f"no page of the book holds {' and '.join(map(repr, texts))}")


def tab_to(page: Page, selector: str, *, limit: int = 400) -> None:
    """Presses Tab until the element has the focus; fails when the keyboard cannot get there."""
    for _ in range(limit):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{limit} times Tab does not reach {selector}")


def test_launch_buttons(site: Path) -> None:
    notebooks = [name for name in built_pages() if name.startswith("notebooks/")]
    assert notebooks, "the book has no notebook page"
    for name in notebooks:
        html = (site / name).read_text(encoding="utf-8")
        path = re.escape(name.removesuffix(".html") + ".ipynb")
        assert re.search(r'href="https://colab\.research\.google\.com/github/[^"]*' + path, html), (
            name
        )
        assert re.search(r'href="https://mybinder\.org/v2/gh/[^"]*' + path, html), name


def test_no_page_names_a_script_of_another_host(site: Path) -> None:
    """Even where no browser runs, no page may load a script, style or image from elsewhere."""
    asks = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\s(?:src|href)=[\"'](?:https?:)?//[^>]*>")
    for name in built_pages():
        html = (site / name).read_text(encoding="utf-8")
        found = [tag for tag in asks.findall(html) if 'rel="canonical"' not in tag]
        assert not found, f"{name}: {found}"
        assert "THEBE_JS_URL" not in html


def test_verdicts_are_filtered_by_keyboard(site: Path, base: str, tab: Page) -> None:
    name = first_page_with(site, 'class="verdict-filter"')
    watch = Watch(tab, base)
    tab.goto(f"{base}/{name}")
    claims, shown = (
        tab.locator("#verdicts-list .claim"),
        tab.locator("#verdicts-list .claim:visible"),
    )
    everything = claims.count()
    assert everything == shown.count() > 0
    count = tab.get_by_role("status")
    assert count.text_content() == f"{everything} of {everything} claims shown"

    word = "lstm"
    expected = sum(word in text.lower() for text in claims.all_text_contents())
    tab_to(tab, ".verdict-filter input")
    tab.keyboard.type(word)
    assert count.text_content() == f"{expected} of {everything} claims shown"
    assert shown.count() == expected < everything

    tab_to(tab, "select[name=verdict]")
    tab.keyboard.type("Wrong")
    both = tab.locator("#verdicts-list .claim[data-verdict=wrong]:visible").count()
    assert shown.count() == both <= expected
    tab_to(tab, "select[name=state]")
    tab.keyboard.type("Not yet")
    assert (
        shown.count() == tab.locator(".claim[data-verdict=wrong][data-state=open]:visible").count()
    )
    address = tab.url
    assert "words=lstm" in address
    assert "verdict=wrong" in address

    tab_to(tab, ".verdict-filter button")
    tab.keyboard.press("Enter")
    tab.wait_for_function(
        "all => document.querySelectorAll('.claim:not([hidden])').length === all", arg=everything
    )
    assert "words=" not in tab.url
    tab.goto(address)
    assert shown.count() < everything, "the filter of a linked address is not taken up"
    tab.goto("about:blank")
    hidden = tab.locator("#verdicts-list .claim").first
    tab.goto(f"{address}#claim-c01")
    assert hidden.is_visible(), "a link to a claim must show it, whatever the filter"
    assert not watch.faults
    TALLY["claims filtered"] = everything


def test_verdicts_all_show_without_javascript(site: Path, base: str, browser: Browser) -> None:
    name = first_page_with(site, 'class="verdict-filter"')
    with opened(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{base}/{name}?words=nothing-of-the-kind")
        claims = page.locator("#verdicts-list .claim")
        assert claims.count() > 0
        assert all(claim.is_visible() for claim in claims.all())
        assert not page.locator(".verdict-filter").is_visible()


def test_every_claim_links_to_its_evidence_and_sources(site: Path, base: str, tab: Page) -> None:
    name = first_page_with(site, 'class="verdict-filter"')
    tab.goto(f"{base}/{name}")
    settled = tab.locator('.claim:is([data-state="measured"], [data-state="documentary"])')
    for claim in settled.all():
        links = claim.locator(".claim-foot a[href*='#evidence-']")
        assert links.count() == 1, claim.get_attribute("id")
        page, _, target = links.first.get_attribute("href").partition("#")
        text = (site / name).parent.joinpath(page).read_text(encoding="utf-8")
        assert f'id="{target}"' in text, f"{claim.get_attribute('id')}: {page}#{target}"
    sourceless = tab.locator(".claim:not(:has(.claim-foot .bibtex-citation))")
    TALLY["claims with evidence"] = settled.count()
    TALLY["claims without a source"] = sourceless.count()


def test_a_prediction_is_kept(site: Path, base: str, tab: Page) -> None:
    name = first_page_with(site, 'class="prediction"')
    watch = Watch(tab, base)
    tab.goto(f"{base}/{name}")
    boxes = tab.locator(".prediction").count()
    field = tab.get_by_label("Your guess").first
    tab_to(tab, "#guess-0")
    tab.keyboard.type("the larger one")
    tab.reload()
    assert field.input_value() == "the larger one"
    if boxes > 1:
        assert tab.locator("#guess-1").input_value() == ""
    field.fill("")
    tab.reload()
    assert field.input_value() == ""
    assert not watch.faults


def test_a_prediction_without_storage(site: Path, base: str, tab: Page) -> None:
    name = first_page_with(site, 'class="prediction"')
    tab.add_init_script(
        """for (const name of ['getItem', 'setItem', 'removeItem']) {
            const real = Storage.prototype[name];
            Storage.prototype[name] = function (key, ...rest) {
                if (key.startsWith('bertgpt:')) throw new DOMException('switched off');
                return real.call(this, key, ...rest);
            };
        }"""
    )
    watch = Watch(tab, base)
    tab.goto(f"{base}/{name}")
    tab.get_by_label("Your guess").first.fill("kept nowhere")
    assert not watch.faults


def test_a_solution_opens_by_keyboard(site: Path, base: str, tab: Page) -> None:
    name = first_page_with(site, "solution dropdown admonition")
    tab.goto(f"{base}/{name}")
    button = tab.locator(".solution button.toggle-button").first
    content = tab.locator(".solution .section, .solution section").first
    assert not content.is_visible()
    button.focus()
    assert "Solution" in button.get_attribute("aria-label")
    for key, state in (("Enter", "true"), ("Space", "false"), ("Space", "true")):
        tab.keyboard.press(key)
        assert button.get_attribute("aria-expanded") == state
        assert content.is_visible() == (state == "true")


def test_the_front_door_leads_to_the_first_page(site: Path, base: str, tab: Page) -> None:
    watch = Watch(tab, base, "file://")
    tab.goto(f"{base}/")
    tab.wait_for_url("**/book/intro.html")
    settle(tab)
    tab.goto((site / "index.html").as_uri())
    tab.wait_for_url("file://**/book/intro.html")
    settle(tab)
    assert not watch.faults


def test_a_click_on_a_solution_s_title(site: Path, base: str, tab: Page) -> None:
    """Text and arrow open it; the link to the exercise is a link and nothing else."""
    name = first_page_with(site, "solution dropdown admonition")
    watch = Watch(tab, base)
    tab.goto(f"{base}/{name}")
    button = tab.locator(".solution button.toggle-button").first
    tab.locator(".solution .admonition-title a").first.click()
    assert "#" in tab.url
    assert button.get_attribute("aria-expanded") == "false"
    for part, state in ((".admonition-title", "true"), ("button svg", "false")):
        tab.locator(f".solution {part}").first.click(position={"x": 8, "y": 8})
        assert button.get_attribute("aria-expanded") == state
    assert not watch.faults


def test_the_menu_of_a_phone(site: Path, base: str, browser: Browser) -> None:
    with opened(browser, width=390) as context:
        page = context.new_page()
        watch = Watch(page, base)
        page.goto(f"{base}/{built_pages()[0]}")
        links = page.locator(".bd-sidebar-primary nav a")
        assert not links.first.is_visible()
        page.locator("button.primary-toggle").focus()
        page.keyboard.press("Enter")
        links.first.wait_for(state="visible")
        # All that was written, and nothing that Sphinx adds: source listings, index, search.
        written = [name for name in built_pages() if name.startswith(("book/", "notebooks/"))]
        assert links.count() == len(written)
        page.keyboard.press("Escape")
        links.first.wait_for(state="hidden")
        assert not watch.faults


def test_focus_is_seen(base: str, tab: Page) -> None:
    """The first Tab reaches the skip link, and what has the focus is outlined."""
    tab.goto(f"{base}/{built_pages()[0]}")
    tab.keyboard.press("Tab")
    link = tab.locator(":focus")
    assert "skip" in link.text_content().lower()
    assert link.is_visible()
    for _ in range(6):
        tab.keyboard.press("Tab")
        here = tab.locator(":focus")
        style = here.evaluate(
            "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).boxShadow]"
        )
        assert style != ["none", "none"], here.evaluate("e => e.outerHTML")


def test_search_finds_a_word(site: Path, base: str, tab: Page) -> None:
    name = next(name for name in built_pages() if name.startswith("notebooks/"))
    title = re.search(r"<title>(.*?)(?:&#8212;|—|</title>)", (site / name).read_text("utf-8"))
    word = max(re.findall(r"[A-Za-z]+", title[1]), key=len).lower()
    watch = Watch(tab, base)
    tab.goto(f"{base}/search.html?q={word}")
    result = tab.locator(f"#search-results a[href*='{name}']").first
    result.wait_for(timeout=10_000)
    settle(tab)
    assert not watch.faults


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_print_shows_the_page_alone(
    theme: str, site: Path, base: str, themed: dict[str, BrowserContext]
) -> None:
    name = first_page_with(site, 'class="prediction"', "solution dropdown admonition")
    tab = themed[theme].new_page()
    tab.goto(f"{base}/{name}")
    tab.emulate_media(media="print")
    settle(tab)
    for hidden in (
        ".bd-sidebar-primary",
        ".bd-sidebar-secondary",
        ".bd-header-article",
        ".prev-next-footer",
    ):
        assert not any(part.is_visible() for part in tab.locator(hidden).all()), hidden
    assert tab.locator("h1:visible").count() == 1
    assert tab.locator(".bd-article h2").first.is_visible()
    background = "getComputedStyle(document.body).backgroundColor"
    assert tab.evaluate(background) in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    assert tab.locator(".solution .section, .solution section").first.is_visible()
    tab.evaluate(AXE)
    tab.evaluate(STRIP)
    pale = tab.evaluate(
        """async () => (await axe.run('article', {runOnly: ['color-contrast']})).violations
            .flatMap(v => v.nodes.map(n => `${n.html}: ${n.any[0].message}`))"""
    )
    assert not pale, "ink that cannot be read on paper:\n" + "\n".join(pale)
    tab.close()
