"""The models of the experiment on GPT-2's smaller first weights."""

import pytest
import torch

from bertgpt.experiments import residual_scaling as scaling


def test_the_scaled_model_is_the_other_one_with_smaller_additions() -> None:
    plain, scaled = (
        scaling.new_model("pre", 64, 8, 50, seed=1, scaled=flag).stack for flag in (False, True)
    )
    for (name, a), b in zip(plain.named_parameters(), scaled.parameters(), strict=True):
        factor = 4 if name.endswith(("out.weight", "down.weight")) else 1  # sqrt(2 * 8)
        torch.testing.assert_close(a, b * factor)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_unscaled_weights_have_the_papers_size_in_every_matrix(norm: str) -> None:
    model = scaling.new_model(norm, 64, 6, 50, seed=0, scaled=False)  # type: ignore[arg-type]
    for name, weight in model.stack.named_parameters():
        if weight.ndim == 2:
            assert weight.std().item() == pytest.approx(0.02, rel=0.06), name


def test_every_arm_has_a_gradient_at_every_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "DEPTHS", {64: (1, 2)})
    found = scaling.residual_scaling(0)
    assert list(found) == [f"64 {arm} {depth}" for arm in scaling.ARMS for depth in (1, 2)]
    assert min(found.values()) > 0
    assert found["64 pre, scaled 2"] != found["64 pre 2"]
    assert found == scaling.residual_scaling(0)
