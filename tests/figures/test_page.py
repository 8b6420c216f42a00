"""What a notebook puts into its page: numbers for the prose, and source code."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from myst_nb.core.variables import format_plain_text

from bertgpt.figures import charts, page


@pytest.fixture(autouse=True)
def no_other_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython warns where another virtual environment than its own is switched on."""
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


def test_glue_writes_what_the_book_reads() -> None:
    InteractiveShell.instance()
    with capture_output() as captured:
        page.glue("a-number", f"{3 / 2:.2f}")
    (output,) = captured.outputs
    assert output.metadata["scrapbook"]["name"] == "a-number"
    mime = output.metadata["scrapbook"]["mime_prefix"] + "text/plain"
    assert format_plain_text(output.data[mime], "s") == "1.50"  # not 1.5: the digits were fixed
    InteractiveShell.clear_instance()


def test_several_numbers_get_the_name_of_the_page() -> None:
    InteractiveShell.instance()
    with capture_output() as captured:
        page.glue_all("gates", {"error": "0.10", "steps": 50})
    stored = {output.metadata["scrapbook"]["name"]: output.data for output in captured.outputs}
    assert [list(data.values()) for data in stored.values()] == [["'0.10'"], ["50"]]
    assert list(stored) == ["gates-error", "gates-steps"]
    InteractiveShell.clear_instance()


def test_source_is_the_package_as_it_stands() -> None:
    text = page.source(charts.draw_limit).data
    assert text.startswith("```python\ndef draw_limit(")
    assert "axhline" in text
