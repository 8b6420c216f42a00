"""Operations, time, memory and messages of a training run.

Letters: N weights, D tokens read in training, L layers, W width, T positions, p processes.
"""

from dataclasses import dataclass

from bertgpt.config import TransformerConfig

FP32, BF16 = 4, 2  # bytes of a number
# Numbers that a block keeps for the way back, for each token and each unit of width: what its two
# norms read (2) and give (2), queries, keys and values (3), what attention gives (1), and the
# feed-forward layer before and after its non-linearity (4 each, with F = 4 W).
KEPT = 16


@dataclass(frozen=True)
class Machine:
    """Something that computes: its peak, the fraction of it that training reaches, its link."""

    name: str
    peak: float  # operations a second
    used: float  # fraction of the peak, in (0, 1]
    link: float  # bytes a second that it can send to another, while it receives as many

    @property
    def speed(self) -> float:
        """Operations a second that a training run gets."""
        return self.peak * self.used


# Peak without sparsity, and a network of 400 gigabits a second for each GPU, as in Grattafiori et
# al. (2024, 3.3), who used 38 to 43 % of the peak.
H100 = Machine("H100", peak=989e12, used=0.4, link=400e9 / 8)


@dataclass(frozen=True)
class Published:
    """A trained model as its authors describe it; None where they do not say."""

    name: str
    weights: float
    tokens: float | None
    hardware: str | None
    days: float | None
    source: str  # key of the bibliography


# BERT: 1,000,000 steps of 256 texts, 90 % of them of 128 tokens and the rest of 512 (appendix A.2).
BERT_TOKENS = 1_000_000 * 256 * (0.9 * 128 + 0.1 * 512)
PUBLISHED = (
    Published("BERT-base", 110e6, BERT_TOKENS, "4 Cloud TPUs (16 chips)", 4, "devlin2019"),
    Published("BERT-large", 340e6, BERT_TOKENS, "16 Cloud TPUs (64 chips)", 4, "devlin2019"),
    Published("GPT-2", 1.5e9, None, None, None, "radford2019"),
    Published("GPT-3", 175e9, 300e9, "V100 GPUs, number not given", None, "brown2020"),
)


def training_flops(weights: float, tokens: float) -> float:
    """6 N D operations: 2 for each weight and token forward, 4 backward (Kaplan et al. 2020, 2.1).

    >>> f"{training_flops(175e9, 300e9):.3g}"
    '3.15e+23'
    """
    return 6 * weights * tokens


def attention_flops(n_layers: int, width: int, positions: float) -> float:
    """Operations for each token on scores and mixtures, which 6 N D leaves out.

    Forward they are 2 T W each in every layer, with all T positions read; backward twice as many.

    >>> attention_flops(12, 768, 512) / 6 / 110e6  # of BERT-base, as a fraction of 6 N
    0.0857...
    """
    return 12 * n_layers * positions * width


def chinchilla_tokens(weights: float) -> float:
    """Tokens that make the best use of the operations: 20 a weight (Hoffmann et al. 2022)."""
    return 20 * weights


def state_bytes(mixed: bool) -> dict[str, int]:
    """Bytes for each weight that training with Adam keeps (Rajbhandari et al. 2020, 3.1).

    Args:
        mixed: True keeps weights and gradients in 16 bits, beside a copy of the weights in 32 that
            the updates are added to; False keeps everything in 32.

    >>> sum(state_bytes(mixed=False).values()), sum(state_bytes(mixed=True).values())
    (16, 16)
    """
    if mixed:
        return {"weights": BF16, "copy in 32 bits": FP32, "gradients": BF16, "moments": 2 * FP32}
    return {"weights": FP32, "copy in 32 bits": 0, "gradients": FP32, "moments": 2 * FP32}


def activation_bytes(cfg: TransformerConfig, tokens: int, each: int) -> int:
    """Bytes that all blocks keep of a batch until the way back.

    Args:
        tokens: of the batch, padding counted.
        each: bytes of a number.
    """
    return KEPT * cfg.n_layers * cfg.width * tokens * each


def ring_bytes(weights: float, processes: int, each: int) -> float:
    """Bytes that each process sends to add up all gradients in a ring (Patarasuk and Yuan 2009).

    Each sends a part of 1/p of them p - 1 times to have it summed, and again to spread the sum.

    >>> ring_bytes(1000, 2, 4), ring_bytes(1000, 100, 4)
    (4000.0, 7920.0)
    """
    return 2 * (processes - 1) / processes * weights * each


def least_tokens(machine: Machine, each: int) -> float:
    """Tokens a process must read in an update, so that computing takes longer than sending.

    Computing takes 6 N t / speed for t tokens, and sending 2 N b / link for gradients of b bytes:
    N cancels.
    """
    return each * machine.speed / (3 * machine.link)
