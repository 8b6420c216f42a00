"""Words per second of our skip-gram and CBOW and of gensim's, side by side in one run.

Same words, dimension, window, negatives, thinning and number of passes; two threads each: one of
ours trains while the other draws the next pass, gensim has two workers. Each is warmed up, then
they take turns, so that a busy machine slows both; the ratio is taken within each turn, and the
median of the turns is printed.

Two times are compared. "training" is what `train` takes: gensim looks each word up in each pass
there, we have done so once before. "from text" adds counting words and making the model.

Before that, what blocks buy: true pairs per second of `train`, and of `step`, which takes one pair
of words at a time, over the same text.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import gensim
import torch

from bertgpt import corpora
from bertgpt.words import training_pairs
from bertgpt.words.word2vec import Word2Vec, Word2VecConfig, step

Text = list[list[str]]
WORKERS = 2


def ours(text: Text, config: Word2VecConfig) -> tuple[float, float]:
    """Seconds of training, and of everything from the text on."""
    start = time.perf_counter()
    model = Word2Vec(text, config, generator=torch.Generator().manual_seed(0))
    ready = time.perf_counter()
    for _ in model.train(reports=1):
        pass
    end = time.perf_counter()
    return end - ready, end - start


def theirs(text: Text, config: Word2VecConfig) -> tuple[float, float]:
    """The same for gensim."""
    start = time.perf_counter()
    model = gensim.models.Word2Vec(
        sg=int(config.model == "skip-gram"), vector_size=config.dimension, window=config.window,
        negative=config.negatives, min_count=config.min_count, sample=config.threshold,
        alpha=config.rate, min_alpha=config.rate_end, workers=WORKERS, seed=1,
    )  # fmt: skip
    model.build_vocab(text)
    ready = time.perf_counter()
    model.train(text, total_examples=len(text), epochs=config.epochs)
    end = time.perf_counter()
    return end - ready, end - start


def compare(kind: str, text: Text, *, epochs: int, turns: int) -> None:
    """Print a line for each turn, and the median ratio."""
    config = Word2VecConfig(model=kind, epochs=epochs)  # type: ignore[arg-type]
    known = Word2Vec(text, config, generator=torch.Generator())
    words = epochs * sum(known.vocab.counts)
    runs: tuple[tuple[str, Callable[[Text, Word2VecConfig], tuple[float, float]]], ...]
    runs = (("ours", ours), ("gensim", theirs))
    for _, run in runs:
        run(text, Word2VecConfig(model=kind, epochs=1))  # type: ignore[arg-type]
    ratios: list[tuple[float, float]] = []
    for turn in range(turns):
        seconds = {name: run(text, config) for name, run in (runs, runs[::-1])[turn % 2]}
        ratio = tuple(seconds["gensim"][i] / seconds["ours"][i] for i in (0, 1))
        ratios.append((ratio[0], ratio[1]))
        speed = {name: words / s[0] for name, s in seconds.items()}
        print(
            f"{kind} turn {turn + 1}: ours {speed['ours']:,.0f}, gensim {speed['gensim']:,.0f} "
            f"words/s; ratio in training {ratio[0]:.2f}, from text {ratio[1]:.2f}",
            flush=True,
        )
    training, whole = (statistics.median(r[i] for r in ratios) for i in (0, 1))
    print(
        f"{kind}: median ratio ours / gensim ({WORKERS} workers) {training:.2f} in training, "
        f"{whole:.2f} from text; {turns} turns of {words:,} words; "
        f"threads: ours {torch.get_num_threads()} and one that draws ahead, gensim {WORKERS}",
        flush=True,
    )


def blocks_beside_plain_steps(text: Text, *, turns: int, n_pairs: int = 2000) -> None:
    """Print a line for each turn, and the median ratio of true pairs per second."""
    config = Word2VecConfig(epochs=1)
    ratios: list[float] = []
    for turn in range(turns):
        model = Word2Vec(text, config, generator=torch.Generator().manual_seed(turn))
        blocks, draw = model.blocks, torch.Generator().manual_seed(turn)
        radii = training_pairs.dynamic_windows(len(blocks.ids), config.window, generator=draw)
        given = (blocks.ids, radii, blocks.sentence, config.window)
        centres, contexts = (ids[:n_pairs] for ids in training_pairs.pairs(*given))
        shape = (n_pairs, config.negatives)
        negatives = training_pairs.draw_negatives(blocks.noise, shape, generator=draw)
        start = time.perf_counter()
        for centre, context, noise in zip(
            centres.tolist(), contexts.tolist(), negatives.tolist(), strict=True
        ):
            for other, label in ((context, 1.0), *((word, 0.0) for word in noise)):
                model.vectors[centre], model.contexts[other] = step(
                    model.vectors[centre], model.contexts[other], label, config.rate
                )
        plain = n_pairs / (time.perf_counter() - start)
        code = blocks.draw(turn, 1).code.flatten()
        n_true = sum(
            (blocks.weight[part] * blocks.label[0]).sum().item() for part in code.split(4096)
        )  # all centres of a block have the same labels
        start = time.perf_counter()
        for _ in model.train(reports=1):
            pass
        fast = n_true / (time.perf_counter() - start)
        ratios.append(fast / plain)
        print(f"turn {turn + 1}: plain {plain:,.0f}, blocks {fast:,.0f} true pairs/s", flush=True)
    print(f"blocks are {statistics.median(ratios):,.0f} times as fast as plain steps", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="of torch; gensim has two workers")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    text = corpora.sentences(corpora.wikipedia(), punctuation=False)
    blocks_beside_plain_steps(text, turns=given.turns)
    for kind in ("skip-gram", "cbow"):
        compare(kind, text, epochs=given.epochs, turns=given.turns)


if __name__ == "__main__":
    main()
