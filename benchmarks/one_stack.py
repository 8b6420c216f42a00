"""Tokens per second of our BERT and GPT and of `transformers`' own, side by side in one run.

Same sizes, same batch, float32 on the CPU, as many threads for all. "forward" is one pass without
gradients that gives the scores of every token; "training" is a pass forward, one backward and one
step of AdamW. `transformers` runs with its fused attention ("sdpa") and with its plain one
("eager"). The models take turns, so that a busy machine slows all of them; the ratio is taken
within each turn, and the median of the turns is printed.

Our own `loss` scores only the positions that are to be guessed, 15 % for BERT; `transformers`
scores all of them. So training is shown twice: as a user of either meets it, and "all scored",
where ours too scores every position.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel

from bertgpt.bert import BERT
from bertgpt.config import SpecialIds, TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.objectives import IGNORE, causal_targets, mask_tokens, token_loss

B, T, V, D, H, L = 16, 128, 8192, 256, 4, 4
SPECIAL = SpecialIds()
Step = Callable[[], object]


def make(kind: str) -> dict[str, nn.Module]:
    """Ours and theirs, of the same sizes."""
    torch.manual_seed(0)
    sizes = {"vocab_size": V, "max_positions": T, "width": D, "n_heads": H, "n_layers": L}
    if kind == "BERT":
        config = TransformerConfig(
            **sizes,
            n_segments=2,
            norm="post",
            gelu="exact",
            norm_eps=1e-12,  # type: ignore[arg-type]
        )
        theirs = partial(
            BertConfig, vocab_size=V, max_position_embeddings=T, hidden_size=D,
            num_hidden_layers=L, num_attention_heads=H, intermediate_size=4 * D,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )  # fmt: skip
        return {
            "ours": BERT(config, SPECIAL),
            "sdpa": BertForMaskedLM(theirs(attn_implementation="sdpa")),
            "eager": BertForMaskedLM(theirs(attn_implementation="eager")),
        }
    config = TransformerConfig(**sizes, norm="pre", gelu="tanh")  # type: ignore[arg-type]
    theirs = partial(
        GPT2Config, vocab_size=V, n_positions=T, n_embd=D, n_layer=L, n_head=H,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=2, eos_token_id=3,
        use_cache=False,
    )  # fmt: skip
    return {
        "ours": GPT(config, SPECIAL),
        "sdpa": GPT2LMHeadModel(theirs(attn_implementation="sdpa")),
        "eager": GPT2LMHeadModel(theirs(attn_implementation="eager")),
    }


def forward(model: nn.Module, ids: Tensor) -> Step:
    """One pass without gradients; `transformers` is told, as is usual, that nothing is padding."""

    @torch.inference_mode()
    def step() -> object:
        model.eval()
        if isinstance(model, BERT | GPT):
            return model(ids)
        return model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits

    return step


def training(model: nn.Module, ids: Tensor, kind: str, *, all_scored: bool) -> Step:
    """One update; hidden tokens are drawn anew each time, for ours and theirs alike."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    generator = torch.Generator().manual_seed(0)

    def loss() -> Tensor:
        if isinstance(model, BERT | GPT) and not all_scored:
            return model.loss(ids, generator)
        seen, targets = ids, ids.masked_fill(ids == SPECIAL.pad, IGNORE)
        if kind == "BERT":
            seen, targets = mask_tokens(ids, SPECIAL, vocab_size=V, generator=generator)
        if isinstance(model, BERT | GPT):
            wanted = targets if kind == "BERT" else causal_targets(ids, SPECIAL.pad)
            return token_loss(model(seen), wanted)
        given = model(input_ids=seen, attention_mask=torch.ones_like(ids), labels=targets)
        return given.loss

    def step() -> object:
        model.train()
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        optimizer.step()
        return None

    return step


def compare(name: str, steps: dict[str, Step], *, turns: int, repeats: int) -> None:
    """Print tokens per second of each, and the median ratio of ours to each of theirs."""
    for step in steps.values():
        step()
    seconds: dict[str, list[float]] = {who: [] for who in steps}
    for turn in range(turns):
        order = list(steps) if turn % 2 else list(steps)[::-1]
        for who in order:
            start = time.perf_counter()
            for _ in range(repeats):
                steps[who]()
            seconds[who].append((time.perf_counter() - start) / repeats)
    speed = {who: B * T / statistics.median(s) for who, s in seconds.items()}
    ratio = {
        who: statistics.median(t / o for t, o in zip(s, seconds["ours"], strict=True))
        for who, s in seconds.items()
        if who != "ours"
    }
    tokens = ", ".join(f"{who} {n:,.0f}" for who, n in speed.items())
    ratios = ", ".join(f"{r:.2f} of {who}" for who, r in ratio.items())
    print(f"{name}: tokens/s {tokens}; ours runs at {ratios}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    how = {"turns": given.turns, "repeats": given.repeats}
    print(
        f"batch {B} x {T} tokens, V={V}, D={D}, H={H}, {L} layers, float32; "
        f"{torch.get_num_threads()} threads; {given.turns} turns of {given.repeats}"
    )
    ids = torch.randint(5, V, (B, T), generator=torch.Generator().manual_seed(1))
    for kind in ("BERT", "GPT"):
        models = make(kind)
        for name, steps in (
            ("forward", {w: forward(m, ids) for w, m in models.items()}),
            ("training", {w: training(m, ids, kind, all_scored=False) for w, m in models.items()}),
            (
                "training, all scored",
                {w: training(m, ids, kind, all_scored=True) for w, m in models.items()},
            ),
        ):
            compare(f"{kind} {name}", steps, **how)


if __name__ == "__main__":
    main()
