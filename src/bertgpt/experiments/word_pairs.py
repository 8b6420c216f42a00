"""Page 02, C14, E04: how near the article's pairs and some opposites come."""

from typing import Any

import torch

from bertgpt.corpora import sentences, wikipedia
from bertgpt.experiments.runner import experiment
from bertgpt.training.train import finish
from bertgpt.words.word2vec import Word2Vec, Word2VecConfig


@experiment("word_pairs", seeds=range(20))
def word_pairs(seed: int) -> dict[str, Any]:
    """Train on articles drawn with replacement.

    For each pair: the fraction of the vocabulary that lies nearer to one of the two than the other
    does, mean of both directions; None where a word occurs less than twice in the articles drawn.
    """
    generator = torch.Generator().manual_seed(seed)
    articles = wikipedia().documents
    drawn = torch.randint(len(articles), (len(articles),), generator=generator).tolist()
    text = [s for i in drawn for s in sentences(articles[i].text, punctuation=False)]
    model = Word2Vec(text, Word2VecConfig(min_count=2), generator=generator)
    finish(model.train())
    pairs = (
        "king queen", "car truck", "cat dog", "car dog", "hot cold", "high low", "left right",
        "north south", "war peace", "black white", "good bad", "man woman",
    )  # fmt: skip
    found = {}
    for pair in pairs:
        a, b = pair.split()
        known = a in model.vocab and b in model.vocab
        ranks = model.rank(a, b) + model.rank(b, a) - 2 if known else None
        found[pair] = None if ranks is None else ranks / 2 / (len(model.vocab) - 2)
    return {"nearer": found, "words": len(model.vocab)}
