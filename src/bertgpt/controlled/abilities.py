"""All that is asked of one arm's model, and the same of those who know the language.

The instruments are readers and texts; a limit is the ability of an exact reader, measured by the
same code on the same texts.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.controlled import filling, grid, knowing, labelled, scoring, similar, writing
from bertgpt.controlled.arms import Arm
from bertgpt.controlled.language import all_texts, drawn
from bertgpt.controlled.readers import Exact, Reader, each_place, surprise
from bertgpt.controlled.rescoring import log_prob
from bertgpt.controlled.ways import (
    RestHidden,
    as_filler,
    as_writer,
    both_readers,
    fills,
    fills_from_the_left,
    left_reader,
    writes,
)
from bertgpt.evaluation.scores import spearman

SHOWN = 6  # texts of each way of writing that are stored
TEST_SEED = 1_000_003  # and the seed of the run: no training draws from it


class Sizes(NamedTuple):
    """How much is asked."""

    texts: int = 300  # for the grid, scores and questions
    gaps: int = 300  # of one word, one a text; and `pairs` texts with two gaps
    pairs: int = 100
    written: int = 400  # texts of each way of writing
    walks: int = 40  # texts that a Metropolis-Hastings walk writes
    walk_sweeps: int = 3
    triples: int = 300


class Asked(NamedTuple):
    """The texts and questions of one seed, the same for every arm."""

    seed: int
    sizes: Sizes
    numbers: Tensor  # of the texts in the list
    ids: Tensor  # (B, T)
    spoilt: Tensor  # (B, T)
    gaps: tuple[Tensor, Tensor]
    pairs: tuple[Tensor, Tensor]  # texts (B, T), and two places of each (B, 2)
    questions: dict[str, list[knowing.Cloze]]


SIZES = Sizes()


def asked(seed: int, sizes: Sizes = SIZES) -> Asked:
    """Draw what is asked in a seed's run."""
    generator = torch.Generator().manual_seed(TEST_SEED + seed)
    numbers = drawn(sizes.texts, generator)
    ids = all_texts().ids[numbers]
    rows, places = each_place(ids)
    which = torch.randperm(len(rows), generator=generator)[: sizes.gaps]
    two = filling.two_gaps(all_texts().ids[drawn(2 * sizes.pairs, generator)])
    some = [all_texts().words[i] for i in drawn(4 * sizes.texts, generator).tolist()]
    questions = {
        **{f"agreement, {k}": v for k, v in knowing.agreement(some).items()},
        **{f"copy, {k}": v for k, v in knowing.copying(some).items()},
        **{f"fact, {k}": v for k, v in knowing.fact_questions().items()},
    }
    return Asked(
        seed, sizes, numbers, ids, scoring.spoilt(ids, generator),
        (rows[which], places[which]),
        (two[0][: sizes.pairs], two[1][: sizes.pairs]), questions,
    )  # fmt: skip


def reading(name: str, reader: Reader, given: Asked) -> dict[str, Any]:
    """Answers of one reader, of what comes before or of both sides: gaps, and questions."""
    found: dict[str, Any] = {"one gap": filling.one_gap(reader, *given.gaps)}
    for question, clozes in given.questions.items():
        found[question] = knowing.answered(reader, clozes)
    if name in ("gap", "both"):  # the others cannot be asked while a second gap is open
        found["two gaps"] = filling.pair_bits(reader, *given.pairs)
    return found


def measured(model: BERT, arm: Arm, given: Asked) -> dict[str, Any]:
    """One arm: its row of the grid, what its readers know, what it writes, and how it scores."""
    readers = {"left": left_reader(model, arm), **both_readers(model, arm)}
    found: dict[str, Any] = {
        "grid": grid.row(model, arm, given.ids),
        "by kind": by_kind(model, arm, given.ids),
        "repeats what it sees": grid.shown_share(model, arm, given.ids),
        "readers": {name: reading(name, reader, given) for name, reader in readers.items()},
        "writes": {}, "scores": {}, "two gaps": {},
    }  # fmt: skip
    if writes(arm):
        found["writes"]["next token"] = _from_the_left(model, given)
        score = partial(log_prob, model)
        found["scores"]["log-probability"] = scoring.compared(score, given.numbers, given.spoilt)
        found["all texts"] = scoring.over_all_texts(model)
        generator = torch.Generator().manual_seed(given.seed)
        found["two gaps"]["rescored"] = filling.rescored_pairs(model, *given.pairs, generator)
    if fills(arm):
        found["writes"] |= _by_filling(model, arm, given)
        found["scores"] |= _gap_scores(readers["gap"], given)
        bert = as_filler(model, arm)
        found["two gaps"]["drawn"] = filling.drawn_pairs(bert, *given.pairs, given.seed)
    if fills_from_the_left(arm):
        blind = writing.by_filling(as_filler(model, arm), given.sizes.written, given.seed, ["left"])
        found["writes"] |= {way: _judged(texts) for way, texts in blind.items()}
    return found | of_any_stack(model, given)


def by_kind(model: BERT, arm: Arm, ids: Tensor) -> dict[str, dict[str, float]]:
    """Bits of a word by kind of text, in each column of the grid that the last stage taught."""
    readers = {column: grid.asked(model, arm, column) for column in grid.native(arm)}
    return {column: _of_kinds(reader, ids, column) for column, reader in readers.items()}


def _of_kinds(reader: Reader, ids: Tensor, column: str) -> dict[str, float]:
    texts, places = grid.questions(ids, column)
    whole, _ = each_place(ids)  # the same rows, nothing hidden
    bits: dict[str, list[float]] = {}
    for row, b in zip(whole.tolist(), surprise(reader, texts, places).tolist(), strict=True):
        bits.setdefault(writing.kind(filling.words_of(row)), []).append(b)
    return {kind: sum(some) / len(some) for kind, some in sorted(bits.items())}


def of_any_stack(model: BERT, given: Asked) -> dict[str, Any]:
    """Measurements that any stack allows, one with new weights too: similarity, and labels."""
    return {
        "similarity": similar.similarity(model.eval(), _triples(given)),
        "labels": labelled.measured(model, given.seed),
    }


def _triples(given: Asked) -> list[similar.Triple]:
    generator = torch.Generator().manual_seed(TEST_SEED + given.seed)
    return similar.triples(given.sizes.triples, generator)


def _from_the_left(model: BERT, given: Asked) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(given.seed)
    texts = writing.from_the_left(as_writer(model), given.sizes.written, generator)
    return _judged(texts)


def _judged(texts: Sequence[writing.Words]) -> dict[str, Any]:
    """The numbers of texts that were written, and some of them, evenly spaced: not chosen."""
    some = texts[:: max(1, len(texts) // SHOWN)][:SHOWN]
    return writing.judged(texts) | {"some": [" ".join(words) for words in some]}


def _by_filling(model: BERT, arm: Arm, given: Asked) -> dict[str, dict[str, Any]]:
    bert, sizes = as_filler(model, arm), given.sizes
    written = writing.by_filling(bert, sizes.written, given.seed)
    found = {way: _judged(texts) for way, texts in written.items()}
    texts, shares = writing.by_accepting(bert, sizes.walks, sizes.walk_sweeps, given.seed)
    found["Metropolis-Hastings"] = _judged(texts) | shares
    return found


def _gap_scores(reader: Reader, given: Asked) -> dict[str, dict[str, float]]:
    scores = {
        "pseudo-log-likelihood": scoring.pseudo(reader),
        "bound": scoring.bound(reader, scoring.ORDERS, given.seed),
    }
    return {
        name: scoring.compared(score, given.numbers, given.spoilt) for name, score in scores.items()
    }


def limits(given: Asked) -> dict[str, Any]:
    """The same of those who know the language, and read the left or both sides."""
    generator = torch.Generator().manual_seed(given.seed)
    possible = {k: v for k, v in given.questions.items() if not k.startswith("fact, untold")}
    exact = given._replace(questions=possible)
    return {
        "grid": grid.floors(given.ids),
        "by kind": {
            column: _of_kinds(Exact("left" if column in grid.LEFT else "both"), given.ids, column)
            for column in grid.COLUMNS
            if column != "full, shown"  # nothing is left to be guessed there
        },
        "readers": {
            "left": reading("left", Exact("left"), exact),
            "left, rest [MASK]": reading("left", RestHidden(Exact("both")), exact),
            "both": reading("both", Exact("both"), exact),
        },
        "writes": writing.exact_sampler(given.sizes.written, generator),
        "scores": {
            "log-probability": {"nats a text": scoring.exact_scores(given.numbers).mean().item()},
            **_gap_scores_of_exact(given),
        },
        "labels": labelled.limits(),
    }


def _gap_scores_of_exact(given: Asked) -> dict[str, dict[str, float]]:
    """Pseudo-log-likelihood with exact conditionals; of spoilt texts there is none."""
    exact = scoring.exact_scores(given.numbers)
    found = scoring.pseudo(Exact("both"))(given.ids)
    bound = exact - scoring.log_chance_of_length(given.ids)  # in every order the same
    return {
        "bound": {
            "rank": spearman(bound.tolist(), exact.tolist()),
            "nats a text": bound.mean().item(),
        },
        "pseudo-log-likelihood": {
            "rank": spearman(found.tolist(), exact.tolist()),
            "nats a text": found.mean().item(),
        },
    }
