"""Page 13, C54, E02: what is a paragraph about? The vectors of a published model, not trained on.

The paragraphs, the draws and the rival are those of `fine_tuning_topic`, page 11.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from bertgpt.corpora.articles import wikipedia
from bertgpt.experiments.fine_tuning_topic import BUDGETS, HELD, LONGEST
from bertgpt.experiments.runner import experiment
from bertgpt.tasks.paragraph_topic import TOPICS, by_counts, topic_examples, topic_parts
from bertgpt.tasks.story_labels import majority_share
from bertgpt.training.readouts import Example
from bertgpt.weights.files import WEIGHTS
from bertgpt.weights.minilm import FILES, minilm_folder
from bertgpt.weights.reading import Published, open_published, vectors_of_ids


def vectors(published: Published, examples: Sequence[Example]) -> Tensor:
    """One vector per paragraph: (N, D), each of length 1."""
    special = published.model.special
    return vectors_of_ids(
        published.model, [[special.cls, *e.parts[0], special.sep] for e in examples]
    )


def nearest_topic(known: Tensor, topics: Tensor, asked: Tensor) -> Tensor:
    """The topic whose mean vector is nearest by the cosine: no number is trained.

    Args:
        known: (N, D), labelled vectors.
        topics: (N,), their topics.
        asked: (M, D).
    Returns:
        (M,) topics.
    """
    there = topics.unique()
    means = torch.stack([known[topics == topic].mean(0) for topic in there])
    return there[(asked @ torch.nn.functional.normalize(means, dim=-1).T).argmax(-1)]


@experiment("published_topic")
def published_topic(seed: int) -> dict[str, Any]:
    """Accuracy on paragraphs of articles of which no label was seen, with 50 and 500 labels.

    "untrained" is the mean of the model's own token table, without its blocks.
    """
    published = open_published(minilm_folder())
    train, _, test = (
        topic_examples(part, published.tokenizer.encode, LONGEST)
        for part in topic_parts(wikipedia(), seed)
    )
    test = test[: 2 * HELD]
    train = train[: max(BUDGETS)]
    right = torch.tensor([example.answer[0] for example in test])
    topics = torch.tensor([example.answer[0] for example in train])
    table = published.model.stack.tokens.weight.detach()
    centre = table.mean(0)

    def of_table(examples: Sequence[Example]) -> Tensor:
        means = [(table[list(e.parts[0])] - centre).mean(0) for e in examples]
        return torch.nn.functional.normalize(torch.stack(means), dim=-1)

    found: dict[str, Any] = {
        "weights": FILES[WEIGHTS],
        "topics": len(TOPICS),
        "floor": majority_share(test),
        "counts": {str(n): by_counts(train[:n], test) for n in BUDGETS},
    }
    for name, make in (("vectors", lambda e: vectors(published, e)), ("token table", of_table)):
        known, asked = make(train), make(test)
        found[name] = {
            str(n): (nearest_topic(known[:n], topics[:n], asked) == right).float().mean().item()
            for n in BUDGETS
        }
    return found
