"""Page 13, C52, E11: MiniLM in our stack beside `transformers`, and both tokenizers' ids.

The page itself needs neither `transformers` nor `tokenizers`, so what they give is stored.
"""

import random
import unicodedata
from collections.abc import Iterator
from typing import Any

import torch

from bertgpt.corpora.articles import wikipedia
from bertgpt.experiments.runner import experiment
from bertgpt.weights.files import WEIGHTS
from bertgpt.weights.minilm import FILES, minilm_folder
from bertgpt.weights.reading import layer_states, open_published

TEXTS, STRINGS = 64, 1000
CHARACTERS = 300  # of a paragraph that is read, at most
# Characters of Unicode 3.2: of younger ones Python and `tokenizers` have tables of other years.
# The last four have changed their kind since.
OLD = tuple(
    character
    for character in map(chr, range(0x20, 0xFFFE))
    if unicodedata.ucd_3_2_0.category(character)[0] != "C"
    and character not in "\u166d\u1734\u1885\u1886"
)
ACCENTED = tuple(c for c in OLD if unicodedata.decomposition(c) and ord(c) < 0x2000)
MARKS = tuple(c for c in OLD if unicodedata.category(c) == "Mn")
IDEOGRAPHS = (*map(chr, (*range(0x4E00, 0x4E80), *range(0x3041, 0x3090), 0x20000, 0x2A6D6)),)
CONTROL = (
    *map(chr, range(32)),
    *"\x7f\x85\xad\u200b\u200d\u2060\ufeff\ufffd\u00a0\u2028\u3000\ue000",
)
EMOJI = ("🙂", "👨\u200d👩\u200d👧", "👍🏽", "❤\ufe0f", "🇫🇷", "#\ufe0f\u20e3", "☃")
WORDS = (*"the bank unaffable don't U.S.A. 3.14 [MASK] [SEP] ##ing e-mail Straße İstanbul".split(),)


def nasty_strings(n: int, seed: int) -> list[str]:
    """Strings that tokenizers stumble over; the first is empty and the second is blank.

    Kinds, in turn: any characters; words with accents; stacked accents; ideographs; control
    characters; words at the limit of 100 characters; emoji; white space.
    """
    draw = random.Random(seed)
    kinds = (
        lambda: "".join(draw.choices(OLD, k=draw.randrange(1, 60))),
        lambda: "".join(draw.choice(WORDS) + draw.choice(ACCENTED) for _ in range(8)),
        lambda: "".join(draw.choice("aeionuc") + draw.choice(MARKS) for _ in range(20)),
        lambda: "".join(draw.choice((*IDEOGRAPHS, "a", " ", "7")) for _ in range(30)),
        lambda: "".join(draw.choice((*CONTROL, "a", "B", ".")) for _ in range(40)),
        lambda: draw.choice("aé漢x") * draw.randrange(95, 106) + " " + draw.choice(WORDS),
        lambda: " ".join(draw.choice((*EMOJI, *WORDS)) for _ in range(12)),
        lambda: " " * draw.randrange(9) + draw.choice(WORDS) + "\t\r\n" * draw.randrange(4),
    )
    return ["", " ", *(kinds[i % len(kinds)]() for i in range(n))][:n]


def paragraphs(n: int, seed: int) -> list[str]:
    """Beginnings of paragraphs of Wikipedia, drawn by chance."""
    found = [p for d in wikipedia().documents for p in d.text.split("\n\n") if len(p) > 40]
    return [p[:CHARACTERS] for p in random.Random(seed).sample(found, n)]


def differences(texts: list[str], precision: torch.dtype) -> Iterator[float]:
    """Largest difference of the states of each layer, what enters the first block included."""
    from transformers import AutoModel, AutoTokenizer

    folder = minilm_folder()
    theirs = AutoModel.from_pretrained(folder, attn_implementation="eager")
    theirs = theirs.to(precision).eval()
    batch = AutoTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    real = batch["attention_mask"].bool()
    with torch.no_grad():
        want = theirs(**batch, output_hidden_states=True).hidden_states
    found = layer_states(open_published(folder).model.to(precision), batch["input_ids"])
    for ours, other in zip(found, want, strict=True):
        yield (ours - other)[real].abs().max().item()


def equal_ids(texts: list[str]) -> dict[str, int]:
    """Of how many texts our WordPiece and `tokenizers` give the same ids; how many ids there are.

    Special tokens that are written out are text, for both.
    """
    from tokenizers import Tokenizer

    folder = minilm_folder()
    ours, theirs = (
        open_published(folder).tokenizer,
        Tokenizer.from_file(str(folder / "tokenizer.json")),
    )
    theirs.no_truncation()
    theirs.no_padding()
    theirs.encode_special_tokens = True
    found = {"strings": len(texts), "equal": 0, "ids": 0}
    for text in texts:
        ids = theirs.encode(text, add_special_tokens=False).ids
        found["equal"] += ours.encode(text) == ids
        found["ids"] += len(ids)
    return found


@experiment("published_parity", seeds=range(2))
def published_parity(seed: int) -> dict[str, Any]:
    """Largest difference of each layer's states on 64 paragraphs; equal ids of 1,000 strings."""
    import tokenizers
    import transformers

    texts = paragraphs(TEXTS, seed)
    return {
        "sha256": FILES[WEIGHTS],
        "versions": {m.__name__: m.__version__ for m in (transformers, tokenizers)},
        "single precision": list(differences(texts, torch.float32)),
        "double precision": list(differences(texts, torch.float64)),
        "nasty": equal_ids(nasty_strings(STRINGS, seed)),
        "paragraphs": equal_ids(texts),
    }
