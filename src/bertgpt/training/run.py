"""One pretraining run: from new weights, or from where it was left, to the last step."""

import math
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import PretrainingHead
from bertgpt.training.batches import Batches
from bertgpt.training.processes import (
    ALONE,
    Place,
    put_back,
    spread,
    whole_state,
    whole_weights,
)
from bertgpt.training.recipe import Learner, Model, Task, mean_guesses, set_task
from bertgpt.training.settings import PretrainConfig
from bertgpt.training.state import State, load_state, save_state
from bertgpt.training.texts import Texts


class Progress(NamedTuple):
    """Report on the steps since the last one."""

    step: int
    loss: float  # nats a guess, a mean over the steps since then
    tokens_a_second: float  # read, padding not counted
    seconds: float  # of training in all
    seconds_left: float


@dataclass
class Run:
    """A model in training.

    Args:
        cfg, stack_cfg: what fixes the weights.
        texts: read in training.
        folder: where the state is kept; None keeps none.
        device, place, sharded: where it is computed.
        begin: weights of the stack to begin with, by name; None draws new ones.
    Attributes:
        found: a line on a damaged state that was passed over, or "".
        stopping: set to True, it ends the training after the step that is running.
    Raises:
        ValueError: if the folder holds the state of another run, or texts or weights do not fit.
    """

    cfg: PretrainConfig
    stack_cfg: TransformerConfig
    texts: Texts
    folder: Path | None = None
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    place: Place = ALONE
    sharded: bool = False
    begin: dict[str, Tensor] | None = None

    def __post_init__(self) -> None:
        self.shares = self.place.share(self.cfg.batch, self.cfg.parts)
        self.batches = Batches(
            self.texts.train, self.cfg.batch, self.cfg.seed, self.texts.special.pad
        )
        longest = int(self.texts.train.lengths.max())
        if longest > self.stack_cfg.max_positions:
            raise ValueError(
                f"the longest text has {longest} tokens, and the model reads at most "
                f"{self.stack_cfg.max_positions}; make it with more positions, or cut the texts"
            )
        self.model = new_model(self.cfg, self.stack_cfg, self.texts, self.begin).to(self.device)
        self.learner = spread(Learner(self.model), self.place, self.sharded)
        self.optimizer = torch.optim.AdamW(_groups(self.learner, self.cfg), lr=0.0)
        self.draws = torch.Generator().manual_seed(self.cfg.seed + 1)
        self.step, self.seconds, self.cpu_seconds, self.found = 0, 0.0, 0.0, ""
        special = self.texts.special
        self.guesses = self.cfg.batch * mean_guesses(self.cfg.recipe, self.texts.train, special)
        self.stopping = False
        self.curve: list[dict[str, Any]] = []
        if self.folder is not None:
            self._go_on(self.folder)

    @property
    def record(self) -> dict[str, Any]:
        """All that must be the same when a run goes on."""
        return {
            **self.cfg.record(), "stack": asdict(self.stack_cfg), "texts": len(self.texts.train),
            "tokens": len(self.texts.train.ids), "corpus": self.texts.name,
        }  # fmt: skip

    def _go_on(self, folder: Path) -> None:
        state, self.found = load_state(folder)
        if state is None:
            return
        before, now = state.notes["run"], self.record
        if before != now:
            unlike = ", ".join(
                f"{key} {before.get(key)!r} there and {now.get(key)!r} here"
                for key in now
                if before.get(key) != now.get(key)
            )
            raise ValueError(
                f"{folder} holds the state of another run ({unlike}); give the settings that it "
                "was begun with, or another folder"
            )
        tensors = dict(state.tensors)
        self.draws.set_state(tensors.pop("draws"))
        put_back(tensors, self.learner, self.optimizer)
        self.step, self.seconds = state.notes["step"], state.notes["seconds"]
        self.cpu_seconds = state.notes["cpu_seconds"]
        self.curve = state.notes["curve"]

    def whole_model(self) -> Model | None:
        """The model to measure or to store, in the first process; None in the others."""
        if not self.sharded:
            return self.model if self.place.rank == 0 else None
        weights = whole_weights(self.learner)  # every process gives its part
        if self.place.rank != 0:
            return None
        learner = Learner(new_model(self.cfg, self.stack_cfg, self.texts))
        learner.load_state_dict(weights)
        return learner.model.to(self.device)

    def save(self) -> None:
        """Keep the state; every process takes part, the first one writes.

        Raises:
            ValueError: if it cannot be written; the last state is still there.
        """
        tensors = whole_state(self.learner, self.optimizer)
        if self.place.rank == 0 and self.folder is not None:
            notes = {"run": self.record, "step": self.step, "seconds": round(self.seconds, 2)}
            notes |= {"cpu_seconds": round(self.cpu_seconds, 2), "curve": self.curve}
            save_state(self.folder, State({**tensors, "draws": self.draws.get_state()}, notes))
        if self.place.world > 1:
            torch.distributed.barrier()  # it is written before any of them goes on

    def go(self, every: int) -> Iterator[Progress]:
        """Train to the last step, with a report after every so many steps and after the last.

        An exception in mid-step, such as Ctrl-C raises, may leave half of an update: then go on
        from the last saved state. `stopping` ends a step first.

        Raises:
            ValueError: if the loss or its gradient is not a number or infinite. The weights are
                then those before the step, and the folder has the last state that was saved.
        """
        last, losses, tokens = self.cfg.training.steps, list[float](), 0
        start, cpu = time.perf_counter(), time.process_time()
        self.learner.train()
        for number, ids in self.batches.after(self.step):
            if number == last:
                return
            losses.append(self.update(number, ids))
            tokens += int((ids != self.texts.special.pad).sum())
            self.step = number + 1
            if self.stopping or self.step % every == 0 or self.step == last:
                took = time.perf_counter() - start
                self.seconds += took
                self.cpu_seconds += time.process_time() - cpu
                left = took / len(losses) * (last - self.step)
                yield Progress(
                    self.step, sum(losses) / len(losses), tokens / took, self.seconds, left
                )
                if self.stopping:
                    return
                self.learner.train()
                losses, tokens = [], 0
                start, cpu = time.perf_counter(), time.process_time()

    def update(self, number: int, ids: Tensor) -> float:
        """One update by a whole batch, (B, T); its mean loss in nats."""
        labels = self.texts.labels
        task = set_task(
            self.cfg.recipe, ids, self.texts.special, vocab_size=self.stack_cfg.vocab_size,
            generator=self.draws,
            labels=None if labels is None else labels[self.batches.which(number)],
        )  # fmt: skip
        if self.stack_cfg.dropout:  # draws are those of the step, so a run that goes on has them
            torch.manual_seed((self.cfg.seed * 1_000_003 + number) * 4096 + self.place.rank)
        rate = self.cfg.training.rate(number + 1)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        for i, rows in enumerate(self.shares):
            with self._apart(i < len(self.shares) - 1):
                loss, own = self.losses_of(task.rows(rows).to(self.device), task)
                (loss * self.place.world).backward()  # gradients become means over processes
            total += own
        if self.place.world > 1:
            torch.distributed.all_reduce(total)
        norm = nn.utils.clip_grad_norm_(self.learner.parameters(), self.cfg.training.clip_norm)
        norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        if not math.isfinite(total.item()) or not math.isfinite(norm.item()):
            raise ValueError(
                f"step {number + 1}: loss={total.item():g}, gradient norm {norm.item():g}; the "
                "training stops here, and the last state that was saved stays: begin again in "
                f"another folder with a lower learning rate (now {rate:g}) or more warm-up"
            )
        self.optimizer.step()
        return total.item()

    def losses_of(self, part: Task, whole: Task) -> tuple[Tensor, Tensor]:
        """A part's share of the loss of its batch, in nats per guess: to train by, and to report.

        To train by, the sum is divided by the guesses of an average batch, not of this one: its
        texts are of about one length, and by its own mean each guess in a short text would count
        more than one in a long text. The report is the batch's own mean.
        """
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.cfg.bf16):
            tokens, pairs = self.learner(part)
        pairs = pairs / len(whole.seen)
        own = (tokens / float(whole.weights.sum()) + pairs).detach()
        return tokens / self.guesses + pairs, own

    def _apart(self, waits: bool) -> Any:
        """Let gradients of a part wait for those of the last one before they are shared."""
        if waits and isinstance(self.learner, DistributedDataParallel):
            return self.learner.no_sync()
        return nullcontext()


def new_model(
    cfg: PretrainConfig,
    stack_cfg: TransformerConfig,
    texts: Texts,
    begin: dict[str, Tensor] | None = None,
) -> Model:
    """The model of a run before its first step.

    Raises:
        ValueError: if the weights that it should begin with do not fit.
    """
    if stack_cfg.vocab_size != texts.vocab_size:
        raise ValueError(
            f"the corpus has {texts.vocab_size} tokens and the model {stack_cfg.vocab_size}; give "
            "the tokenizer that the model was made with, or begin with new weights"
        )
    torch.manual_seed(cfg.seed)
    model: Model
    if cfg.model == "gpt":
        model = GPT(stack_cfg, texts.special)
    elif cfg.recipe.next_sentence:
        model = BERT(stack_cfg, texts.special, PretrainingHead)
    else:
        model = BERT(stack_cfg, texts.special)
    if begin is not None:
        ours = model.stack.state_dict()
        unlike = [n for n in ours if n not in begin or begin[n].shape != ours[n].shape]
        if unlike or ours.keys() != begin.keys():
            name = (unlike or sorted(begin.keys() - ours.keys()))[0]
            raise ValueError(
                f"the weights to begin with do not fit: {name} is {_shape(begin, name)} there and "
                f"{_shape(ours, name)} here; take a model of the same sizes and vocabulary"
            )
        model.stack.load_state_dict(begin)
    return model


def _shape(tensors: dict[str, Tensor], name: str) -> str:
    return str(tuple(tensors[name].shape)) if name in tensors else "missing"


def _groups(learner: nn.Module, cfg: PretrainConfig) -> list[dict[str, Any]]:
    """Matrices and tables decay, biases and norms do not."""
    ps = [p for p in learner.parameters() if p.requires_grad]
    return [
        {"params": [p for p in ps if p.ndim > 1], "weight_decay": cfg.training.weight_decay},
        {"params": [p for p in ps if p.ndim <= 1], "weight_decay": 0.0},
    ]
