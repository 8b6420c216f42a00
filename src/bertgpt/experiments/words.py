"""Experiments of Part I: words and their vectors."""

from typing import Any

import torch

from bertgpt.corpora import corpus
from bertgpt.evaluation.scores import spearman
from bertgpt.experiments.runner import experiment
from bertgpt.words.word2vec import Word2Vec, Word2VecConfig


@experiment("wordsim")
def wordsim(seed: int) -> dict[str, Any]:
    """Skip-gram and CBOW, ours and gensim's, on the same tokens: do people agree? (E04)."""
    from gensim.models import Word2Vec as Gensim

    text = corpus.sentences(corpus.wikipedia(), punctuation=False)
    found: dict[str, Any] = {}
    for kind in ("skip-gram", "cbow"):
        config = Word2VecConfig(model=kind)
        ours = Word2Vec(text, config, generator=torch.Generator().manual_seed(seed))
        *_, progress = ours.train()
        theirs = Gensim(
            text, sg=int(kind == "skip-gram"), vector_size=config.dimension, window=config.window,
            negative=config.negatives, epochs=config.epochs, min_count=config.min_count,
            sample=config.threshold, alpha=config.rate, min_alpha=config.rate_end, workers=2,
            seed=seed + 1,
        ).wv  # fmt: skip
        found[kind] = {"ours": {}, "gensim": {}, "loss": progress.loss, "words": progress.total}
        for name in ("wordsim353", "simlex999"):
            rows = [r for r in corpus.word_similarity(name) if r[0] in theirs and r[1] in theirs]
            human = [r[2] for r in rows]
            for who, model in (("ours", ours), ("gensim", theirs)):
                ratings = [float(model.similarity(a, b)) for a, b, _ in rows]
                found[kind][who][name] = spearman(ratings, human)
    return found


@experiment("word_pairs", seeds=range(20))
def word_pairs(seed: int) -> dict[str, Any]:
    """How near the article's pairs and some opposites come, on articles drawn with replacement.

    For each pair: the share of the vocabulary that lies nearer to one of the two than the other
    does, mean of both directions; None where a word occurs less than twice in the articles drawn.
    """
    generator = torch.Generator().manual_seed(seed)
    articles = corpus.wikipedia().documents
    drawn = torch.randint(len(articles), (len(articles),), generator=generator).tolist()
    text = [s for i in drawn for s in corpus.sentences(articles[i].text, punctuation=False)]
    model = Word2Vec(text, Word2VecConfig(min_count=2), generator=generator)
    for _ in model.train():
        pass
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
