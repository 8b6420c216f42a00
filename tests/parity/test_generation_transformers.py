"""Writing beside `transformers`' `generate`: greedy, the scores that are drawn from, beams."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
import transformers as hf
from ladder import scramble
from torch import Tensor
from torch.testing import assert_close

from bertgpt.config import SPECIAL_IDS
from bertgpt.generation.beam import beam_search
from bertgpt.generation.decode import generate
from bertgpt.generation.knobs import Knobs, adjusted
from bertgpt.generation.prompts import side_by_side
from bertgpt.gpt import GPT
from bertgpt.weights.published import load_gpt2

hf.utils.logging.disable_progress_bar()
hf.utils.logging.set_verbosity_error()

V, P, N = 61, 40, 20
PAD, END = SPECIAL_IDS.pad, 3
PROMPTS = [[7], [8, 9, 10, 11, 12], [13, 14, 15], [16] * 9]
ATOL = 1e-5


@cache
def both() -> tuple[hf.GPT2LMHeadModel, GPT]:
    """The same weights, carried over through a folder."""
    torch.manual_seed(0)
    cfg = hf.GPT2Config(
        vocab_size=V, n_positions=P, n_embd=24, n_layer=2, n_head=4, n_inner=40,
        bos_token_id=1, eos_token_id=END, pad_token_id=PAD,
    )  # fmt: skip
    theirs = scramble(hf.GPT2LMHeadModel(cfg))
    with TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        return theirs, load_gpt2(Path(folder), special=SPECIAL_IDS)


def their_batch() -> dict[str, Tensor]:
    ids, real = side_by_side(PROMPTS, torch.device("cpu"))
    return {"input_ids": ids.masked_fill(~real, PAD), "attention_mask": real.long()}


def their_greedy(**given: object) -> tuple[list[list[int]], tuple[Tensor, ...]]:
    """What they wrote, without the prompts, and the model's scores at each step."""
    out = both()[0].generate(
        **their_batch(), max_new_tokens=N, do_sample=False, suppress_tokens=[PAD],
        return_dict_in_generate=True, output_logits=True, **given,
    )  # fmt: skip
    start = max(map(len, PROMPTS))
    return out.sequences[:, start:].tolist(), out.logits


def test_the_room_is_enough() -> None:
    theirs, ours = both()
    assert theirs.config.pad_token_id == ours.special.pad == PAD
    assert max(map(len, PROMPTS)) + N < P


@pytest.mark.parametrize("use_cache", [True, False])
def test_greedy(use_cache: bool) -> None:
    """20 tokens from prompts of four lengths, padded on the left, and each log-probability."""
    written, logits = their_greedy(eos_token_id=None)
    found = generate(both()[1], PROMPTS, N, use_cache=use_cache)
    assert [text.ids for text in found] == written
    assert len({tuple(ids) for ids in written}) == len(PROMPTS)
    for i, text in enumerate(found):
        want = [float(s[i].log_softmax(-1)[t]) for s, t in zip(logits, text.ids, strict=True)]
        assert_close(text.log_probs, want, rtol=0, atol=ATOL)


def test_repetition_control() -> None:
    plain, _ = their_greedy(eos_token_id=None)
    for given in ({"repetition_penalty": 1.7}, {"no_repeat_ngram_size": 2}):
        # Theirs takes the padding of a batch for words of the text, ours does not: one by one.
        names = {
            "repetition_penalty": "repetition_penalty",
            "no_repeat_ngram_size": "no_repeat_ngram",
        }
        knobs = Knobs(**{names[name]: value for name, value in given.items()})
        found = [text.ids for text in generate(both()[1], PROMPTS, N, knobs=knobs)]
        for prompt, ids in zip(PROMPTS, found, strict=True):
            out = both()[0].generate(
                torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)),
                max_new_tokens=N, do_sample=False, suppress_tokens=[PAD], eos_token_id=None,
                **given,
            )  # fmt: skip
            assert out[0, len(prompt) :].tolist() == ids
        assert found != plain


def test_the_end_of_a_text() -> None:
    plain, _ = their_greedy(eos_token_id=None)
    end = plain[0][7]
    written, _ = their_greedy(eos_token_id=end)
    ours = generate(both()[1], PROMPTS, N, stop=[end])
    assert [text.ids for text in ours] == [
        ids[: ids.index(end) + 1] if end in ids else ids for ids in written
    ]
    assert ours[0].ended == "stop"
    assert len({len(text.ids) for text in ours}) > 1


@pytest.mark.parametrize(
    "given",
    [
        {"temperature": 0.7},
        {"top_k": 5},
        {"top_p": 0.8},
        {"temperature": 1.3, "top_k": 20, "top_p": 0.9, "repetition_penalty": 1.4},
    ],
)
def test_the_distribution_that_is_drawn_from(given: dict) -> None:
    """Their own scores after their own knobs, at each step of a text that they drew."""
    torch.manual_seed(0)
    prompt = PROMPTS[1]
    out = both()[0].generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)),
        max_new_tokens=N, do_sample=True, eos_token_id=None,
        return_dict_in_generate=True, output_logits=True, output_scores=True,
        **{"top_k": 0} | given,
    )  # fmt: skip
    ids = out.sequences[0].tolist()
    with torch.no_grad():
        ours = both()[1](out.sequences)[0]
    for step, (logits, scores) in enumerate(zip(out.logits, out.scores, strict=True)):
        n = len(prompt) + step
        if PAD not in ids[:n]:
            assert_close(ours[n - 1], logits[0], rtol=0, atol=ATOL)
        found = adjusted(logits, Knobs(**given), [ids[:n]])
        assert_close(found, scores.softmax(-1), rtol=0, atol=ATOL)


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_beams(length_penalty: float) -> None:
    """Without an end both keep the same beams, so texts and scores are the same."""
    out = both()[0].generate(
        **their_batch(), max_new_tokens=8, num_beams=4, num_return_sequences=4, do_sample=False,
        suppress_tokens=[PAD], eos_token_id=None, length_penalty=length_penalty,
        return_dict_in_generate=True, output_scores=True,
    )  # fmt: skip
    start = max(map(len, PROMPTS))
    theirs = out.sequences[:, start:].view(len(PROMPTS), 4, 8).tolist()
    ours = beam_search(both()[1], PROMPTS, 8, n_beams=4, n_best=4, length_penalty=length_penalty)
    assert [[text.ids for text in texts] for texts in ours] == theirs
    scores = torch.tensor([[text.score for text in texts] for texts in ours])
    assert_close(scores, out.sequences_scores.view(len(PROMPTS), 4), rtol=0, atol=1e-4)
