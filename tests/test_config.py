"""Configs and shapes: what is refused, and what the refusal says."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
import torch

from bertgpt.config import BERT_SPECIAL_IDS, SpecialIds, TransformerConfig, tiny
from bertgpt.shapes import AXES, check_shape

SIZES = {"vocab_size": 61, "max_positions": 11}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"width": 30}, "width=30 .* n_heads=4 .* is 32"),
        ({"width": 0}, "width=0 must be at least 1"),
        ({"width": 24.0}, "width=24.0 must be at least 1, a whole number"),
        ({"ff_width": 4.5}, "ff_width=4.5 must be at least 0, a whole number"),
        ({"vocab_size": 0}, "vocab_size=0 must be at least 1"),
        ({"max_positions": -1}, "max_positions=-1 must be at least 1"),
        ({"n_layers": 0}, "n_layers=0 must be at least 1"),
        ({"n_heads": 0}, "n_heads=0 must be at least 1"),
        ({"ff_width": -4}, "ff_width=-4 must be at least 0"),
        ({"n_segments": -1}, "n_segments=-1 must be at least 0"),
        ({"norm": "both"}, "norm='both' is unknown; take 'pre' or 'post'"),
        ({"gelu": "relu"}, "gelu='relu' is unknown; take 'exact' or 'tanh'"),
        ({"positions": "sine"}, "positions='sine' is unknown; take 'learned' or 'none'"),
        ({"dropout": 1.0}, r"dropout=1.0 must be a probability in \[0, 1\)"),
        ({"dropout": -0.1}, r"dropout=-0.1 must be a probability"),
        ({"dropout": float("nan")}, r"dropout=nan must be a probability"),
        ({"norm_eps": 0.0}, "norm_eps=0.0 and init_std=0.02 must be above 0; 1e-5"),
        ({"init_std": 0.0}, "init_std=0.0 must be above 0"),
    ],
    ids=lambda x: next(iter(x)) if isinstance(x, dict) else "",
)
def test_a_config_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TransformerConfig(**{**SIZES, **given})


def test_a_config_is_frozen_and_by_name() -> None:
    cfg = tiny(61)
    with pytest.raises(FrozenInstanceError):
        cfg.width = 12  # type: ignore[misc]
    with pytest.raises(TypeError):
        TransformerConfig(61, 11)  # type: ignore[misc]
    assert (cfg.vocab_size, cfg.max_positions, cfg.n_segments) == (61, 128, 0)


@pytest.mark.parametrize(("ff_width", "size"), [(-1, 96), (40, 40), (0, 0)])
def test_feed_forward_width(ff_width: int, size: int) -> None:
    assert TransformerConfig(**SIZES, width=24, ff_width=ff_width).ff_width == size


def test_special_ids() -> None:
    assert tuple(SpecialIds()) == (0, 1, 2, 3, 4)
    assert BERT_SPECIAL_IDS == SpecialIds(pad=0, unk=100, cls=101, sep=102, mask=103)


def test_shapes() -> None:
    assert set("BTSCDHKFV") == set(AXES)
    check_shape("x", torch.zeros(2, 3, 4), "B T D", D=4)
    for axes, sizes in (("B T", {}), ("B T D", {"D": 5}), ("B T D H", {})):
        with pytest.raises(ValueError, match=r"expected x of shape \(B, T"):
            check_shape("x", torch.zeros(2, 3, 4), axes, **sizes)
