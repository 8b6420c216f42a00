"""The settings of a pretraining run."""

from dataclasses import asdict, dataclass
from typing import Any

from bertgpt.config import check_at_least
from bertgpt.training.recipe import BERT_RECIPE, GPT_RECIPE, Recipe
from bertgpt.training.train import TrainConfig

RECIPES = {"bert": BERT_RECIPE, "gpt": GPT_RECIPE}


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """All that fixes the weights at the end of a run, but for the machine's rounding."""

    model: str  # "bert" or "gpt": the class, and so the head
    recipe: Recipe
    training: TrainConfig
    batch: int = 64  # texts in an update, over all processes and parts
    parts: int = 1  # each process cuts its share of a batch into so many (accumulation)
    seed: int = 0  # of weights, order and what is hidden
    bf16: bool = False  # products in bfloat16: faster on most GPUs, on CPUs at most in wide models
    begins_as: str = ""  # digest of the weights that the stack begins with; "" for new ones

    def __post_init__(self) -> None:
        if self.model not in RECIPES:
            raise ValueError(f"model={self.model!r} is unknown; take 'bert' or 'gpt'")
        check_at_least(1, self, "batch", "parts")
        check_at_least(0, self, "seed")
        if self.batch % self.parts:
            raise ValueError(
                f"batch={self.batch} texts cannot be cut into parts={self.parts} equal parts; "
                f"take a batch of {self.batch // self.parts * self.parts or self.parts}"
            )

    def record(self) -> dict[str, Any]:
        """The same as plain data, as states and cards hold it."""
        return asdict(self)
