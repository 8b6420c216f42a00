"""Where tensors live, and the one kind of randomness that the package uses."""

import re

import torch


def choose_device(name: str | None = None) -> torch.device:
    """The device to compute on: the one asked for, else the best one present.

    Args:
        name: "cuda" (or "cuda:1", ...), "mps" or "cpu"; None takes the first of these that works.
    Returns:
        A device on which tensors can be made.
    Raises:
        ValueError: if the name is none of these, or this machine has no such device.

    >>> choose_device("cpu")
    device(type='cpu')
    """
    cuda = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    present = [*cuda, *["mps"] * torch.backends.mps.is_available(), "cpu"]
    if name is None:
        return torch.device(present[0])
    if not re.fullmatch(r"cuda(:\d+)?|mps|cpu", name):
        raise ValueError(
            f"no device is called {name!r}; use 'cuda', 'cuda:<number>', 'mps' or 'cpu', or pass "
            "nothing to take the best one present"
        )
    if name not in present and f"{name}:0" not in present:
        raise ValueError(
            f"this machine has no {name!r} that torch can use; it has {', '.join(present)}: pass "
            "one of these, or nothing to take the first"
        )
    return torch.device(name)


def generator(seed: int, device: str | torch.device = "cpu") -> torch.Generator:
    """A source of randomness whose draws are fixed by its seed.

    Args:
        seed: any whole number from 0 to 2**63 - 1; the same seed gives the same draws.
        device: where the draws are made; it must be the device of the tensors that are filled.
    Returns:
        A fresh generator.
    Raises:
        ValueError: if the seed is no such number.

    >>> once, again = (torch.rand(1, generator=generator(3)) for _ in range(2))
    >>> once == again
    tensor([True])
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise ValueError(
            f"seed={seed!r} is not a whole number from 0 to 2**63 - 1; use 0, 1, 2, ..."
        )
    return torch.Generator(device=device).manual_seed(seed)
