"""Page 02, C11 C12 C13, E04: skip-gram and CBOW, ours and gensim's: do people agree?"""

from typing import Any

import torch

from bertgpt.corpora import sentences, wikipedia, word_similarity
from bertgpt.evaluation.scores import spearman
from bertgpt.experiments.runner import experiment
from bertgpt.words.word2vec import Word2Vec, Word2VecConfig


@experiment("wordsim")
def wordsim(seed: int) -> dict[str, Any]:
    """Rank correlation with people's judgements, on the same tokens and the same pairs."""
    from gensim.models import Word2Vec as Gensim

    text = sentences(wikipedia(), punctuation=False)
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
            rows = [r for r in word_similarity(name) if r[0] in theirs and r[1] in theirs]
            human = [r[2] for r in rows]
            for who, model in (("ours", ours), ("gensim", theirs)):
                ratings = [float(model.similarity(a, b)) for a, b, _ in rows]
                found[kind][who][name] = spearman(ratings, human)
    return found
