"""Page 04, C24, E03: bits per character of code, from a recurrent state and from n-grams."""

from typing import Any

import torch

from bertgpt.evaluation.scores import bits_per_token
from bertgpt.experiments.character_nets import (
    bits,
    bits_by_characters_read,
    trained_character_model,
    write,
)
from bertgpt.experiments.runner import experiment
from bertgpt.tasks.characters import ALPHABET, code_text, encode, share_that_parses
from bertgpt.words.kneser_ney import KneserNey
from bertgpt.words.ngram import Counts


@experiment("character_model")
def character_model(seed: int) -> dict[str, Any]:
    """Train nets and count n-grams on the same files, and test them on the same others.

    Returns "ngram", bits by order 2 to 6; by width and steps of training "rnn", bits with the state
    carried through the text, and "by_read", after 1 to 64 characters from an empty state; and
    "parses", the share of lines that are Python: held out, by a 6-gram, by the net of "128 1500".
    """
    train_on, held_out = code_text(seed)
    counts = Counts([train_on], 6, vocabulary=ALPHABET, unknown=None)
    found: dict[str, Any] = {"ngram": {}, "rnn": {}, "by_read": {}}
    found["parses"] = {"held out": share_that_parses([held_out])}
    for order in (2, 3, 4, 5, 6):
        model = KneserNey(counts, order)
        logs = model.token_log_probabilities(held_out)[1:-1]  # not the first one, and no end
        found["ngram"][order] = round(bits_per_token(logs), 4)
    draws = torch.Generator().manual_seed(seed)
    texts = ["".join(map(str, model.sample(draws, max_tokens=12_000)))]
    found["parses"]["6-gram"] = share_that_parses(texts)
    numbers, text = encode(train_on), encode(held_out)
    for width, steps in ((128, 1500), (256, 1500), (128, 6000)):
        net, name = trained_character_model(numbers, width, seed, steps), f"{width} {steps}"
        found["rnn"][name] = round(bits(net, text), 4)
        found["by_read"][name] = [round(b, 4) for b in bits_by_characters_read(net, text)]
        if name == "128 1500":
            for heat in (1.0, 0.5):
                texts = write(net, 20, 600, heat, draws)
                found["parses"][f"RNN {heat:g}"] = share_that_parses(texts)
    return found
