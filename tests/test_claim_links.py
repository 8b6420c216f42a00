"""A notebook's links to claims become claim boxes, and nothing else does."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "book" / "_ext"))
from claim_links import boxes_for_links


def test_a_line_that_is_a_link_becomes_a_box() -> None:
    text = "Before.\n\n[Claim C03](../book/verdicts.md#claim-c03)\n\nAfter."
    assert boxes_for_links(text) == "Before.\n\n```{claim} C03\n```\n\n\nAfter."


@pytest.mark.parametrize(
    "text",
    [
        "See [Claim C03](../book/verdicts.md#claim-c03) in passing.",
        "[The verdicts](../book/verdicts.md#claim-c03)",
        "[Claim C03](../book/glossary.md#claim-c03)",
    ],
)
def test_other_links_stay_links(text: str) -> None:
    assert boxes_for_links(text) == text


def test_a_link_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="names claim C03 but leads to C04; write the same number"):
        boxes_for_links("[Claim C03](../book/verdicts.md#claim-c04)")
