"""A recurrent net: one state, carried from step to step (Elman 1990).

Shapes: B sequences, T steps, C width of the input, D width of the state.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bertgpt.recurrent.sequences import (
    Lengths,
    after_the_end,
    check_sequence,
    check_widths,
    checked_lengths,
)
from bertgpt.shapes import check_shape


class RNN(nn.Module):
    """h_t = tanh(W_x x_t + b + W_h h_{t-1}), with h_0 = 0 (Elman 1990).

    Args:
        in_width: C.
        width: D.
        activation: "tanh", or "relu", which leaves large states as large as they are.
        start: "uniform" draws all weights from (-1/sqrt(D), 1/sqrt(D)), as PyTorch does; "identity"
            starts W_h as the identity and b as 0, so a new net passes its state on unchanged (Le,
            Jaitly and Hinton 2015).
    Raises:
        ValueError: for a width below 1, or another activation or start.
    """

    def __init__(
        self,
        in_width: int,
        width: int,
        *,
        activation: Literal["tanh", "relu"] = "tanh",
        start: Literal["uniform", "identity"] = "uniform",
    ) -> None:
        super().__init__()
        check_widths(in_width, width)
        if activation not in ("tanh", "relu") or start not in ("uniform", "identity"):
            raise ValueError(
                f"activation={activation!r} must be 'tanh' or 'relu', and start={start!r} "
                "'uniform' or 'identity'"
            )
        self.width = width
        self.activation = torch.tanh if activation == "tanh" else torch.relu
        self.inputs = nn.Linear(in_width, width)  # W_x and b
        self.recurrent = nn.Linear(width, width, bias=False)  # W_h
        for p in self.parameters():
            nn.init.uniform_(p, -(width**-0.5), width**-0.5)
        if start == "identity":
            nn.init.eye_(self.recurrent.weight)
            nn.init.zeros_(self.inputs.bias)
            nn.init.normal_(self.inputs.weight, std=0.001)  # as in that paper

    def forward(
        self, x: Tensor, state: Tensor | None = None, lengths: Lengths | None = None
    ) -> tuple[Tensor, Tensor]:
        """Read sequences, one step after the other.

        Args:
            x: (B, T, C), T at least 1.
            state: (B, D), the state before the first step; None is 0.
            lengths: (B,) steps that count in each sequence, a tensor or a list; None means all T.
                What x holds after them, be it nan, reaches neither results nor gradients.
        Returns:
            states (B, T, D) after each step, 0 after a sequence's end; and the last state (B, D).
        Raises:
            ValueError: if a shape or a length does not fit.
        """
        B, T, _ = check_sequence(x, self.inputs.in_features)
        if lengths is not None:
            lengths = checked_lengths(lengths, B, T, x.device)
            # Before the loop: after it, a nan there would still turn all gradients into nan.
            x = x.masked_fill(after_the_end(lengths, T), 0.0)
        h = self._checked(x.new_zeros(B, self.width) if state is None else state, B)
        states = []
        for a in self.inputs(x.transpose(0, 1)).unbind():  # one product for the inputs of all steps
            h = self._next(a, h)
            states.append(h)
        out = torch.stack(states, dim=1)  # (B, T, D)
        if lengths is None:
            return out, h
        last = out[torch.arange(B, device=x.device), lengths - 1]
        return out.masked_fill(after_the_end(lengths, T), 0.0), last

    def step(self, x: Tensor, state: Tensor) -> Tensor:
        """One step: (B, C) and the state (B, D) make the next state (B, D).

        Raises:
            ValueError: if a shape does not fit.
        """
        check_shape("x", x, "B C", C=self.inputs.in_features)
        return self._next(self.inputs(x), self._checked(state, len(x)))

    def _next(self, a: Tensor, h: Tensor) -> Tensor:
        """The state after one step, where a = W_x x + b."""
        return self.activation(torch.addmm(a, h, self.recurrent.weight.t()))

    def _checked(self, state: Tensor, B: int) -> Tensor:
        check_shape("state", state, "B D", B=B, D=self.width)
        return state
