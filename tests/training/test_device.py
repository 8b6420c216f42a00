"""Devices are chosen by name or by what is present; generators are fixed by their seed."""

import pytest
import torch

from bertgpt.training.device import choose_device, generator


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """Pretend that torch finds so many GPUs of each kind."""

    def pretend(cuda: int = 0, mps: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(
    ("cuda", "mps", "best"), [(2, False, "cuda:0"), (1, True, "cuda:0"), (0, True, "mps")]
)
def test_the_best_device_present_is_taken(machine, cuda: int, mps: bool, best: str) -> None:
    machine(cuda, mps)
    assert choose_device() == torch.device(best)


def test_without_a_gpu_it_is_the_cpu(machine) -> None:
    machine()
    assert choose_device() == torch.device("cpu")


def test_a_device_can_be_asked_for(machine) -> None:
    machine(cuda=2)
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("cuda") == torch.device("cuda")
    assert choose_device("cuda:1") == torch.device("cuda:1")


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:", "cuda:x", "cpu:0:1", ""])
def test_a_strange_name_is_told_the_right_ones(name: str) -> None:
    with pytest.raises(
        ValueError, match=rf"no device is called '{name}'; use 'cuda', 'cuda:<number>', 'mps'"
    ):
        choose_device(name)


@pytest.mark.parametrize(("cuda", "name"), [(0, "cuda"), (2, "cuda:2"), (2, "mps")])
def test_an_absent_device_is_told_what_is_present(machine, cuda: int, name: str) -> None:
    machine(cuda)
    present = ", ".join([*(f"cuda:{i}" for i in range(cuda)), "cpu"])
    with pytest.raises(ValueError, match=f"no '{name}' that torch can use; it has {present}: pass"):
        choose_device(name)


def test_a_seed_fixes_the_draws() -> None:
    def draws(seed: int) -> list[int]:
        return torch.randint(1000, (5,), generator=generator(seed)).tolist()

    torch.manual_seed(1)
    first = draws(7)
    torch.manual_seed(2)
    assert draws(7) == first
    assert draws(8) != first


def test_a_generator_leaves_the_global_randomness_alone() -> None:
    before = torch.get_rng_state()
    torch.rand(3, generator=generator(0))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, True, "1", None])
def test_a_strange_seed_is_refused(seed: object) -> None:
    with pytest.raises(ValueError, match=r"seed=.* is not a whole number from 0 to 2\*\*63 - 1"):
        generator(seed)  # type: ignore[arg-type]
