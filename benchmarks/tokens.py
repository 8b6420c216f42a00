"""Seconds to train BPE and WordPiece, ours and those of `tokenizers`, side by side in one run.

Same text, same vocabulary size (less where no pair is frequent enough), same least count. The text
is the Wikipedia excerpt, filled up with code of Python's standard library where it is too short.
Ours is plain Python in one thread; `tokenizers` is compiled Rust and runs once with one thread,
once with all. The three take turns, so that a busy machine slows all; a ratio is taken within each
turn, and the median is printed.

The last lines show the growth: seconds for ten times the text, and places looked at for each
character of the different words, which is at most 3 whatever the text and the vocabulary.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from bertgpt import corpora
from bertgpt.tokens.bpe import BPE, END_OF_TEXT, byte_alphabet
from bertgpt.tokens.pair_merging import learn_merges
from bertgpt.tokens.settings import SPECIALS
from bertgpt.tokens.splitting import split
from bertgpt.tokens.tokenizer import count_words
from bertgpt.tokens.wordpiece import WordPiece

MEGABYTES, LEAST = (0.3, 1.0, 3.0), 2
Text = list[str]


def texts(megabytes: float) -> Text:
    """Paragraphs of about so many bytes."""
    found, size = list[str](), 0
    for source in (corpora.wikipedia, corpora.python_code):
        for paragraph in source().text.split("\n\n"):
            if size >= megabytes * 1e6:
                return found
            found.append(paragraph)
            size += len(paragraph.encode())
    return found


def ours(kind: str, text: Text, size: int) -> float:
    """Seconds of our training."""
    start = time.perf_counter()
    (BPE if kind == "BPE" else WordPiece).train(text, size, min_count=LEAST)
    return time.perf_counter() - start


def theirs(kind: str, text: Text, size: int) -> float:
    """Seconds of their training; only in a process of its own can the threads be chosen."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    common = {"vocab_size": size, "min_frequency": LEAST, "show_progress": False}
    if kind == "BPE":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(
            special_tokens=[END_OF_TEXT],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            **common,
        )
    else:
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(special_tokens=list(SPECIALS), **common)
    start = time.perf_counter()
    tokenizer.train_from_iterator(text, trainer)
    return time.perf_counter() - start


def in_process(kind: str, size: int, megabytes: float, threads: int) -> float:
    """`theirs` in a process with so many threads."""
    command = [sys.executable, __file__, "--theirs", kind, str(size), str(megabytes)]
    environment = os.environ | {"RAYON_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def compare(kind: str, size: int, megabytes: float, turns: int) -> float:
    """Print seconds and ratios; return our seconds, the median of the turns."""
    text, threads = texts(megabytes), os.cpu_count() or 1
    runs: dict[str, Callable[[], float]] = {
        "ours": lambda: ours(kind, text, size),
        "1 thread": lambda: in_process(kind, size, megabytes, 1),
        f"{threads} threads": lambda: in_process(kind, size, megabytes, threads),
    }
    ours(kind, text[:50], 300 if kind == "BPE" else 200)  # the tables of Unicode are made once
    seconds = [{name: run() for name, run in runs.items()} for _ in range(turns)]
    middle = {name: statistics.median(turn[name] for turn in seconds) for name in runs}
    ratios = [
        f"{statistics.median(turn['ours'] / turn[name] for turn in seconds):.1f} ({name})"
        for name in runs
        if name != "ours"
    ]
    bytes_ = sum(len(paragraph.encode()) for paragraph in text)
    print(
        f"{kind:9s} {bytes_ / 1e6:4.1f} MB: ours {middle['ours']:.2f} s, tokenizers "
        + ", ".join(f"{s:.2f} s ({n})" for n, s in middle.items() if n != "ours")
        + f"; times theirs: {', '.join(ratios)}",
        flush=True,
    )
    return middle["ours"]


def work(megabytes: float, size: int) -> str:
    """Places that training looks at, for each character of the different words."""
    letters = byte_alphabet()
    counted = count_words(texts(megabytes), split)
    words = {"".join(letters[b] for b in word.encode()): n for word, n in counted.items()}
    length = sum(map(len, words))
    found = learn_merges(words, sorted(letters), size, min_count=LEAST)
    return (
        f"{megabytes:g} MB: {length:,} characters, {found.places_visited / length:.2f} places each"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=8000, help="of the vocabulary")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--theirs", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.theirs:
        kind, size, megabytes = given.theirs
        print(json.dumps(theirs(kind, texts(float(megabytes)), int(size))))
        return
    for kind in ("BPE", "WordPiece"):
        took = [compare(kind, given.size, megabytes, given.turns) for megabytes in MEGABYTES]
        print(
            f"{kind}: ten times the text takes {took[-1] / took[0]:.1f} times as long", flush=True
        )
    print("work of BPE,", "; ".join(work(megabytes, given.size) for megabytes in MEGABYTES))


if __name__ == "__main__":
    main()
