"""Checkers for the exercises: they run offline and say *what* is wrong.

A page ends an exercise with, say, ``check.bits_per_token(my_function)``. The checker calls the
function on small inputs whose answers are known and returns a :class:`Feedback`, which a notebook
shows as a sentence. A checker never raises because of a learner's mistake.
"""

from bertgpt.check.alignment import (
    additive_score,
    backward_query,
    bits_a_number,
    exact_match,
    padded_softmax,
)
from bertgpt.check.attention import (
    attend,
    attention_parameters,
    causal_softmax,
    leaks,
    window_mask,
)
from bertgpt.check.core import Feedback
from bertgpt.check.counting import (
    add_k,
    best_weight,
    bits_per_token,
    continuation_count,
    entropy,
    markov,
)
from bertgpt.check.gates import baseline, bias_for, count_since, lstm_step, to_pytorch
from bertgpt.check.recurrence import (
    clip_norm,
    elman_step,
    hopfield_energy,
    radius_for,
    sequence_weights,
    slope_in_time,
)
from bertgpt.check.stack import (
    block_parameters,
    crossing,
    induction,
    pre_norm,
    rounds,
    sinusoids,
)
from bertgpt.check.subwords import (
    boundary_ngrams,
    hash_bucket,
    shared_buckets,
    unseen_share,
    unseen_vector,
)
from bertgpt.check.tokens import best_pair, bits_per_byte, longest_match, merge
from bertgpt.check.words import keep, neighbours, pairs, pmi, step

__all__ = [
    "Feedback",
    "add_k",
    "additive_score",
    "attend",
    "attention_parameters",
    "backward_query",
    "baseline",
    "best_pair",
    "best_weight",
    "bias_for",
    "bits_a_number",
    "bits_per_byte",
    "bits_per_token",
    "block_parameters",
    "boundary_ngrams",
    "causal_softmax",
    "clip_norm",
    "continuation_count",
    "count_since",
    "crossing",
    "elman_step",
    "entropy",
    "exact_match",
    "hash_bucket",
    "hopfield_energy",
    "induction",
    "keep",
    "leaks",
    "longest_match",
    "lstm_step",
    "markov",
    "merge",
    "neighbours",
    "padded_softmax",
    "pairs",
    "pmi",
    "pre_norm",
    "radius_for",
    "rounds",
    "sequence_weights",
    "shared_buckets",
    "sinusoids",
    "slope_in_time",
    "step",
    "to_pytorch",
    "unseen_share",
    "unseen_vector",
    "window_mask",
]
