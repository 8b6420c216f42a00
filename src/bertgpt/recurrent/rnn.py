"""A recurrent net: one state, carried from step to step (Elman 1990).

Shapes: B sequences, T steps, C width of the input, D width of the state.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from bertgpt.recurrent.sequences import after_the_end, check_lengths, check_sequence
from bertgpt.shapes import check_shape


class RNN(nn.Module):
    """h_t = tanh(W_x x_t + b + W_h h_{t-1}), with h_0 = 0 (Elman 1990).

    Args:
        in_width: C.
        width: D.
        activation: "tanh", or "relu", which does not bend back large states.
        start: "uniform" draws all weights from (-1/sqrt(D), 1/sqrt(D)), as PyTorch does; "identity"
            starts W_h as the identity and b as 0, so that a new net hands its state on as it is
            (Le, Jaitly and Hinton 2015).
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
        if activation not in ("tanh", "relu") or start not in ("uniform", "identity"):
            raise ValueError(
                f"activation={activation!r} must be 'tanh' or 'relu', and start={start!r} "
                "'uniform' or 'identity'"
            )
        self.width = width
        self.bend = torch.tanh if activation == "tanh" else torch.relu
        self.inputs = nn.Linear(in_width, width)  # W_x and b
        self.recurrent = nn.Linear(width, width, bias=False)  # W_h
        for p in self.parameters():
            nn.init.uniform_(p, -(width**-0.5), width**-0.5)
        if start == "identity":
            nn.init.eye_(self.recurrent.weight)
            nn.init.zeros_(self.inputs.bias)
            nn.init.normal_(self.inputs.weight, std=0.001)  # as in that paper

    def forward(
        self, x: Tensor, state: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Read sequences, one step after the other.

        Args:
            x: (B, T, C), T at least 1.
            state: (B, D), the state before the first step; None is 0.
            lengths: (B,) steps that count in each sequence; None means all T.
        Returns:
            states (B, T, D) after each step, 0 after a sequence's end; and the last state (B, D).
        Raises:
            ValueError: if a shape or a length does not fit.
        """
        B, T, _ = check_sequence(x, self.inputs.in_features)
        h = x.new_zeros(B, self.width) if state is None else state
        check_shape("state", h, "B D", B=B, D=self.width)
        states = []
        for a in self.inputs(x.transpose(0, 1)).unbind():  # one product for the inputs of all steps
            h = self._next(a, h)
            states.append(h)
        out = torch.stack(states, dim=1)  # (B, T, D)
        if lengths is None:
            return out, h
        check_lengths(lengths, B, T)
        last = out[torch.arange(B, device=x.device), lengths - 1]
        return out.masked_fill(after_the_end(lengths, T), 0.0), last

    def step(self, x: Tensor, state: Tensor) -> Tensor:
        """One step: (B, C) and the state (B, D) make the next state (B, D)."""
        check_shape("x", x, "B C", C=self.inputs.in_features)
        check_shape("state", state, "B D", B=len(x), D=self.width)
        return self._next(self.inputs(x), state)

    def _next(self, a: Tensor, h: Tensor) -> Tensor:
        """The state after one step, where a = W_x x + b."""
        return self.bend(torch.addmm(a, h, self.recurrent.weight.t()))
